import { openSlotsOf, openValidation } from "../../adapters/blue-green.ts";
import { openDeploymentLever, openHealth, openLever } from "../../adapters/registry.ts";
import type { DriverDeps } from "../../driver/session.ts";
import { RolloutError } from "../../errors/errors.ts";
import type { Runtime } from "../../lib/runtime.ts";
import { isFlagAlone } from "../../lib/strategies.ts";
import { isInPlace, servesAsOne, stepsOf } from "../../plan/steps.ts";
import type { Health, Metrics } from "../../ports/metrics.ts";
import type { EnvironmentPolicy, HealthConfig } from "../../types/policy.ts";
import { openCounts } from "./metrics-ports.ts";
import { noHealth, noLever, noMetrics, watchesNothing } from "./no-ports.ts";
import { openWatch } from "./watch-ports.ts";

/** What a driver watches and moves traffic with. */
export interface WatchPorts
  extends Pick<
    DriverDeps,
    | "lever"
    | "leverFor"
    | "validation"
    | "preflight"
    | "metricsFor"
    | "flag"
    | "gauges"
    | "reviews"
    | "integrity"
    | "queueLag"
  > {
  readonly metrics: Metrics;
  readonly health: Health;
}

/** The ports that a policy names; for a policy that watches nothing and names none, ones that do nothing. */
export async function openPorts(
  policy: EnvironmentPolicy,
  runtime: Runtime,
  at: { readonly projectDir: string; readonly env: NodeJS.ProcessEnv },
): Promise<WatchPorts> {
  const flag = await openFlagOf(policy, runtime, at);
  const beside = flag === undefined ? {} : { flag };
  if (watchesNothing(policy)) return { lever: noLever, metrics: noMetrics, health: noHealth, ...beside };
  if (flag !== undefined && isFlagAlone(policy)) {
    const { lever, metrics, health } = flag;
    return { lever, metrics, health, flag, ...(await openWatch(policy, runtime, at)) };
  }
  const [lever, counts, watched, health] = await Promise.all([
    openLevers(policy, runtime, at),
    openCounts(policy, runtime),
    openWatch(policy, runtime, at),
    openHealth({ config: healthOf(policy), runtime }),
  ]);
  return { ...lever, ...counts, ...watched, health, ...beside };
}

/** Loaded where there is a flag: a stack without one loads nothing of it. */
async function openFlagOf(
  policy: EnvironmentPolicy,
  runtime: Runtime,
  at: { readonly projectDir: string },
): Promise<WatchPorts["flag"]> {
  const { flag } = policy;
  if (flag === undefined) return undefined;
  const { openFlagPorts } = await import("./flag-ports.ts");
  return await openFlagPorts({ ...policy, flag }, runtime, at);
}

/** A strategy that puts the new version in stable's place moves the Deployment, every other one the route. */
async function openLevers(
  policy: EnvironmentPolicy,
  runtime: Runtime,
  at: { readonly projectDir: string; readonly env: NodeJS.ProcessEnv },
): Promise<Pick<WatchPorts, "lever" | "leverFor" | "validation" | "preflight">> {
  const { service, lever: config } = policy;
  const check = { config: policy.validate, runtime, cwd: at.projectDir, env: at.env };
  const warmUpSeconds = policy.timeouts.confirmSeconds;
  if (config.kind === "app-service-slot") {
    const slots = await openSlotsOf({ config, runtime });
    const { endpoint } = config;
    const validation = await openValidation({
      ...check,
      warmUpSeconds,
      baseUrl: async () => policy.validate.url ?? (await slots.idleUrl()),
      place: config,
      ...(endpoint === undefined ? {} : { endpoint }),
    });
    return { lever: slots.leverFor({}), leverFor: slots.leverFor, validation };
  }
  if (config.kind === "node-pools") {
    const { openNodePools } = await import("../../adapters/node-pools/open-node-pools.ts");
    const { leverFor, preflight } = openNodePools({ config, clock: runtime.clock });
    return { lever: leverFor({}), leverFor, preflight };
  }
  if (!comesInPlace(policy)) {
    const names = { stable: service, candidate: `${service}-canary` };
    const lever = await openLever({ config, runtime, names });
    if (policy.strategy !== "blue-green") return { lever };
    const baseUrl = async () => policy.validate.url ?? candidateUrl(policy.health);
    return { lever, validation: await openValidation({ ...check, warmUpSeconds, baseUrl }) };
  }
  const leverFor = await openDeploymentLever({ config, runtime, deployment: service });
  return { lever: leverFor({}), leverFor };
}

/** The candidate by its own Service, as its health is asked. */
function candidateUrl(health: HealthConfig): string {
  const [url] = health.kind === "http" ? health.candidate : [];
  if (url !== undefined) return new URL(url).origin;
  throw new RolloutError("Nothing says where the staged version is checked.", {
    code: "config-invalid",
    exit: "config",
    path: "rollout.validate.url",
    hint: "Write validate: { url: http://<service>-canary.<namespace> }, or health URLs of the candidate.",
  });
}

/** In place, and with slots, there is no candidate to ask: its Service isn't there, and three tries of each look would wait for it. */
function healthOf(policy: EnvironmentPolicy): HealthConfig {
  const { health } = policy;
  const alone = servesAsOne(stepsOf(policy, { installed: true }));
  return health.kind === "http" && alone ? { ...health, candidate: [] } : health;
}

/** Whether a policy's new version takes stable's place: after its first install. */
export function comesInPlace(policy: EnvironmentPolicy): boolean {
  return isInPlace(stepsOf(policy, { installed: true }));
}
