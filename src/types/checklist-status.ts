import type { ChecklistItem } from "./checklist.ts";

/** What is known of one item. `unmet` is also what nobody could tell: stale, unreachable, unknown. */
export interface ItemStatus {
  readonly item: ChecklistItem;
  readonly status: "met" | "unmet" | "not-applicable" | "waived";
  /** Who has checked it: the tool, or a person that the journal names. */
  readonly how: "tool" | "person";
  /** For people: what was found, whole. */
  readonly evidence: string;
  /** Name of the person who confirmed or waived it. */
  readonly by?: string;
  /** When that was found or said, ISO 8601. */
  readonly at?: string;
  /** What to do about it; only where it is unmet. */
  readonly hint?: string;
}

/** A person's word for an item, as the record keeps it. */
export interface Confirmation {
  readonly item: ChecklistItem;
  readonly by: string;
  readonly note: string;
  /** ISO 8601. */
  readonly at: string;
}
