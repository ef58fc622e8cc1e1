import { RolloutError } from "../errors/errors.ts";
import { snapshotOf } from "../plan/identity.ts";
import type { Revision } from "../ports/revisions.ts";
import type { JournalEntry } from "../types/journal.ts";
import type { Release } from "../types/release.ts";
import type { Baseline } from "./session.ts";

/** A stack as it was when a rollout set out from it. */
type KnownBaseline = Baseline & { readonly record: Release };

/** A revision that can be gone back to: its pods, and what the stack was with them. */
export interface UndoTarget {
  readonly revision: Revision;
  readonly baseline: KnownBaseline;
}

/**
 * The baselines that a journal holds, by identity, the newest of each. Only whole ones: what the journal masked, or
 * another version of this program hashed otherwise, can't be put back as it was. Pure.
 */
export function baselinesIn(entries: readonly JournalEntry[]): ReadonlyMap<string, KnownBaseline> {
  const known = new Map<string, KnownBaseline>();
  for (const { data } of entries) {
    if (data["effect"] !== "baseline" || data["ok"] !== true) continue;
    const { record, ...baseline } = data["baseline"] as Baseline;
    if (record === undefined || snapshotOf(record.stable).identity !== record.stable.identity) continue;
    known.set(record.stable.identity, { ...baseline, record });
  }
  return known;
}

/**
 * The revision of a number with the baseline of its version.
 *
 * @throws RolloutError `no-such-revision`, `no-snapshot` (exit 23), each with the revisions that can be used
 */
export function findTarget(at: {
  readonly number: number;
  readonly revisions: readonly Revision[];
  readonly entries: readonly JournalEntry[];
  /** The stack's own record: to its version there is no way to go, so that no baseline is asked of it. */
  readonly record: Release;
}): UndoTarget {
  const { number, revisions, entries, record } = at;
  const known = baselinesIn(entries);
  const revision = revisions.find((one) => one.number === number);
  if (revision === undefined) {
    throw blocked(`The Deployment has no revision ${number}.`, "no-such-revision", usable(revisions, known));
  }
  if (revision.identity === record.stable.identity)
    return { revision, baseline: { record, hash: "", byUrn: {} } };
  const baseline = known.get(revision.identity ?? "");
  if (baseline !== undefined) return { revision, baseline };
  const what =
    revision.identity === undefined
      ? `Revision ${number} (${revision.image}) has no identity on its pods.`
      : `The journal has no baseline of revision ${number} (${revision.identity}): no rollout has set out from it.`;
  throw blocked(what, "no-snapshot", usable(revisions, known));
}

/** The present revision: the Deployment's own template. */
export function presentOf(revisions: readonly Revision[]): Revision | undefined {
  return revisions.toSorted((a, b) => b.number - a.number)[0];
}

function usable(
  revisions: readonly Revision[],
  known: ReadonlyMap<string, KnownBaseline>,
): { readonly hint: string } {
  const present = presentOf(revisions);
  const list = revisions
    .toSorted((a, b) => a.number - b.number)
    .flatMap((one) => {
      const version = known.get(one.identity ?? "")?.record.stable.version;
      return version === undefined || one === present ? [] : [`${one.number} (${version})`];
    });
  return list.length === 0
    ? { hint: "No revision can be used: a rollout of its own goes back, `rollouts run --version`." }
    : { hint: `Revisions that can be used: ${list.join(", ")}.` };
}

/** What an undo came to: `data` of `rollback --to-revision --json`. */
export interface UndoOutcome {
  readonly outcome: "undone" | "undo-failed" | "nothing-to-do";
  /** The version that was asked for, and the one in service before. */
  readonly version: string;
  readonly from: string;
  /** The number that was asked for. */
  readonly revision: number;
  /** The present revision, as read at the end; absent where the cluster did not answer. */
  readonly running?: Revision;
  /** Request to no pod of the version before, ms of the rollout's clock. */
  readonly goneMs?: number;
  /** Request to the stack restored, wall ms. */
  readonly stackMs?: number;
  /** What else differs from the stack in which the version was in service last. */
  readonly differences: readonly string[];
  /** Why it isn't verified. */
  readonly problems: readonly string[];
  /** What went another way than usual, and did not matter. */
  readonly notes: readonly string[];
  readonly journal: string;
  readonly rolloutId?: string;
}

/** The guide's limit for an undo, ms. */
export const undoneMs = 300_000;

/** Another driver goes on: this one stops without touching anything more. */
export function leaseLost(message: string): RolloutError {
  return new RolloutError(`The rollback stops: ${message}.`, {
    code: "lease-lost",
    exit: "leaseHeld",
    hint: "`rollouts status` shows who drives the stack.",
  });
}

/** A refusal before anything is touched: exit 23. */
export function blocked(message: string, code: string, { hint }: { readonly hint: string }): RolloutError {
  return new RolloutError(message, { code, exit: "blocked", hint });
}
