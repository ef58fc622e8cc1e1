import { sha256, stableJson } from "../lib/stable-json.ts";
import { opensFlag, routesCohort } from "../lib/strategies.ts";
import type { ChangeKind, StrategyOverride } from "../types/change.ts";
import type { TenantCohort } from "../types/cohort.ts";
import type { FlagConfig } from "../types/flag-config.ts";
import type { PlanBudget, PlanStep, RolloutPlan } from "../types/plan.ts";
import type { EnvironmentPolicy } from "../types/policy.ts";
import type { Release } from "../types/release.ts";
import { stepsOf } from "./steps.ts";

/** What is to change. */
export interface Change {
  readonly version: string;
  /** Known once the program has run; a plan without an engine has only the name. */
  readonly identity?: string;
  /** What it brings; absent where nobody has said it. */
  readonly kind?: ChangeKind;
  /** The strategy that it would have had, where config has another. */
  readonly overridden?: StrategyOverride;
  /** What the error budget said; the policy is the one that it makes (`applyBudget`). Absent where nobody has asked. */
  readonly budget?: PlanBudget;
}

/**
 * The plan of one rollout as data: pure, so that a preview, a golden file, a resumed driver and a reviewer see
 * the same value. `release: undefined` means that the record is not at hand (`from: "unknown"`), `null` that
 * the stack serves nothing yet.
 */
export function buildPlan(
  policy: EnvironmentPolicy,
  release: Release | null | undefined,
  change: Change,
): RolloutPlan {
  const steps = stepsOf(policy, { installed: release !== null, served: isServed(release, change.identity) });
  const cohort = routesCohort(policy.strategy) ? policy.cohort : undefined;
  const flag = opensFlag(policy.strategy) ? policy.flag : undefined;
  return {
    schemaVersion: 1,
    service: policy.service,
    environment: policy.preset,
    strategy: policy.strategy,
    ...(change.kind === undefined ? {} : { change: change.kind }),
    ...(change.overridden === undefined ? {} : { overridden: change.overridden }),
    ...(cohort === undefined ? {} : { cohort: cohortOf(cohort) }),
    ...(flag === undefined ? {} : { flag: flagOf(flag) }),
    from: release === undefined ? "unknown" : (release?.stable.version ?? "none"),
    to: change.version,
    identity: {
      ...(release ? { stable: release.stable.identity } : {}),
      ...(change.identity === undefined ? {} : { candidate: change.identity }),
    },
    steps,
    gates: policy.gates,
    sources: { metrics: policy.metrics.kind, health: policy.health.kind },
    look: { seconds: policy.lookSeconds },
    drainSeconds: policy.drainSeconds,
    hold: policy.hold,
    timeouts: policy.timeouts,
    approvals: policy.approvals,
    ...(change.budget === undefined ? {} : { budget: change.budget }),
    start: startOf(policy, change.kind),
    duration: durationOf(steps, policy),
  };
}

function cohortOf({ header, tenants }: TenantCohort): NonNullable<RolloutPlan["cohort"]> {
  return { header, tenants: tenants.length, sha256: sha256(stableJson([...tenants].sort())) };
}

function flagOf({ spec, refreshSeconds }: FlagConfig): NonNullable<RolloutPlan["flag"]> {
  return { id: spec.id, by: spec.by, refreshSeconds, sha256: sha256(stableJson(spec)) };
}

/** Whether the version's code serves everybody already, so that only its flag is left to open. */
function isServed(release: Release | null | undefined, identity: string | undefined): boolean {
  if (release === undefined || release === null || identity === undefined) return false;
  return release.candidate === undefined && release.stable.identity === identity;
}

/** A hotfix starts in a closed window too, and without promotions before it. */
function startOf(
  { windows, promotedIn }: EnvironmentPolicy,
  change: ChangeKind | undefined,
): RolloutPlan["start"] {
  const exempt = change === "hotfix";
  const window = windows === undefined ? "none" : exempt ? "exempt" : "enforced";
  return { window, promotedIn: exempt ? [] : promotedIn.stacks };
}

/**
 * Shortest: every soak passes at once and no time goes to updates. Longest without a person: every soak is
 * extended to its limit and every update and read-back takes all of its time-out.
 */
function durationOf(steps: readonly PlanStep[], policy: EnvironmentPolicy): RolloutPlan["duration"] {
  const soaks = sum(steps.map((step) => step.soakSeconds ?? 0));
  const drains = sum(steps.map((step) => step.drainSeconds ?? 0));
  const updates = steps.length * (policy.timeouts.rolloutSeconds + policy.timeouts.confirmSeconds);
  return { minSeconds: soaks + drains, maxSeconds: soaks * policy.hold.maxFactor + drains + updates };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

/** Hash of what was agreed to: the plan without its estimates. Two equal hashes are the same rollout. */
export function planHash(plan: RolloutPlan): string {
  const { duration: _estimate, ...agreed } = plan;
  return sha256(stableJson(agreed));
}
