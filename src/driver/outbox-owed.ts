import { guards } from "../lib/concern.ts";
import type { ChannelRef } from "../types/communication.ts";
import type { JournalEntry } from "../types/journal.ts";
import type { MessageKind, MessagePhase, RolloutMessage } from "../types/message.ts";
import { type MadeMessage, messageFold, messagesOf } from "./messages.ts";

const incidents: ReadonlySet<MessageKind> = new Set(["hold", "revert", "revert-failed", "escalation"]);
/** Services that know deployments and alerts, and nothing that waits before them. */
const deploymentsOnly: ReadonlySet<string> = new Set(["pagerduty", "github-deployments"]);
/** What moves traffic: the marks of a chart. */
const marked: ReadonlySet<MessagePhase> = new Set(["increment", "rolling-back", "rolled-back", "promoted"]);

/**
 * Whether a channel gets a message. Incidents are holds and ways back, whom an alarm goes up to, and the all-clear of an
 * alert; deployments are everything else, and how each one has ended. Somebody's own channel gets what goes up to them,
 * and how that has ended; who is called for a concern gets what an incident tells from its cause on, also how it has ended.
 */
export function takes(
  channel: Pick<ChannelRef, "kind" | "for">,
  message: Pick<RolloutMessage, "kind" | "phase" | "alert" | "to" | "told" | "concern">,
): boolean {
  const { kind, phase, alert, to, told, concern } = message;
  if (kind === "approval" && deploymentsOnly.has(channel.kind)) return false;
  if (channel.kind === "app-insights" && (kind === "escalation" || !marked.has(phase))) return false;
  switch (channel.for) {
    case "all":
      return true;
    case "incidents":
      return incidents.has(kind) || alert?.action === "resolve";
    case "deployments":
      return !incidents.has(kind) || phase === "rolled-back";
    case "security":
    case "compliance":
      return concern !== undefined && guards[concern] === channel.for && incidents.has(kind);
    default:
      return to?.rung === channel.for || told?.includes(channel.for) === true;
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

/** What it will owe once an incident is opened for it, or known not to be, oldest first. Pure. */
export function waitingIn(entries: readonly JournalEntry[]): readonly Owed[] {
  const fold = messageFold();
  for (const entry of entries) fold.next(entry);
  return fold.waiting().flatMap((made) => channelsOf(made).map((channel) => ({ channel, made })));
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
