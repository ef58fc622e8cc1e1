import type { ChannelRef } from "../types/communication.ts";
import type { JournalEntry } from "../types/journal.ts";
import type { MessageKind, RolloutMessage } from "../types/message.ts";
import { type MadeMessage, messagesOf } from "./messages.ts";

const incidents: ReadonlySet<MessageKind> = new Set(["hold", "revert", "revert-failed"]);
/** Services that know deployments and alerts, and nothing that waits before them. */
const deploymentsOnly: ReadonlySet<string> = new Set(["pagerduty", "github-deployments"]);

/**
 * Whether a channel gets a message. Incidents are holds and ways back, and the all-clear of an alert; deployments are
 * everything else, and how each one has ended.
 */
export function takes(
  channel: Pick<ChannelRef, "kind" | "for">,
  { kind, phase, alert }: Pick<RolloutMessage, "kind" | "phase" | "alert">,
): boolean {
  if (kind === "approval" && deploymentsOnly.has(channel.kind)) return false;
  switch (channel.for) {
    case "all":
      return true;
    case "incidents":
      return incidents.has(kind) || alert?.action === "resolve";
    case "deployments":
      return !incidents.has(kind) || phase === "rolled-back";
  }
}

/** A message that a channel has not had. */
export interface Owed {
  readonly channel: string;
  readonly made: MadeMessage;
}

/** What a journal still owes, oldest first: neither sent nor given up. Pure. */
export function owedIn(entries: readonly JournalEntry[]): readonly Owed[] {
  const settled = settledIn(entries);
  return messagesOf(entries).flatMap((made) =>
    channelsOf(made)
      .filter((channel) => !settled.has(markOf(made.message.id, channel)))
      .map((channel) => ({ channel, made })),
  );
}

/** Names of the channels that a message is for. */
export function channelsOf({ message, channels }: MadeMessage): readonly string[] {
  return channels.filter((channel) => takes(channel, message)).map(({ name }) => name);
}

function settledIn(entries: readonly JournalEntry[]): ReadonlySet<string> {
  return new Set(
    entries
      .filter(({ data }) => data["effect"] === "message" && (data["ok"] === true || data["gaveUp"] === true))
      .map(({ data }) => markOf(String(data["id"]), String(data["channel"]))),
  );
}

function markOf(id: string, channel: string): string {
  return `${id} ${channel}`;
}
