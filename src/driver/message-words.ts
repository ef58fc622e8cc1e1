import { betaExposure } from "../lib/strategies.ts";
import { movesFlag } from "../plan/flag-steps.ts";
import { isInPlace } from "../plan/steps.ts";
import type { PlanStep, RolloutPlan } from "../types/plan.ts";
import type { StepId } from "../types/release.ts";
import type { RolloutState } from "../types/state.ts";

/** Where a rollout is, as far as words need it. */
export interface Place {
  readonly plan: RolloutPlan;
  readonly state: Pick<RolloutState, "step" | "failedAt">;
}

/** Whether the flag is what moves, or what was turned back. */
export function ofFlagPart({ plan, state }: Place): boolean {
  return plan.flag !== undefined && movesFlag(plan.steps, state.failedAt ?? state.step);
}

/** `atp-ingestion 1.2.3 → 1.2.4`. */
export function whatMoves({ service, from, to }: RolloutPlan): string {
  return `${service} ${from} → ${to}`;
}

/** Who has the new version at the step: `20 % of traffic`. */
export function shareInWords({ plan, state }: Place): string {
  if (isInPlace(plan.steps)) return "in place, serves everybody";
  if (movesFlag(plan.steps, state.step)) return flagShare({ plan, state });
  const { exposure = 100 } = stepOf(plan, state.step) ?? {};
  return exposure === 100 && state.step !== "100" ? "serves everybody" : `${exposure} % of traffic`;
}

function flagShare({ plan, state }: Place): string {
  const { kind, exposure = 0 } = stepOf(plan, state.step) ?? {};
  if (kind === "dark") return `serves everybody, ${plan.flag?.id} is off`;
  return `${plan.flag?.id} is on for ${tenantsInWords(exposure)}`;
}

function tenantsInWords(exposure: number): string {
  return exposure === betaExposure ? "its named tenants" : `${exposure} % of the tenants`;
}

/** What was done when the share was reached. */
export function watchInWords({ plan, state }: Place): string {
  const step = stepOf(plan, state.step);
  const whole = isInPlace(plan.steps) || movesFlag(plan.steps, state.step) || step?.exposure === undefined;
  const at = whole ? "" : ` at ${step.exposure} %`;
  return `Read back${at}, watched for ${Math.round((step?.soakSeconds ?? 0) / 60)} min.`;
}

/** Whom an exposure is of, for an impact: `20 % of the traffic was on it`. */
export function whomInWords(place: Place, exposure: number): string {
  if (ofFlagPart(place)) return `the flag was on for ${tenantsInWords(exposure)}`;
  if (isInPlace(place.plan.steps)) return "it was in the old version's place";
  return `${exposure} % of the traffic was on it`;
}

/** The step behind the present one, as what is done next. Undefined at the last one. */
export function nextInWords({ plan, state }: Place): string | undefined {
  const at = plan.steps.findIndex(({ id }) => id === state.step);
  const next = plan.steps[at + 1];
  return at < 0 || next === undefined ? undefined : stepInWords(plan, next);
}

/** A step as what is about to be done. */
export function stepInWords({ to, flag }: RolloutPlan, { id, kind, exposure = 0 }: PlanStep): string {
  switch (kind) {
    case "increment":
      return `Increasing to ${exposure} % of the traffic`;
    case "phase":
      return `Opening ${flag?.id} to ${tenantsInWords(exposure)}`;
    case "dark":
      return `Watching ${to} with ${flag?.id} off`;
    case "install":
    case "replace":
      return `Putting ${to} in place`;
    case "move":
      return `Moving the pods of ${id.replace(/^pool-/, "")} to new nodes`;
    case "stage":
      return `Bringing ${to} up where no user reaches it`;
    case "validate":
      return `Validating ${to} where no user reaches it`;
    case "swap":
      return `Swapping ${to} in`;
    case "settle":
    case "promote-stable":
    case "promote-switch":
    case "promote-clean":
      return `Promoting ${to}`;
  }
}

function stepOf({ steps }: RolloutPlan, step: StepId): PlanStep | undefined {
  return steps.find(({ id }) => id === step);
}
