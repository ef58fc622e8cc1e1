import { openGauge } from "../../adapters/open-gauge.ts";
import { openIntegrity } from "../../adapters/open-integrity.ts";
import type { DriverDeps } from "../../driver/session.ts";
import { RolloutError } from "../../errors/errors.ts";
import type { Runtime } from "../../lib/runtime.ts";
import type { Gauge } from "../../ports/gauge.ts";
import type { GaugeConfig } from "../../types/gauge.ts";
import type { EnvironmentPolicy } from "../../types/policy.ts";

/** What a policy watches beside counts and health: levels, business metrics, the queue's lag, the candidate's data. */
export async function openWatch(
  { watch }: EnvironmentPolicy,
  runtime: Runtime,
  { projectDir: cwd }: { readonly projectDir: string },
): Promise<Pick<DriverDeps, "gauges" | "reviews" | "integrity" | "queueLag">> {
  const open = async ([name, config]: readonly [string, GaugeConfig]): Promise<readonly [string, Gauge]> => [
    name,
    await openGauge({ config, runtime, cwd }),
  ];
  const named = Object.entries(watch.gauges).flatMap(([name, config]) =>
    config.kind === "none" ? [] : [[name, config] as const],
  );
  const { integrity, queueLag } = watch;
  assertNamedOnce(watch.reviews.map(({ name }) => name));
  const [gauges, reviews, checked, lag] = await Promise.all([
    Promise.all(named.map(open)),
    Promise.all(watch.reviews.map(({ name, source }) => open([name, source]))),
    integrity === undefined ? undefined : openIntegrity({ config: integrity, runtime, cwd }),
    queueLag === undefined ? undefined : openGauge({ config: queueLag, runtime, cwd }),
  ]);
  return {
    gauges: Object.fromEntries(gauges),
    reviews: Object.fromEntries(reviews),
    ...(checked === undefined ? {} : { integrity: checked }),
    ...(lag === undefined ? {} : { queueLag: lag }),
  };
}

/** Of two metrics with one name one would never be asked, and pass by the other's value. */
function assertNamedOnce(names: readonly string[]): void {
  const index = names.findIndex((name, at) => names.indexOf(name) !== at);
  if (index < 0) return;
  throw new RolloutError(`Two business metrics are named ${names[index]}.`, {
    code: "config-invalid",
    exit: "config",
    path: `rollout.watch.review[${index}].name`,
    hint: "Give each metric a name of its own.",
  });
}
