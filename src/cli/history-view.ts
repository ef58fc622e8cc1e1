import { baselinesIn } from "../driver/undo-target.ts";
import type { Revision } from "../ports/revisions.ts";
import type { JournalEntry } from "../types/journal.ts";
import type { RolloutPlan } from "../types/plan.ts";

/** One time that a version came into service. Times are ISO 8601, wall clock. */
export interface ServedVersion {
  readonly version: string;
  readonly identity?: string;
  /** When it was promoted, or a rollback to it was verified; absent for what was there before the first rollout. */
  readonly since?: string;
  /** `rolling`, `canary`, …; `rollback` to a revision; `before`: installed before the first rollout. */
  readonly by: string;
  readonly rolloutId?: string;
  /** The number that was asked for, of a rollback. */
  readonly revision?: number;
}

/** A rollback to a revision, as the journal tells it. */
export interface RecordedUndo {
  readonly seq: number;
  readonly rolloutId: string;
  readonly at: string;
  readonly revision: number;
  readonly from: string;
  readonly served: { readonly version: string; readonly identity?: string };
  /** `reverted`: verified; `revert-failed`; absent: it broke off. */
  readonly outcome?: string;
}

/** A revision of the Deployment, and whether `rollback --to-revision` can go there. */
export interface RevisionView extends Revision {
  readonly present: boolean;
  readonly canUndo: boolean;
}

/** `data` of `history --json`. */
export interface HistoryView {
  readonly stack: string;
  readonly service: string;
  /** Newest first. */
  readonly served: readonly ServedVersion[];
  /** Rollbacks that broke off or did not verify since the newest of `served`, for people. */
  readonly unfinished: readonly string[];
  /** Newest first; absent where versions don't come in place, or the cluster did not answer. */
  readonly revisions?: readonly RevisionView[];
  /** Why the cluster could not be read. */
  readonly clusterError?: string;
  readonly journal: string;
}

/** Every rollback to a revision, in order. Pure. */
export function undosIn(entries: readonly JournalEntry[]): readonly RecordedUndo[] {
  return entries.flatMap(({ kind, data, seq, rolloutId, wallAt }) => {
    if (kind !== "intent" || data["effect"] !== "undo") return [];
    const { revision, from, to, identity } = Object(data["undo"]);
    // In the plan of a way back `from` is what is gone back to.
    const served = { version: String(from), ...(typeof identity === "string" ? { identity } : {}) };
    const end = entries.find((one) => one.kind === "end" && one.rolloutId === rolloutId);
    return [
      {
        seq: end?.seq ?? seq,
        rolloutId,
        at: end?.wallAt ?? wallAt,
        revision: Number(revision),
        from: String(to),
        served,
        ...(end === undefined ? {} : { outcome: String(end.data["outcome"]) }),
      },
    ];
  });
}

/** The versions that a stack has served, newest first: promotions and verified rollbacks. Pure. */
export function servedIn(entries: readonly JournalEntry[]): readonly ServedVersion[] {
  const begins = entries.filter(({ kind }) => kind === "begin");
  const promoted = begins.flatMap((begin) => promotionOf(begin, entries));
  const undone = undosIn(entries).flatMap(({ outcome, seq, served, at, rolloutId, revision }) =>
    outcome === "reverted"
      ? [{ seq, one: { ...served, since: at, by: "rollback", rolloutId, revision } }]
      : [],
  );
  const newestFirst = [...promoted, ...undone].sort((a, b) => b.seq - a.seq).map(({ one }) => one);
  const plan = begins[0]?.data["plan"] as RolloutPlan | undefined;
  if (plan === undefined || plan.from === "none" || plan.from === "unknown") return newestFirst;
  const { stable: identity } = plan.identity;
  return [
    ...newestFirst,
    { version: plan.from, ...(identity === undefined ? {} : { identity }), by: "before" },
  ];
}

function promotionOf(
  { data, rolloutId }: JournalEntry,
  entries: readonly JournalEntry[],
): readonly { readonly seq: number; readonly one: ServedVersion }[] {
  const { to, strategy, identity } = data["plan"] as RolloutPlan;
  const end = entries.findLast((entry) => entry.kind === "end" && entry.rolloutId === rolloutId);
  if (end?.data["outcome"] !== "promoted") return [];
  const known = identity.candidate === undefined ? {} : { identity: identity.candidate };
  return [{ seq: end.seq, one: { version: to, ...known, since: end.wallAt, by: strategy, rolloutId } }];
}

/** Rollbacks after the last version that came into service: what a person has to finish. Pure. */
export function unfinishedIn(entries: readonly JournalEntry[]): readonly string[] {
  const newest = entries.findLast(
    ({ kind, data }) => kind === "end" && (data["outcome"] === "promoted" || data["outcome"] === "reverted"),
  );
  return undosIn(entries)
    .filter(({ outcome, seq }) => outcome !== "reverted" && seq > (newest?.seq ?? 0))
    .map(({ revision, from, served, at, outcome }) => {
      const what = outcome === undefined ? "broke off" : "did not verify";
      return `the rollback ${from} → ${served.version} (revision ${revision}) of ${at} ${what}`;
    });
}

/** Newest first, with what the journal says of each. Pure. */
export function revisionViews(
  revisions: readonly Revision[],
  entries: readonly JournalEntry[],
): readonly RevisionView[] {
  const known = baselinesIn(entries);
  return revisions
    .toSorted((a, b) => b.number - a.number)
    .map((one, index) => {
      const canUndo = index > 0 && known.has(one.identity ?? "");
      return { ...one, present: index === 0, canUndo };
    });
}
