import type { ChannelRef } from "../types/communication.ts";
import type { JournalEntry } from "../types/journal.ts";
import { personConfirms, type WordAsked } from "./checklist-people.ts";
import { confirmCommand, type Found, met, unmet } from "./checklist-status.ts";
import { dayMs, spanText, within } from "./checklist-time.ts";
import { rehearsedIn } from "./rehearsed.ts";

/** For how long a delivered message shows that its channel works. */
const channelDays = 7;

/** Whether people on a channel hear of deployments: lines on stderr reach nobody. */
export function hearsOfDeployments(channel: {
  readonly kind: string;
  readonly for?: ChannelRef["for"];
}): boolean {
  const { kind, for: which = "all" } = channel;
  return kind !== "log" && (which === "all" || which === "deployments");
}

/**
 * A log is told to nobody in particular: it counts only where it is all that the stack has, for then its people read the
 * run. Beside a channel it would hide that the channel is dead.
 */
export function whereItCounts<C extends Pick<ChannelRef, "kind">>(channels: readonly C[]): readonly C[] {
  const others = channels.filter(({ kind }) => kind !== "log");
  return others.length === 0 ? channels : others;
}

/**
 * A message that was delivered lately, on a channel that hears of deployments, and no failure there since; or a person's
 * word. Pure.
 */
export function channelWorks(
  asked: Omit<WordAsked, "item" | "why"> & {
    readonly channels: readonly ChannelRef[];
    readonly entries: readonly JournalEntry[];
  },
): Found {
  const { channels, entries, now, stack } = asked;
  const usable = channels.filter(hearsOfDeployments);
  if (usable.length === 0) {
    const hint = "Configure rollout.notify with a channel of people: slack, teams, email, webhook.";
    return unmet("no channel is configured on which deployments are told", hint);
  }
  const names = usable.map(({ name }) => name);
  const rehearsed = rehearsedIn(entries);
  const last = names.flatMap((name) => lastMark(entries, name, rehearsed));
  const delivered = last.filter(({ ok }) => ok).toSorted((a, b) => b.atMs - a.atMs)[0];
  const spanMs = channelDays * dayMs;
  if (delivered !== undefined && within(delivered.atMs, { now, spanMs })) {
    return met(`${delivered.name} took a message`, delivered.atMs);
  }
  const failed = last.find(({ ok }) => !ok);
  const why =
    failed !== undefined
      ? `${failed.name} did not take its last message (${failed.message})`
      : delivered === undefined
        ? `no message was delivered on ${names.join(" or ")} yet`
        : `the last message on ${delivered.name} is ${spanText(now - delivered.atMs)} old`;
  const word = personConfirms({ ...asked, item: "channel", why });
  return word.status === "met"
    ? word
    : { ...word, hint: `See that it works, then ${confirmCommand("channel", stack)}.` };
}

function lastMark(entries: readonly JournalEntry[], name: string, rehearsed: ReadonlySet<string>) {
  const mark = entries.findLast(
    ({ data, rolloutId }) =>
      data["effect"] === "message" && data["channel"] === name && !rehearsed.has(rolloutId),
  );
  if (mark === undefined) return [];
  const { ok, message } = mark.data;
  return [{ name, ok: ok === true, atMs: Date.parse(mark.at), message: String(message ?? "no reason") }];
}
