import type { JournalHead } from "./journal.ts";

/** What is wrong with a line of a journal. `cut`: it isn't there any more. */
export type JournalFault =
  | "not-json"
  | "no-hash"
  | "hash-differs"
  | "bytes-differ"
  | "prev-differs"
  | "seq-skips"
  | "before-differs"
  | "other-journal"
  | "torn"
  | "cut"
  | "anchor-differs";

export interface JournalProblem {
  readonly fault: JournalFault;
  /** From 1. */
  readonly line: number;
  /** Number of the entry: as it says it, or where it can't be read or believed the one that belongs there. */
  readonly seq: number;
  readonly message: string;
}

/** A torn line that was cut. */
export interface JournalCut {
  /** The entry that was written in its place. */
  readonly seq: number;
  readonly bytes: number;
}

/** What became of a journal. */
export interface JournalReport {
  /** `unchained`: no entry is chained, so there is nothing to hold it against. */
  readonly status: "verified" | "damaged" | "unchained";
  /** Complete lines. */
  readonly entries: number;
  /** How many of them were written before the chain began: covered as a whole, not one by one. */
  readonly before: number;
  /** Whose journal the chain says that it is. */
  readonly name?: string;
  /** The last chained entry. */
  readonly head?: JournalHead;
  /** What it was held against. Absent: that entries were cut off its end can't be excluded. */
  readonly anchor?: JournalHead;
  readonly cuts: readonly JournalCut[];
  /** A torn last line that a crash explains; the next entry cuts it. */
  readonly tail?: { readonly line: number; readonly bytes: number };
  /** The first ones, in order. */
  readonly problems: readonly JournalProblem[];
  /** How many there are, with those that are not listed. */
  readonly found: number;
}
