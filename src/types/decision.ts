import type { ChecklistItem } from "./checklist.ts";
import type { Concern } from "./concern.ts";
import type { StepId } from "./release.ts";
import type { Cause, StateName } from "./state.ts";

/** What to do next. The driver only executes it. */
export type Decision =
  /**
   * Enter `to` and run its effect. `confirmed`: the route of the step was read back (its clock starts now; the
   * effect of the same state is not run again). `retry`: the same state, its effect once more. `anew`: what was seen so far is no evidence any more.
   * `off`: the candidate has no traffic any more.
   */
  | {
      readonly kind: "continue";
      readonly to: StateName;
      readonly step: StepId;
      readonly confirmed?: true;
      readonly retry?: true;
      readonly anew?: true;
      readonly off?: true;
      readonly reason: string;
      readonly message: string;
    }
  /** Stay; look again by `untilMs` at the latest. */
  | { readonly kind: "wait"; readonly untilMs: number; readonly reason: string; readonly message: string }
  /** Stay without progress: exposure never grows. `extendMs` moves the end of the soak. */
  | { readonly kind: "hold"; readonly extendMs: number; readonly reason: string; readonly message: string }
  | { readonly kind: "revert"; readonly cause: Cause; readonly reason: string; readonly message: string }
  /** Over: an end state. */
  | {
      readonly kind: "complete";
      readonly to: "completed" | "reverted" | "revert-failed" | "blocked";
      readonly cause?: Cause;
      readonly reason: string;
      readonly message: string;
    }
  /** Over for now: a person has to decide. End state `held`. `concern`: what its cause turned out to be. */
  | {
      readonly kind: "escalate";
      readonly cause?: Cause;
      readonly concern?: Concern;
      readonly reason: string;
      readonly message: string;
    };

/** What people ask of a rollout in flight. */
export type RolloutRequest =
  | {
      readonly kind: "abort";
      readonly by: string;
      readonly reason: string;
      readonly at: string;
      readonly concern?: Concern | undefined;
    }
  /** What is kept as evidence may go. */
  | { readonly kind: "release"; readonly by: string; readonly reason: string; readonly at: string }
  | { readonly kind: "pause" | "resume"; readonly by: string; readonly reason: string; readonly at: string }
  /**
   * Nothing is asked of the rollout, the journal keeps it. `acknowledge`: somebody has the alarm; `sev1`: it is the worst
   * there is; `all-clear`: it is over.
   */
  | {
      readonly kind: "note" | "acknowledge" | "sev1" | "all-clear";
      readonly by: string;
      readonly reason: string;
      readonly at: string;
    }
  | {
      readonly kind: "approve";
      readonly by: string;
      readonly step: StepId;
      readonly reason: string;
      readonly at: string;
    }
  /** A person's word for an item of a checklist. It is kept of a version, under an id of its own: no loop reads it. */
  | {
      readonly kind: "confirm";
      readonly by: string;
      readonly item: ChecklistItem;
      /** What was found; empty where nothing is said. */
      readonly reason: string;
      readonly at: string;
    };
