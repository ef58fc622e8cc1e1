import type { JournalEntry } from "../types/journal.ts";

/** Ids of a journal's rehearsals: nothing of them was real. Pure. */
export function rehearsedIn(entries: readonly JournalEntry[]): ReadonlySet<string> {
  return new Set(
    entries.flatMap(({ kind, data, rolloutId }) =>
      kind === "begin" && data["rehearsed"] === true ? [rolloutId] : [],
    ),
  );
}
