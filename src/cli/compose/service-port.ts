import { thresholdsOf } from "../../analysis/judge.ts";
import { serviceReading } from "../../analysis/service-down.ts";
import type { ServiceReading } from "../../types/observation.ts";
import type { Versions } from "../../types/versions.ts";
import type { CommandContext } from "../command.ts";
import type { StackAt } from "../world.ts";
import { openPorts } from "./ports.ts";

/** What is asked for, back from now, ms: a minute behind a source that is some minutes late. */
const spanMs = 10 * 60_000;

/**
 * Asks whether the service of a stack is down, without a driver. `versions`: of its last rollout. Undefined where only a rehearsal could tell. The
 * function never throws: what can't be asked is unknown.
 */
export async function openService(
  at: StackAt,
  { runtime, env }: CommandContext,
  versions: Versions | undefined,
): Promise<(() => Promise<ServiceReading>) | undefined> {
  const { policy } = at.config;
  if (policy.metrics.kind === "sandbox" || policy.health.kind === "sandbox") return undefined;
  const ports = await openPorts(policy, runtime, { projectDir: at.projectDir, env });
  const metrics = (versions === undefined ? undefined : ports.metricsFor?.(versions)) ?? ports.metrics;
  const { gates } = policy;
  const { tries, timeoutSeconds } = gates.health;
  return async () => {
    const nowMs = runtime.clock.now();
    const { signal } = runtime;
    const [health, counts] = await Promise.all([
      ports.health.probe({ tries, timeoutMs: timeoutSeconds * 1000, signal }),
      metrics.observe({ sinceMs: nowMs - spanMs, nowMs, ...thresholdsOf(gates), signal }),
    ]);
    return serviceReading({ health: health.stable, metrics: counts, minRequests: gates.minRequests });
  };
}
