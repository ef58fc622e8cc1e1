import type { DriverDeps } from "../../driver/session.ts";
import { stepsOf } from "../../plan/steps.ts";
import { createSandboxGauges } from "../../sandbox/gauges.ts";
import { createSandboxIntegrity } from "../../sandbox/integrity.ts";
import type { Observed } from "../../sandbox/observed.ts";
import type { SandboxOptions } from "../../sandbox/sandbox.ts";
import { type Healthy, usual } from "../../sandbox/telemetry.ts";
import { createSandboxTotals, healthyPpm } from "../../sandbox/totals.ts";
import { watchedBySandbox } from "../../sandbox/watched.ts";
import type { EnvironmentPolicy } from "../../types/policy.ts";
import { longSoakSeconds } from "./striding-clock.ts";

/** Whatever the stack is watched by, here the sandbox is what is watched. */
export function watchPorts(
  observed: Observed,
  { watch, gates }: EnvironmentPolicy,
): Pick<DriverDeps, "gauges" | "reviews" | "integrity" | "queueLag" | "totals"> {
  return {
    ...createSandboxGauges(observed, watch, gates.gauges),
    ...(watch.integrity === undefined ? {} : { integrity: createSandboxIntegrity(observed) }),
    totals: createSandboxTotals(observed, gates.slo),
  };
}

/** Where requests come in, if not by the routes that the program makes. */
export function entryOf({ lever }: EnvironmentPolicy): Pick<SandboxOptions, "sharedService"> {
  return lever.kind === "replica-ratio" ? { sharedService: lever.service } : {};
}

/**
 * A healthy service keeps its stack's own limits: where any error turns back, it makes none. Over weeks it keeps its
 * objective too, and uses no more of its error budget than it did before.
 */
export function healthyUnder(policy: EnvironmentPolicy): Healthy {
  const { gates } = policy;
  const { errorsPpm } = usual;
  const usable = isLong(policy) ? Math.min(errorsPpm, healthyPpm(gates.slo)) : errorsPpm;
  return {
    errorsPpm: gates.errorRate.limitPercent * 10_000 < usable ? 0 : usable,
    exceptions: gates.exceptions.limit < usual.exceptions ? 0 : usual.exceptions,
  };
}

/**
 * Pools are the plan's own steps, pods no weights, and a flag alone has neither; the cloud that they are in is the
 * sandbox's all the same.
 */
const kept: ReadonlySet<string> = new Set(["node-pools", "replica-ratio", "app-configuration"]);

/** Bins of a minute where a soak takes days: a hundred thousand of 10 s would say no more. */
export function binsOf(policy: EnvironmentPolicy): Pick<SandboxOptions, "binMs"> {
  return isLong(policy) ? { binMs: 60_000 } : {};
}

/** Whether a soak takes a day or more. */
function isLong(policy: EnvironmentPolicy): boolean {
  return stepsOf(policy, { installed: true }).some(({ soakSeconds = 0 }) => soakSeconds >= longSoakSeconds);
}

/** The stack's own policy, with the sandbox as its cloud. */
export function rehearsedPolicy(policy: EnvironmentPolicy): EnvironmentPolicy {
  const { lever } = policy;
  return {
    ...policy,
    ...watchedBySandbox(policy),
    metrics: { kind: "sandbox" },
    health: { kind: "sandbox" },
    lever: kept.has(lever.kind) ? lever : { kind: "sandbox" },
  };
}
