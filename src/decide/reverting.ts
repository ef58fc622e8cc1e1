import { concernWords } from "../lib/concern.ts";
import type { Decision } from "../types/decision.ts";
import type { StateName } from "../types/state.ts";
import type { DecideInput } from "./decide.ts";
import { keptFor } from "./kept.ts";
import { retry, stay, waitsForLock } from "./steps.ts";

/** How often the last update of a revert is tried. */
const maxAttempts = 3;

/** Users first, then the state: a lever that fails does not keep the update from going on, nor the reverse. */
export function reverting(input: DecideInput): Decision {
  const { plan, state, observations, now } = input;
  const { effect } = observations;
  const go = (to: typeof state.name, reason: string, message: string): Decision =>
    onward(to, { reason, message });
  if (state.name === "reverting-drain") {
    const until = state.enteredAtMs + plan.drainSeconds * 1000;
    if (now < until)
      return {
        kind: "wait",
        untilMs: until,
        reason: "Draining",
        message: "requests in flight get their time",
      };
    return drained(input) ?? go("reverting-clean", "Drained", `${plan.drainSeconds} s passed`);
  }
  if (effect.status !== "done" && effect.status !== "failed")
    return stay(input, "EffectRunning", `${state.name} is under way`);
  const failed = effect.status === "failed";
  const outcome = failed ? effect.message : "done";
  if (state.name === "reverting-lever")
    return failed
      ? go("reverting-stack", "LeverFailed", outcome)
      : onward("reverting-stack", { off: true, reason: "TrafficOff", message: outcome });
  const again = failed && state.attempts < maxAttempts;
  if (state.name === "reverting-stack") {
    if (failed && effect.kind === "locked" && waitsForLock(input)) return retry(input, outcome);
    // What is kept has no later update that would make good for this one.
    if (again && keptFor(input) !== undefined) return retry(input, outcome);
    return failed
      ? go("reverting-drain", "StackUpdateFailed", outcome)
      : onward("reverting-drain", { off: true, reason: "StackAtZero", message: outcome });
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

function onward(
  to: StateName,
  why: { readonly reason: string; readonly message: string; readonly off?: true },
): Decision {
  return { kind: "continue", to, step: "revert", ...why };
}

/**
 * What stays once requests in flight have ended. A candidate that is evidence is kept without a user until somebody lets
 * it go; where its traffic isn't off, users come before evidence, and it is removed. Undefined: nothing is kept.
 */
function drained(input: DecideInput): Decision | undefined {
  const { plan, requests, state, observations } = input;
  const concern = keptFor(input);
  if (concern === undefined) return undefined;
  const release = requests.find(({ kind }) => kind === "release");
  if (release !== undefined) {
    const message = `released by ${release.by}: ${release.reason}`;
    return onward("reverting-clean", { reason: "EvidenceReleased", message });
  }
  const { route } = observations;
  const off = route === undefined ? state.trafficOff === true : route.exposure === 0;
  if (!off) {
    const seen = route === undefined ? "not read back" : `${route.exposure} %`;
    const message = `${plan.to} still has traffic (${seen}): users come before evidence, it is removed`;
    return onward("reverting-clean", { reason: "EvidenceGivenUp", message });
  }
  const message = `traffic is off; ${plan.to} is kept at weight 0 with its pods and logs, as evidence of ${concernWords[concern]}: \`rollouts evidence release --by NAME\` lets it go`;
  return { kind: "escalate", concern, reason: "EvidenceKept", message };
}
