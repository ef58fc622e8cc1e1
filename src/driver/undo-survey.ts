import { RolloutError } from "../errors/errors.ts";
import { isInPlace, stepsOf } from "../plan/steps.ts";
import type { Revision, Revisions } from "../ports/revisions.ts";
import type { JournalEntry } from "../types/journal.ts";
import type { Release } from "../types/release.ts";
import { isInFlight, lastRollout } from "./resume.ts";
import type { DriverDeps } from "./session.ts";
import { blocked, findTarget, presentOf, type UndoTarget } from "./undo-target.ts";

/** What is to be undone, and where to. */
export interface Undo {
  readonly target: UndoTarget;
  /** The stack's record: settled. */
  readonly record: Release;
  /** The present revision. */
  readonly running?: Revision;
}

/**
 * Everything that has to hold before anything is touched: read from journal, stack and cluster, under the lease.
 * Throws RolloutErrors that say which of it doesn't.
 */
export async function surveyUndo(
  deps: DriverDeps,
  { revision, revisions }: { readonly revision: number; readonly revisions: Revisions },
): Promise<Undo> {
  if (!isInPlace(stepsOf(deps.policy, { installed: true }))) throw notInPlace(deps.policy.strategy);
  const entries = await deps.record.journal.read();
  refuseInFlight(entries);
  const listed = await revisions.list();
  const record = await settledRecord(deps);
  const target = findTarget({ number: revision, revisions: listed, entries, record });
  const running = presentOf(listed);
  const own = [record.stable.identity, target.baseline.record.stable.identity];
  if (running?.identity === undefined || !own.includes(running.identity)) throw foreign(running, record);
  return { target, record, running };
}

/** For a stack whose versions don't take each other's place in one Deployment, or whose lever knows none. */
export function notInPlace(strategy: string): RolloutError {
  return new RolloutError(
    `A rollback to a revision needs versions in place, and this stack is ${strategy}.`,
    {
      code: "not-in-place",
      exit: "config",
      path: "rollout.strategy",
      hint: "It goes with rolling and direct, and the lever http-route. Else going back is a rollout of its own: `rollouts run --version`.",
    },
  );
}

/** One thing at a time: a rollout that is under way has its own way back, one that isn't closed its own end. */
export function refuseInFlight(entries: readonly JournalEntry[]): void {
  const last = lastRollout(entries);
  if (last === undefined) return;
  const { plan, state } = last;
  if (isInFlight(last)) {
    throw blocked(`${plan.to} is in flight (${state.name} at ${state.step}).`, "rollout-in-flight", {
      hint: "Take it back with `rollouts rollback` without --to-revision; that leads to the version before it.",
    });
  }
  if (last.ended === undefined) {
    throw blocked(
      `The rollout of ${plan.to} is over, and its driver died before it said so.`,
      "rollout-not-closed",
      {
        hint: "`rollouts run` closes it; then ask again.",
      },
    );
  }
}

async function settledRecord({ engine }: DriverDeps): Promise<Release> {
  const { record, pendingOperations } = await engine.deployed();
  if (pendingOperations.length > 0) {
    const list = pendingOperations.join(", ");
    throw blocked(`An earlier update was cut off (${list}).`, "pending-operations", {
      hint: "`rollouts recover` first, then ask again.",
    });
  }
  if (record === undefined) {
    throw blocked("The stack has no version in service.", "nothing-in-service", {
      hint: "Install one: `rollouts run`.",
    });
  }
  const { candidate, step } = record;
  if (candidate === undefined) return record;
  throw blocked(`${candidate.version} is at step ${step} by hand.`, "stepped-by-hand", {
    hint: "Take it back first: `pulumi config set step revert && pulumi up`.",
  });
}

/** Pods of a third version: to write over them is a person's decision. */
function foreign(running: Revision | undefined, { stable }: Release): RolloutError {
  const what = running?.identity ?? running?.image ?? "nothing";
  return blocked(
    `The Deployment runs ${what}, and the stack's record says ${stable.identity}.`,
    "foreign-version",
    {
      hint: "Somebody else changed it, or a rollback broke off: ask for that version's revision, or put the record's back with `rollouts recover`.",
    },
  );
}
