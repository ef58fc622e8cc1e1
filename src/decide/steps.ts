import type { Decision } from "../types/decision.ts";
import type { PlanStep, RolloutPlan } from "../types/plan.ts";
import type { StepId } from "../types/release.ts";
import type { Cause, StateName } from "../types/state.ts";
import type { DecideInput } from "./decide.ts";

/** The step by its id. Throws for an id that the plan doesn't have: a journal of another plan. */
export function stepOf(plan: RolloutPlan, id: StepId): PlanStep {
  const step = plan.steps.find((candidate) => candidate.id === id);
  if (step === undefined) throw new Error(`the plan has no step ${id}`);
  return step;
}

function stepAfter(plan: RolloutPlan, id: StepId): PlanStep | undefined {
  return plan.steps[plan.steps.findIndex((step) => step.id === id) + 1];
}

/** Enter a step: increments are applied, promotions are stages of their own. */
export function enterStep(step: PlanStep, reason: string, message: string): Decision {
  // What was seen of the code is no evidence on its feature.
  const anew = step.kind === "dark" ? ({ anew: true } as const) : {};
  return { kind: "continue", to: stateOf(step), step: step.id, ...anew, reason, message };
}

function stateOf(step: PlanStep): StateName {
  switch (step.kind) {
    case "install":
    case "replace":
    case "increment":
    case "stage":
    case "swap":
    case "move":
    case "dark":
    case "phase":
      return "applying";
    case "validate":
      return "validating";
    case "promote-stable":
      return "promoting-stable";
    case "promote-switch":
      return "promoting-switch";
    case "promote-clean":
    case "settle":
      return "promoting-clean";
  }
}

/** The step is over: the next one, or the end. */
export function afterStep(
  { plan, stopAfter }: DecideInput,
  step: PlanStep,
  why: { readonly reason: string; readonly message: string },
): Decision {
  const { reason, message } = why;
  const next = stepAfter(plan, step.id);
  if (stopAfter === step.id && next !== undefined) {
    return {
      kind: "escalate",
      reason: "StoppedAfterStep",
      message: `${message}; asked to stop after ${step.id}`,
    };
  }
  if (next === undefined) return { kind: "complete", to: "completed", reason, message };
  return enterStep(next, reason, message);
}

/** Back, or a person: where there is nothing to go back to, and where nobody asked for a watch (dev). */
export function backOrAsk(step: PlanStep, cause: Cause): Decision {
  const { reason, message } = cause;
  const byHand = step.kind === "install" || (step.kind === "replace" && step.soakSeconds === undefined);
  return { kind: byHand ? "escalate" : "revert", cause, reason, message };
}

/** A person decides, and is told why. */
export function ask(cause: Cause): Decision {
  return { kind: "escalate", cause, reason: cause.reason, message: cause.message };
}

/** Look again after the plan's interval. */
export function stay({ plan, now }: DecideInput, reason: string, message: string): Decision {
  return { kind: "wait", untilMs: now + plan.look.seconds * 1000, reason, message };
}

/** Run the state's effect again, a look after it began. */
export function retry(input: DecideInput, message: string): Decision {
  const { plan, state, now } = input;
  const due = state.enteredAtMs + plan.look.seconds * 1000;
  if (now < due) return { kind: "wait", untilMs: due, reason: "RetryDue", message };
  return { kind: "continue", to: state.name, step: state.step, retry: true, reason: "Retry", message };
}

/** Somebody's update holds the stack at most for an update's time-out: tried once a look until then. */
export function waitsForLock({ plan, state }: DecideInput): boolean {
  return state.attempts * plan.look.seconds < plan.timeouts.rolloutSeconds;
}
