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
}

/** An entry before the store numbers it. */
export type JournalDraft = Omit<JournalEntry, "schemaVersion" | "seq">;
