import { whereItCounts } from "../analysis/checklist-channel.ts";
import type { ChannelSeen, StatusSeen } from "../analysis/checklist-during.ts";
import type { JournalEntry } from "../types/journal.ts";
import type { StepId } from "../types/release.ts";
import { messagesOf } from "./messages.ts";
import { channelsOf } from "./outbox-owed.ts";

/** The message of a rollout's step, and what became of it on each channel that it is for. Pure. */
export function statusSeen(
  entries: readonly JournalEntry[],
  { rolloutId, step }: { readonly rolloutId: string; readonly step: StepId },
): StatusSeen {
  const made = messagesOf(entries).findLast(
    ({ message }) =>
      message.rolloutId === rolloutId && message.phase === "increment" && message.step === step,
  );
  if (made === undefined) return {};
  const { id } = made.message;
  const marks = entries.filter(({ data }) => data["effect"] === "message" && data["id"] === id);
  const channels = channelsOf(made).map((name): ChannelSeen => {
    const kind = made.channels.find((channel) => channel.name === name)?.kind ?? "";
    const own = marks.filter(({ data }) => data["channel"] === name);
    const sent = own.find(({ data }) => data["ok"] === true);
    if (sent !== undefined) return { name, kind, sentAtMs: Date.parse(sent.at) };
    const last = own.at(-1)?.data;
    return {
      name,
      kind,
      ...(last?.["gaveUp"] === true ? { gaveUp: true } : {}),
      ...(last === undefined ? {} : { trouble: String(last["message"]) }),
    };
  });
  return { channels };
}

/** Whether nothing more can be learned of it. */
export function isTold({ channels = [] }: StatusSeen): boolean {
  return whereItCounts(channels).some(({ sentAtMs }) => sentAtMs !== undefined);
}
