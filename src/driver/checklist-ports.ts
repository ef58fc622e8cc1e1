import type { Evidence } from "../ports/evidence.ts";
import type { JournalEntry } from "../types/journal.ts";

/** Where the items of a stack's checklists are looked up. */
export interface ChecklistPorts {
  /** As `--stack` takes it: for the commands in hints. */
  readonly stack: string;
  /** The journal of another stack. May throw: then it shows nothing. */
  journalOf(stack: string): Promise<readonly JournalEntry[]>;
  /** The journal of a stack's schema migration. May throw. */
  migrationJournalOf(stack: string): Promise<readonly JournalEntry[]>;
  /** One a dashboard, by its name. */
  readonly dashboards: readonly Evidence[];
  /** Absent: a person confirms. */
  readonly loadTest?: Evidence;
  /** Absent: a person confirms. */
  readonly securityScan?: Evidence;
  /** Absent: a person confirms. */
  readonly smoke?: Evidence;
  /** Empty: a person confirms. */
  readonly synthetics: readonly Evidence[];
}
