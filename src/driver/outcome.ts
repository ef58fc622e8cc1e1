import { isKept } from "../decide/kept.ts";
import { type ExitName, exitCodes } from "../errors/errors.ts";
import { opensFlag } from "../lib/strategies.ts";
import { movesFlag } from "../plan/flag-steps.ts";
import { rtoOf } from "../plan/matrix.ts";
import { isInPlace } from "../plan/steps.ts";
import type { ItemStatus } from "../types/checklist-status.ts";
import type { Concern } from "../types/concern.ts";
import type { RolloutPlan, StrategyKind } from "../types/plan.ts";
import type { Cause, RolloutState } from "../types/state.ts";
import type { LoopEnd } from "./loop.ts";
import { journal, type Session } from "./session.ts";

export type OutcomeName =
  | "promoted"
  | "reverted"
  | "revert-failed"
  | "held"
  | "blocked"
  | "nothing-to-do"
  | "lease-lost"
  | "interrupted";

/** What a rollout came to: `data` of `run --json` and `rehearse --json`. */
export interface Outcome {
  readonly outcome: OutcomeName;
  readonly version: string;
  /** Exposures that were read back, in order. */
  readonly exposures: readonly number[];
  readonly cause?: Cause;
  readonly failedAt?: string;
  readonly heldAt?: string;
  /** Held because the candidate is kept as evidence, at weight 0. */
  readonly kept?: Concern;
  readonly revert?: {
    /** Verdict to weight 0 read back, wall ms; in place to the last new pod gone, ms of the rollout's clock. */
    readonly leverMs?: number;
    /** Id of the flag that was switched off, where that is what was taken back: the code stays. */
    readonly flag?: string;
    /** The new version stood in stable's place: `leverMs` is the time of an undo. */
    readonly inPlace?: true;
    /** What the guide's matrix asks of `leverMs` for the strategy, ms. */
    readonly objectiveMs?: number;
    /** Verdict to the baseline restored, wall ms. */
    readonly stackMs?: number;
    /** Inputs, preview, route and readiness equal the baseline. */
    readonly stateEqual: boolean;
  };
  /** Where the journal lies. */
  readonly journal: string;
  readonly rolloutId?: string;
  /** Where approvals are missing: the whole hash, and the text for those who can give them. */
  readonly planHash?: string;
  readonly approvalRequest?: string;
  /** What its checklist still asks for after the promotion; absent: nothing, or the stack has none. */
  readonly open?: readonly ItemStatus[];
}

/** The outcome of a session; an end state is closed in the journal by an `end` entry. */
export async function outcomeOf(session: Session, end: LoopEnd): Promise<Outcome> {
  const { state, plan, rolloutId, deps } = session;
  const name = end === "ended" ? nameOf(session) : end;
  const turned = state.name === "reverted" || state.name === "revert-failed";
  const outcome: Outcome = {
    outcome: name,
    version: plan.to,
    exposures: state.exposures,
    ...(state.cause ? { cause: state.cause } : {}),
    ...(state.failedAt === undefined ? {} : { failedAt: state.failedAt }),
    ...(state.name === "held" ? { heldAt: state.step } : {}),
    ...keptIn(state),
    ...(turned ? { revert: revertOf(session) } : {}),
    journal: deps.record.journal.location,
    rolloutId,
    ...(session.request === undefined
      ? {}
      : { planHash: session.planHash, approvalRequest: session.request }),
  };
  if (end === "ended") {
    const { identity } = plan;
    const cause = state.cause;
    await journal(session, "end", {
      outcome: name,
      ...(identity.candidate === undefined ? {} : { identity: identity.candidate }),
      exposures: state.exposures,
      ...(cause ? { cause, message: cause.message } : {}),
      ...(outcome.revert ? { revert: outcome.revert } : {}),
    });
  }
  return outcome;
}

/** What a state keeps as evidence, as an outcome says it. */
export function keptIn(state: RolloutState): Pick<Outcome, "kept"> {
  const concern = state.cause?.concern;
  return isKept(state) && concern !== undefined ? { kept: concern } : {};
}

function nameOf({ state }: Session): OutcomeName {
  switch (state.name) {
    case "completed":
      return "promoted";
    case "reverted":
    case "revert-failed":
    case "held":
    case "blocked":
      return state.name;
    default:
      throw new Error(`the rollout is not over: ${state.name}`);
  }
}

function revertOf({ leverMs, stackMs, stateEqual, plan, state }: Session): NonNullable<Outcome["revert"]> {
  const off = state.failedAt !== undefined && movesFlag(plan.steps, state.failedAt) ? plan.flag : undefined;
  return {
    ...(leverMs === undefined ? {} : { leverMs }),
    ...(off === undefined ? {} : { flag: off.id }),
    objectiveMs: rtoOf(movedBy(plan, state)) * 1000,
    ...(stackMs === undefined ? {} : { stackMs }),
    ...(isInPlace(plan.steps) ? { inPlace: true } : {}),
    // Only what was verified ends as reverted.
    stateEqual: stateEqual ?? state.name === "reverted",
  };
}

/** The code before a flag comes by a canary, and goes back like one. */
function movedBy({ strategy, steps }: RolloutPlan, { failedAt }: RolloutState): StrategyKind {
  const code = opensFlag(strategy) && failedAt !== undefined && !movesFlag(steps, failedAt);
  return code ? "canary" : strategy;
}

/** The exit code of an outcome. A block by policy says so with the engine's own code. */
export function exitOf({ outcome, cause }: Outcome): number {
  const names: Record<OutcomeName, ExitName> = {
    promoted: "ok",
    "nothing-to-do": "ok",
    reverted: "reverted",
    "revert-failed": "revertFailed",
    held: "held",
    blocked: cause?.reason === "PolicyViolated" ? "policy" : "blocked",
    "lease-lost": "leaseHeld",
    interrupted: "cancelled",
  };
  return exitCodes[names[outcome]];
}
