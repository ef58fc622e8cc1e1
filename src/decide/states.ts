import type { EndState, StateName, WayBack } from "../types/state.ts";

interface StateRow {
  /** What the state means, for people: docs/states is generated from it. */
  readonly meaning: string;
  /** Where a breach or an abort leads at the next look. */
  readonly wayBack: WayBack;
}

/**
 * Every state with its way back, one row each. The order of `decide` guarantees the column `wayBack`; a
 * property test walks all rows.
 */
export const states: Readonly<Record<StateName, StateRow>> = {
  planned: { meaning: "the plan is made, nothing was touched", wayBack: "stop" },
  checking: { meaning: "approvals, quarantine and locks are checked", wayBack: "stop" },
  baseline: { meaning: "the stack is observed before the first step", wayBack: "stop" },
  applying: { meaning: "an update takes the stack to the step", wayBack: "revert" },
  confirming: { meaning: "the route is read back until it carries the step's weight", wayBack: "revert" },
  validating: {
    meaning: "the staged version is checked where no user reaches it; only all-pass goes on",
    wayBack: "revert",
  },
  soaking: { meaning: "the step is watched", wayBack: "revert" },
  holding: {
    meaning: "the soak is over without proof, or a person paused it; exposure stays",
    wayBack: "revert",
  },
  "promoting-stable": { meaning: "stable takes the new version while the candidate serves", wayBack: "stay" },
  "promoting-switch": {
    meaning: "traffic goes back to stable, now the new version, and drains",
    wayBack: "stay",
  },
  "promoting-clean": { meaning: "the candidate is removed", wayBack: "stay" },
  "reverting-lever": { meaning: "one API call takes the traffic off the candidate", wayBack: "onward" },
  "reverting-stack": { meaning: "an update sets exposure 0 and keeps the candidate", wayBack: "onward" },
  "reverting-drain": { meaning: "requests in flight get their time", wayBack: "onward" },
  "reverting-clean": {
    meaning: "an update restores the baseline and removes the candidate",
    wayBack: "onward",
  },
  "reverting-verify": {
    meaning: "inputs, preview, route, stable and error rate are verified",
    wayBack: "onward",
  },
  completed: { meaning: "the version serves everybody", wayBack: "none" },
  reverted: { meaning: "the stack equals its baseline", wayBack: "none" },
  "revert-failed": { meaning: "the way back did not verify: a person has to look now", wayBack: "none" },
  held: { meaning: "exposure stays where it is until a person decides; `run` goes on", wayBack: "none" },
  blocked: { meaning: "stopped before anything was touched", wayBack: "none" },
};

const ends: readonly StateName[] = ["completed", "reverted", "revert-failed", "held", "blocked"];

/** Whether a driver has nothing left to do in this state. `held` can be taken up again. */
export function isEnd(name: StateName): name is EndState {
  return ends.includes(name);
}

/** States in which the candidate may carry traffic, so that the gates are watched. */
export function isWatched(name: StateName): boolean {
  return states[name].wayBack === "revert" || name === "promoting-stable";
}
