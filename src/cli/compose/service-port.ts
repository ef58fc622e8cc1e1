import { readService } from "../../driver/read-service.ts";
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
  const { clock, signal } = runtime;
  const { health } = ports;
  return async () =>
    await readService({ health, metrics }, { gates: policy.gates, nowMs: clock.now(), spanMs, signal });
}
