import { isInFlight, lastRollout, type Recorded } from "../driver/resume.ts";
import { RolloutError } from "../errors/errors.ts";
import type { RecordStore } from "../ports/record.ts";
import type { JournalEntry } from "../types/journal.ts";
import type { RolloutPlan } from "../types/plan.ts";
import type { CommandContext } from "./command.ts";
import { undosIn } from "./history-view.ts";
import type { StackAt } from "./world.ts";

/** A stack with its record. */
export interface OpenStack {
  readonly at: StackAt;
  readonly record: RecordStore;
  readonly entries: readonly JournalEntry[];
  /** The rollout that is under way or held. */
  readonly inFlight?: Recorded;
}

/** Loads a stack's config and its record: no engine, no cloud. */
export async function openStack(context: CommandContext): Promise<OpenStack> {
  const { projectDir, stack, world } = context;
  const config = await world.loadConfig({ projectDir, stack });
  const at = { projectDir, stack, config };
  const record = await world.openRecord(at, context);
  const entries = await record.journal.read();
  const last = lastRollout(entries);
  return { at, record, entries, ...(last !== undefined && isInFlight(last) ? { inFlight: last } : {}) };
}

/** What serves, as the journal knows it. */
export interface Served {
  /** A version, or `none` before the first install. */
  readonly version: string;
  readonly identity?: string;
}

/**
 * The version in service by a journal: what was promoted last, else what the last rollout set out from; or, after
 * that, what a verified rollback to a revision led to.
 */
export function servedVersion(entries: readonly JournalEntry[]): Served | undefined {
  const begin = entries.findLast(({ kind }) => kind === "begin");
  if (begin === undefined) return undefined;
  const undone = undosIn(entries).findLast(({ outcome, seq }) => outcome === "reverted" && seq > begin.seq);
  if (undone !== undefined) return undone.served;
  const plan = begin.data["plan"] as RolloutPlan;
  const end = entries.findLast(({ kind, rolloutId }) => kind === "end" && rolloutId === begin.rolloutId);
  const promoted = end?.data["outcome"] === "promoted";
  const identity = promoted ? plan.identity.candidate : plan.identity.stable;
  return { version: promoted ? plan.to : plan.from, ...(identity === undefined ? {} : { identity }) };
}

/** The rollout in flight, or the error (exit 7) that there is nothing to `verb`; nothing is touched. */
export function requireInFlight({ inFlight, at }: OpenStack, verb: string): Recorded {
  if (inFlight !== undefined) return inFlight;
  throw new RolloutError(`There is nothing to ${verb}: no rollout of ${at.stack} is in flight.`, {
    code: "nothing-in-flight",
    exit: "nothingToDo",
    hint: "`rollouts status` shows the last one. Going back to an older version is a rollout of its own: `rollouts run --version`.",
  });
}

/**
 * Whether a live driver has the lease. Only where the last writer's token still holds is the lease asked for, which
 * tells a dead process from a live one, and given back at once.
 */
export async function isDriven({ record, entries }: OpenStack): Promise<boolean> {
  const token = entries.at(-1)?.leaseToken;
  if (token === undefined || !(await record.lease.check(token))) return false;
  const answer = await record.lease.acquire({
    holder: "rollouts, looking whether a driver is alive",
    termMs: 5000,
  });
  if (!answer.granted) return true;
  await record.lease.release(answer.token);
  return false;
}
