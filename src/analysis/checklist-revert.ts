import type { JournalEntry } from "../types/journal.ts";
import { type Found, met, unmet } from "./checklist-status.ts";
import { dayMs, iso, spanText, within } from "./checklist-time.ts";
import { acrossStacks, type Promotion } from "./promotions.ts";
import { rehearsedIn } from "./rehearsed.ts";

/** A way back that a journal shows as walked to its end and verified. */
export interface VerifiedRevert {
  /** Comparable over stacks: `acrossStacks`. */
  readonly identity: string;
  /** When, ms since the epoch. */
  readonly atMs: number;
}

/** Every verified way back of a stack's journal; those of rehearsals are none. Pure. */
export function revertsIn(entries: readonly JournalEntry[]): readonly VerifiedRevert[] {
  const rehearsed = rehearsedIn(entries);
  return entries.flatMap(({ kind, data, at, rolloutId }) => {
    const { identity, outcome, revert } = data;
    if (kind !== "end" || outcome !== "reverted" || rehearsed.has(rolloutId)) return [];
    if (typeof identity !== "string" || Object(revert).stateEqual !== true) return [];
    return [{ identity: acrossStacks(identity), atMs: Date.parse(at) }];
  });
}

export interface RevertAsked {
  /** In whose journal. */
  readonly stack: string;
  readonly withinDays: number;
  /** Identity of what is to start, comparable over stacks; undefined: nobody knows it. */
  readonly identity: string | undefined;
  readonly version: string;
  /** Of that stack alone; those taken back later left out. */
  readonly promotions: readonly Promotion[];
  readonly reverts: readonly VerifiedRevert[];
  /** ms since the epoch. */
  readonly now: number;
}

/**
 * Whether this very image was taken back in the other stack, verified, and stands promoted there, both within the span.
 * Pure.
 */
export function revertRehearsed(asked: RevertAsked): Found {
  const { stack, withinDays, identity, version, now } = asked;
  if (identity === undefined) {
    return unmet(
      `nobody knows which image ${version} is`,
      "Mend the preview first: `rollouts run` needs it too.",
    );
  }
  const spanMs = withinDays * dayMs;
  const newest = (all: readonly VerifiedRevert[]) => {
    const own = all.filter((one) => one.identity === identity && within(one.atMs, { now, spanMs: Infinity }));
    return own.length === 0 ? undefined : Math.max(...own.map(({ atMs }) => atMs));
  };
  const promoted = newest(asked.promotions);
  const reverted = newest(asked.reverts);
  const why = [
    wanting(reverted, { did: "taken back", now, spanMs, stack, identity }),
    wanting(promoted, { did: "promoted", now, spanMs, stack, identity }),
  ].filter((one) => one !== undefined);
  if (reverted === undefined || promoted === undefined || why.length > 0) {
    return unmet(why.join("; "), stepsOf(asked, reverted !== undefined && now - reverted <= spanMs));
  }
  const times = `taken back at ${iso(reverted)} and promoted at ${iso(promoted)}`;
  return met(`${identity} was ${times} in ${stack}`, Math.min(reverted, promoted));
}

function wanting(
  atMs: number | undefined,
  {
    did,
    now,
    spanMs,
    stack,
    identity,
  }: {
    readonly did: string;
    readonly now: number;
    readonly spanMs: number;
    readonly stack: string;
    readonly identity: string;
  },
): string | undefined {
  const says = did === "promoted" ? "does not stand promoted" : `was never ${did}`;
  if (atMs === undefined) return `${identity} ${says} in ${stack}`;
  const age = now - atMs;
  return age <= spanMs
    ? undefined
    : `${identity} was ${did} in ${stack} ${spanText(age)} ago, and ${spanText(spanMs)} is the limit`;
}

/** Taken back first and promoted then: so it stands promoted at the end. */
function stepsOf({ stack }: RevertAsked, taken: boolean): string {
  const again = `run it there once more: \`rollouts run --stack ${stack} --cause "revert exercised" --by NAME\``;
  if (taken) return `Now ${again}.`;
  return `In ${stack}: \`rollouts run --stack ${stack}\`, while it is watched \`rollouts abort --stack ${stack} --reason "revert exercised"\`, then ${again}.`;
}
