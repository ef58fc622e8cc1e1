import { assertNever } from "../lib/assert-never.ts";
import { betaExposure, isFlagKind } from "../lib/strategies.ts";
import type { Decision } from "../types/decision.ts";
import type { PlanStep, RolloutPlan } from "../types/plan.ts";
import type { Cause } from "../types/state.ts";
import type { DecideInput } from "./decide.ts";
import { confirmed, missingOf } from "./in-force.ts";
import { reverting } from "./reverting.ts";
import { soak } from "./soak.ts";
import { afterStep, ask, backOrAsk, enterStep, retry, stay, stepOf, waitsForLock } from "./steps.ts";

/** What a state waits for and where it leads, once nothing turns the rollout back. */
export function nextInState(input: DecideInput): Decision {
  const { state } = input;
  switch (state.name) {
    case "planned":
      return { kind: "continue", to: "checking", step: state.step, reason: "Planned", message: "plan made" };
    case "checking":
    case "baseline":
      return beforeStart(input);
    case "applying":
      return applying(input);
    case "confirming":
      return confirming(input);
    case "validating":
      return validating(input);
    case "soaking":
    case "holding":
      return soak(input);
    case "promoting-stable":
    case "promoting-switch":
    case "promoting-clean":
      return promoting(input);
    case "reverting-lever":
    case "reverting-stack":
    case "reverting-drain":
    case "reverting-clean":
    case "reverting-verify":
      return reverting(input);
    case "completed":
    case "reverted":
    case "revert-failed":
    case "blocked":
      return { kind: "complete", to: state.name, reason: "Over", message: "the rollout is over" };
    case "held":
      return { kind: "escalate", reason: "Held", message: "a person has to decide" };
    default:
      return assertNever(state.name, "state");
  }
}

function beforeStart(input: DecideInput): Decision {
  const { plan, state, observations } = input;
  const { effect } = observations;
  if (effect.status === "failed") {
    const cause: Cause = { reason: effect.kind, message: effect.message, kind: "engine" };
    return { kind: "complete", to: "blocked", cause, reason: effect.kind, message: effect.message };
  }
  if (effect.status !== "done") return stay(input, "EffectRunning", `${state.name} is under way`);
  if (state.name === "checking") {
    return {
      kind: "continue",
      to: "baseline",
      step: state.step,
      reason: "ChecksPassed",
      message: "checks passed",
    };
  }
  return enterStep(stepOf(plan, state.step), "BaselineObserved", "the stack is as its record says");
}

function applying(input: DecideInput): Decision {
  const { plan, state, observations, now } = input;
  const { effect } = observations;
  if (effect.status === "done") {
    const message = `the update to ${state.step} is done`;
    return { kind: "continue", to: "confirming", step: state.step, reason: "Applied", message };
  }
  if (effect.status === "failed") return updateFailed(input, effect);
  // The engine's own time-out comes first and says why; this one is for an engine that says nothing.
  const limitSeconds = plan.timeouts.rolloutSeconds + plan.timeouts.confirmSeconds;
  if (now - state.enteredAtMs > limitSeconds * 1000) {
    const message = `the update to ${state.step} did not finish in ${limitSeconds} s`;
    return backOrAsk(stepOf(plan, state.step), { reason: "RolloutTimeout", message, kind: "engine" });
  }
  return stay(input, "EffectRunning", `the update to ${state.step} is running`);
}

/** A locked stack was not touched: try again, then ask. Anything else goes back. */
function updateFailed(
  input: DecideInput,
  effect: { readonly kind: string; readonly message: string },
): Decision {
  if (effect.kind === "locked") {
    if (waitsForLock(input)) return retry(input, effect.message);
    return { kind: "escalate", reason: "StackLocked", message: effect.message };
  }
  if (untouched.has(effect.kind)) {
    const cause: Cause = { reason: reasonOf(effect.kind), message: effect.message, kind: "engine" };
    const { reason, message } = cause;
    // Nothing was written: before the first exposure that is a refusal, later it waits for a person where it is.
    if (input.state.exposures.length === 0)
      return { kind: "complete", to: "blocked", cause, reason, message };
    return ask(cause);
  }
  const step = stepOf(input.plan, input.state.step);
  const cause: Cause = { reason: "UpdateFailed", message: effect.message, kind: "engine" };
  return backOrAsk(step, cause);
}

/** Failures that come before anything is written. */
const untouched: ReadonlySet<string> = new Set(["policy", "preview", "foreign-change"]);

function reasonOf(kind: string): string {
  return kind === "policy" ? "PolicyViolated" : kind === "preview" ? "PreviewRefused" : "ForeignChange";
}

function confirming(input: DecideInput): Decision {
  const { plan, state, observations, now } = input;
  const step = stepOf(plan, state.step);
  if (confirmed(step, observations.route)) {
    if (step.soakSeconds === undefined) {
      return afterStep(input, step, { reason: "Confirmed", message: `${state.step} is in force` });
    }
    const message = `${goalOf(step)}, read back: the soak of ${step.soakSeconds} s starts`;
    return {
      kind: "continue",
      to: "soaking",
      step: state.step,
      confirmed: true,
      reason: "RouteConfirmed",
      message,
    };
  }
  // Applications have to read a flag first.
  const reading = isFlagKind(step.kind) ? (plan.flag?.refreshSeconds ?? 0) : 0;
  const limitSeconds = plan.timeouts.confirmSeconds + reading;
  if (now - state.enteredAtMs > limitSeconds * 1000) {
    const { route } = observations;
    const seen = route === undefined ? "no answer" : (route.progress ?? `${route.exposure} %`);
    const message = `not in time, ${limitSeconds} s: ${goalOf(step)} (read back: ${seen})`;
    return backOrAsk(step, { reason: "RouteNotConfirmed", message, kind: "router" });
  }
  return stay(input, "AwaitingRoute", `waiting until ${goalOf(step)}`);
}

/** Only all-pass goes on; what doesn't pass, or doesn't end, goes back before anybody has met it. */
function validating(input: DecideInput): Decision {
  const { plan, state, observations, now } = input;
  const { effect } = observations;
  const step = stepOf(plan, state.step);
  if (effect.status === "done")
    return afterStep(input, step, {
      reason: "Validated",
      message: "every check of the staged version passes",
    });
  if (effect.status === "failed")
    return backOrAsk(step, { reason: "ValidationFailed", message: effect.message, kind: "canary" });
  if (now - state.enteredAtMs > plan.timeouts.rolloutSeconds * 1000) {
    const message = `the validation did not finish in ${plan.timeouts.rolloutSeconds} s`;
    return backOrAsk(step, { reason: "ValidationTimeout", message, kind: "canary" });
  }
  return stay(input, "EffectRunning", "the staged version is being validated");
}

/** What is read back when a step is in force. */
function goalOf({ id, kind, exposure = 100 }: PlanStep): string {
  if (kind === "dark") return "the flag is off";
  if (kind === "phase") {
    const whom = exposure === betaExposure ? "the named tenants" : `${exposure} % of the tenants`;
    return `the flag is open to ${whom} wherever it is read`;
  }
  if (kind === "move") return `${id}: every pod of the pool runs on new nodes`;
  return kind === "replace" ? "every pod runs the new version" : `the route carries ${exposure} %`;
}

/**
 * How long a step of a promotion may take. The engine's own time-out comes first and says why, and it grows with stable's
 * pods, which roll a few at a time while the candidate serves: nobody is served worse meanwhile.
 */
function promotionSeconds({ timeouts, hold }: RolloutPlan): number {
  return timeouts.rolloutSeconds * hold.maxFactor + timeouts.confirmSeconds;
}

/** A failure stops with the traffic on the side that passed last; going back is a rollout of its own. */
function promoting(input: DecideInput): Decision {
  const { plan, state, observations, now } = input;
  const { effect, route } = observations;
  const step = stepOf(plan, state.step);
  if (effect.status === "failed") {
    if (effect.kind === "locked" && waitsForLock(input)) return retry(input, effect.message);
    return ask({ reason: "PromotionFailed", message: effect.message, kind: "engine" });
  }
  const limitSeconds = promotionSeconds(plan);
  const late = now - state.enteredAtMs > limitSeconds * 1000;
  if (effect.status !== "done") {
    if (!late) return stay(input, "EffectRunning", `the update to ${state.step} is running`);
    const message = `the update to ${state.step} did not finish in ${limitSeconds} s`;
    return ask({ reason: "RolloutTimeout", message, kind: "engine" });
  }
  const missing = missingOf(plan, step, route);
  if (missing !== undefined) {
    if (late) {
      const message = `${state.step}: not in time, ${limitSeconds} s: ${missing.message}`;
      return ask({ reason: missing.late, message, kind: missing.kind });
    }
    return stay(input, missing.awaits, `${state.step}: waiting for ${missing.message}`);
  }
  if (state.confirmedAtMs === undefined && step.drainSeconds !== undefined) {
    const message = `${state.step} is in force, read back`;
    return {
      kind: "continue",
      to: state.name,
      step: state.step,
      confirmed: true,
      reason: "RouteConfirmed",
      message,
    };
  }
  const drained = (state.confirmedAtMs ?? now) + (step.drainSeconds ?? 0) * 1000;
  if (now < drained)
    return {
      kind: "wait",
      untilMs: drained,
      reason: "Draining",
      message: "requests in flight get their time",
    };
  return afterStep(input, step, { reason: "StepDone", message: `${state.step} is done` });
}
