import type { Announcement } from "../types/communication.ts";
import type { JournalEntry } from "../types/journal.ts";
import type { RolloutPlan } from "../types/plan.ts";

/** What the entries of one rollout announced when it began; undefined: nothing. Pure. */
export function announcedIn(
  entries: readonly JournalEntry[],
): { readonly announcement: Announcement; readonly plan: RolloutPlan } | undefined {
  const data = entries.find((entry) => entry.data["announcement"] !== undefined)?.data;
  if (data === undefined) return undefined;
  return { announcement: data["announcement"] as Announcement, plan: data["plan"] as RolloutPlan };
}
