import type { StepId } from "./release.ts";
import type { StateName } from "./state.ts";

export type JournalKind = "begin" | "intent" | "effect" | "observed" | "verdict" | "decision" | "end";

/** One line of the journal: append-only, one JSON object a line. */
export interface JournalEntry {
  readonly schemaVersion: 1;
  /** 1, 2, 3 … without a gap, over all rollouts of the stack. */
  readonly seq: number;
  readonly rolloutId: string;
  /** Fencing token of the lease under which it was written. */
  readonly leaseToken: number;
  /** Time of the rollout's clock (virtual in a rehearsal), ISO 8601. */
  readonly at: string;
  /** Wall time, ISO 8601. */
  readonly wallAt: string;
  readonly kind: JournalKind;
  readonly state: StateName;
  readonly step: StepId;
  readonly planHash: string;
  /** By kind; schemas in `driver/journal-data.ts`. Redacted. */
  readonly data: Readonly<Record<string, unknown>>;
  /** A line that a crash had torn stood behind the entry before, and was cut when this one was written. */
  readonly torn?: TornLine;
  /** Hash of the entry before; of the first one, what the chain begins with. Absent as `hash` is. */
  readonly prev?: string;
  /** SHA-256 of the entry without it, as stable JSON. Absent in what versions without a chain have written. */
  readonly hash?: string;
}

/** What is left of a line that was never written whole. */
export interface TornLine {
  readonly bytes: number;
  /** SHA-256 of these bytes. */
  readonly sha256: string;
}

/** One entry, and by its hash all before it: what a journal is held against. */
export interface JournalHead {
  readonly seq: number;
  readonly hash: string;
}

/** An entry before the store numbers and chains it. */
export type JournalDraft = Omit<JournalEntry, "schemaVersion" | "seq" | "torn" | "prev" | "hash">;
