import { RolloutError } from "../errors/errors.ts";
import { isFlagAlone } from "../lib/strategies.ts";
import type { PlanStep } from "../types/plan.ts";
import type { EnvironmentPolicy } from "../types/policy.ts";
import type { StepId } from "../types/release.ts";
import { tenantsAt } from "./cohort.ts";
import { flagSteps, isFlagStep, phaseSteps } from "./flag-steps.ts";
import { poolStep, shareOf } from "./pools.ts";

/** What of a rollout a stack has already. */
export interface StackAt {
  readonly installed: boolean;
  /** The code serves everybody, and only its flag is off; default: it doesn't. */
  readonly served?: boolean;
}

/**
 * The steps of a rollout under a policy. `installed: false` is the first install: nothing to protect, so one
 * step to everybody; a flag's gives it to nobody. Throws `flag-missing` where the strategy opens a flag and config has
 * none.
 */
export function stepsOf(policy: EnvironmentPolicy, stack: StackAt): readonly PlanStep[] {
  if (!stack.installed) return [{ id: "install", kind: "install" }];
  switch (policy.strategy) {
    case "canary":
      return canarySteps(policy);
    case "direct":
      return inPlaceSteps("direct", policy);
    case "rolling":
      return policy.lever.kind === "node-pools"
        ? poolSteps(policy, policy.lever.pools)
        : inPlaceSteps("roll", policy);
    case "blue-green":
      return blueGreenSteps(policy);
    case "feature-flag":
    case "combined":
      return darkThenOpen(policy, stack);
  }
}

/** Code by a canary, dark; then the flag's phases. Where the stack has no code, or it is there, the phases alone. */
function darkThenOpen(policy: EnvironmentPolicy, { served = false }: StackAt): readonly PlanStep[] {
  const { flag, increments } = policy;
  if (flag === undefined) throw noFlag(policy.strategy);
  if (isFlagAlone(policy)) return phaseSteps(flag, increments);
  return [...(served ? [] : canarySteps(policy)), ...flagSteps(flag)];
}

function canarySteps(policy: EnvironmentPolicy): readonly PlanStep[] {
  const increments = policy.increments.map(
    ({ exposure, soakSeconds }): PlanStep => ({
      id: String(exposure),
      kind: "increment",
      exposure,
      ...(policy.cohort === undefined ? {} : { tenants: tenantsAt(policy.cohort, exposure).length }),
      soakSeconds,
    }),
  );
  return [...increments, ...promotion(policy)];
}

/** The candidate serves everybody: stable takes its version, gets the traffic back, and the candidate goes. */
function promotion({ drainSeconds }: EnvironmentPolicy): readonly PlanStep[] {
  return [
    { id: "promote-stable", kind: "promote-stable", exposure: 100 },
    { id: "promote-switch", kind: "promote-switch", exposure: 0, drainSeconds },
    { id: "promote-clean", kind: "promote-clean", exposure: 0 },
  ];
}

/**
 * All traffic or none: staged beside the version in service, validated there, given everybody, watched. Slots stay as
 * they were swapped; on Kubernetes the sides are no equals, so stable takes the version as after a canary.
 */
function blueGreenSteps(policy: EnvironmentPolicy): readonly PlanStep[] {
  const soakSeconds = policy.increments.at(-1)?.soakSeconds ?? 0;
  return [
    { id: "stage", kind: "stage", exposure: 0 },
    { id: "validate", kind: "validate", exposure: 0 },
    { id: "swap", kind: "swap", exposure: 100, ...(soakSeconds === 0 ? {} : { soakSeconds }) },
    ...(policy.platform === "app-service"
      ? [{ id: "settle", kind: "settle", exposure: 0 } as const]
      : promotion(policy)),
  ];
}

/**
 * The new version takes stable's place. With a watch the old one stays in the record until it has passed, so that
 * there is something to go back to; without one (dev) the version is the baseline at once.
 */
function inPlaceSteps(id: string, policy: EnvironmentPolicy): readonly PlanStep[] {
  const soakSeconds = policy.increments.at(-1)?.soakSeconds ?? 0;
  if (soakSeconds === 0) return [{ id, kind: "replace", exposure: 100 }];
  return [
    { id, kind: "replace", exposure: 100, soakSeconds },
    { id: "settle", kind: "settle", exposure: 0 },
  ];
}

/**
 * Pool by pool, each watched before the next: new nodes beside the old ones, which stay until the last watch has
 * passed. A pool can't be put back to an older Kubernetes version; the old nodes are the way back.
 */
function poolSteps(policy: EnvironmentPolicy, pools: readonly string[]): readonly PlanStep[] {
  const soakSeconds = policy.increments.at(-1)?.soakSeconds ?? 0;
  const moves = pools.map(
    (pool, index): PlanStep => ({
      id: poolStep(pool),
      kind: "move",
      exposure: shareOf(index + 1, pools.length),
      ...(soakSeconds === 0 ? {} : { soakSeconds }),
    }),
  );
  return [...moves, { id: "settle", kind: "settle", exposure: 0 }];
}

/** Whether a plan's new version takes stable's place instead of standing beside it. */
export function isInPlace(steps: readonly PlanStep[]): boolean {
  return steps.some((step) => step.kind === "replace");
}

/** Whether one side alone ever serves, so that the service as a whole is judged: in place, and with slots. */
export function servesAsOne(steps: readonly PlanStep[]): boolean {
  return isInPlace(steps) || steps.some(({ id, kind }) => kind === "settle" && !isFlagStep(id));
}

/** Ids of the steps that a stack's record goes through: what validates writes nothing. */
export function recordSteps(steps: readonly PlanStep[]): readonly StepId[] {
  return steps.flatMap(({ id, kind }) => (kind === "validate" || kind === "dark" ? [] : [id]));
}

/**
 * The exposures that a plan goes through, in percent, with how long each is watched: those of the service, or of a flag
 * alone. A flag's named tenants are no share.
 */
export function exposuresOf(
  steps: readonly PlanStep[],
): readonly { readonly exposure: number; readonly soakSeconds: number }[] {
  return steps.flatMap(({ id, kind, exposure, soakSeconds = 0 }) =>
    exposure !== undefined && exposes.has(kind) && id !== "beta" && !isFlagStep(id)
      ? [{ exposure, soakSeconds }]
      : [],
  );
}

const exposes: ReadonlySet<PlanStep["kind"]> = new Set(["increment", "replace", "swap", "move", "phase"]);

function noFlag(strategy: string): RolloutError {
  return new RolloutError(`The strategy ${strategy} opens a flag, and the stack's config has none.`, {
    code: "flag-missing",
    exit: "config",
    path: "rollout.flag",
    hint: "Write flag: { id: …, endpoint: https://<store>.azconfig.io }, or strategy: canary.",
  });
}
