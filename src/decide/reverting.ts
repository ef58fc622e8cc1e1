import type { Decision } from "../types/decision.ts";
import type { DecideInput } from "./decide.ts";
import { retry, stay, waitsForLock } from "./steps.ts";

/** How often the last update of a revert is tried. */
const maxAttempts = 3;

/** Users first, then the state: a lever that fails does not keep the update from going on, nor the reverse. */
export function reverting(input: DecideInput): Decision {
  const { plan, state, observations, now } = input;
  const { effect } = observations;
  const go = (to: typeof state.name, reason: string, message: string): Decision => ({
    kind: "continue",
    to,
    step: "revert",
    reason,
    message,
  });
  if (state.name === "reverting-drain") {
    const until = state.enteredAtMs + plan.drainSeconds * 1000;
    if (now < until)
      return {
        kind: "wait",
        untilMs: until,
        reason: "Draining",
        message: "requests in flight get their time",
      };
    return go("reverting-clean", "Drained", `${plan.drainSeconds} s passed`);
  }
  if (effect.status !== "done" && effect.status !== "failed")
    return stay(input, "EffectRunning", `${state.name} is under way`);
  const failed = effect.status === "failed";
  const outcome = failed ? effect.message : "done";
  if (state.name === "reverting-lever")
    return go("reverting-stack", failed ? "LeverFailed" : "TrafficOff", outcome);
  const again = failed && state.attempts < maxAttempts;
  if (state.name === "reverting-stack") {
    if (failed && effect.kind === "locked" && waitsForLock(input)) return retry(input, outcome);
    return go("reverting-drain", failed ? "StackUpdateFailed" : "StackAtZero", outcome);
  }
  // Users are safe, and what somebody else has written is not ours to take out.
  if (failed && effect.kind === "flag-foreign")
    return { kind: "escalate", reason: "FlagKeptOff", message: outcome };
  if (again) return retry(input, outcome);
  if (failed) return { kind: "complete", to: "revert-failed", reason: "RevertFailed", message: outcome };
  if (state.name === "reverting-clean") return go("reverting-verify", "BaselineRestored", outcome);
  return {
    kind: "complete",
    to: "reverted",
    reason: "RevertVerified",
    message: "the stack equals its baseline",
  };
}
