import { initialState, reduce } from "../decide/reduce.ts";
import { isEnd } from "../decide/states.ts";
import type { Decision } from "../types/decision.ts";
import type { JournalEntry } from "../types/journal.ts";
import type { RolloutPlan } from "../types/plan.ts";
import type { RolloutState } from "../types/state.ts";
import type { Baseline } from "./session.ts";

/** A rollout as its journal tells it. */
export interface Recorded {
  readonly rolloutId: string;
  readonly plan: RolloutPlan;
  readonly planHash: string;
  readonly state: RolloutState;
  readonly baseline?: Baseline;
  /** Of its way back, where the route was read back at 0: verdict to weight 0, ms. */
  readonly leverMs?: number;
  /** Wall time of the last entry. */
  readonly lastAt: string;
  /** Its outcome, once there is an `end` entry. */
  readonly ended?: string;
}

/**
 * The last rollout of a journal: its plan from `begin`, its state as the fold of its decisions. Pure. What the
 * entries hold was written by us and is trusted in shape; an entry of another schema version is refused.
 */
export function lastRollout(entries: readonly JournalEntry[]): Recorded | undefined {
  const begin = entries.findLast((entry) => entry.kind === "begin");
  if (begin === undefined) return undefined;
  const own = entries.filter((entry) => entry.rolloutId === begin.rolloutId);
  const strange = own.find((entry) => entry.schemaVersion !== 1);
  if (strange)
    throw new Error(
      `the journal's entry ${strange.seq} has schema ${strange.schemaVersion}; this version reads 1`,
    );
  const plan = begin.data["plan"] as RolloutPlan;
  const baseline = own.findLast((entry) => entry.data["effect"] === "baseline")?.data["baseline"] as
    | Baseline
    | undefined;
  const leverMs = own.findLast(({ data }) => data["effect"] === "read-back")?.data["leverMs"];
  const end = own.findLast((entry) => entry.kind === "end");
  const taken = own.findLast((entry) => entry.kind === "decision");
  // A held rollout that was taken up again has decisions after its `end`.
  const ended = end !== undefined && (taken === undefined || end.seq > taken.seq);
  return {
    rolloutId: begin.rolloutId,
    plan,
    planHash: begin.planHash,
    state: foldState(plan, own),
    ...(baseline ? { baseline } : {}),
    ...(typeof leverMs === "number" ? { leverMs } : {}),
    lastAt: own.at(-1)?.wallAt ?? begin.wallAt,
    ...(ended ? { ended: String(end.data["outcome"]) } : {}),
  };
}

/** Whether a `run` has something to take up: not over, or held. */
export function isInFlight(recorded: Recorded): boolean {
  return !isEnd(recorded.state.name) || recorded.state.name === "held";
}

function foldState(plan: RolloutPlan, entries: readonly JournalEntry[]): RolloutState {
  const begun = entries[0];
  let state = initialState(plan.steps[0]?.id ?? "", begun ? Date.parse(begun.at) : 0);
  for (const entry of entries) {
    if (entry.kind !== "decision") continue;
    const exposure = entry.data["exposure"];
    const at = { ms: Date.parse(entry.at), ...(typeof exposure === "number" ? { exposure } : {}) };
    state = reduce(state, entry.data["decision"] as Decision, at);
  }
  return state;
}
