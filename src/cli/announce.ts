import { initialState } from "../decide/reduce.ts";
import { startingMessage } from "../driver/message-of.ts";
import { messagesOf } from "../driver/messages.ts";
import { takes } from "../driver/outbox-owed.ts";
import { announcementOf } from "../driver/tell.ts";
import { RolloutError } from "../errors/errors.ts";
import { cardMessage } from "../lib/message/card.ts";
import { messageMarkdown } from "../lib/message/markdown.ts";
import { slackMessage } from "../lib/message/slack.ts";
import { messageText } from "../lib/message/text.ts";
import { buildPlan, planHash } from "../plan/build-plan.ts";
import type { Notify } from "../ports/notify.ts";
import type { MessagePhase, RolloutMessage } from "../types/message.ts";
import { type OpenStack, servedVersion } from "./record-view.ts";

export const messagePhases: readonly MessagePhase[] = [
  "starting",
  "increment",
  "hold",
  "rolling-back",
  "rolled-back",
  "promoted",
];

export const messageFormats = ["text", "markdown", "slack", "teams"] as const;
export type MessageFormat = (typeof messageFormats)[number];

/** What became of a message on one channel. */
export interface Sent {
  readonly channel: string;
  readonly status: "sent" | "later" | "refused";
  readonly reason?: string;
}

/**
 * The newest message of a phase, as the journal made it. A start that nobody has begun is told of the plan that `run`
 * would make, but for the image's identity, which only the program knows.
 *
 * @throws RolloutError `no-message` (exit 7)
 */
export function messageFor(
  stack: OpenStack,
  phase: MessagePhase,
  planned: { readonly version?: string; readonly about?: string; readonly nowMs: number },
): RolloutMessage {
  const { entries, inFlight } = stack;
  const last = messagesOf(entries).findLast(({ message }) => message.phase === phase)?.message;
  const { version } = planned;
  // The start of this very version is no plan any more.
  const begun = inFlight !== undefined || last?.versions.to === version;
  if (phase === "starting" && !begun && version !== undefined)
    return plannedStart(stack, { ...planned, version });
  if (last !== undefined) return last;
  throw new RolloutError(`The journal of ${stack.at.stack} has no message of the phase ${phase}.`, {
    code: "no-message",
    exit: "nothingToDo",
    hint: "`rollouts status` shows the last rollout. Rollouts of earlier releases kept no messages.",
  });
}

function plannedStart(
  { at, entries }: OpenStack,
  { version, about, nowMs }: { readonly version: string; readonly about?: string; readonly nowMs: number },
): RolloutMessage {
  const { policy } = at.config;
  const served = servedVersion(entries);
  const bare = buildPlan(policy, served?.version === "none" ? null : undefined, { version });
  const plan = served === undefined ? bare : { ...bare, from: served.version };
  const announcement = { ...announcementOf({ policy, notify: [] }, plan, about), stack: at.stack };
  const state = initialState(plan.steps[0]?.id ?? "", nowMs);
  const rolloutId = `planned-${planHash(plan).slice(0, 12)}`;
  const told = { rolloutId, plan, announcement, rehearsed: false, state, seen: { readings: [] } };
  return startingMessage(told, { seq: 0, at: new Date(nowMs).toISOString(), data: {} });
}

/** A message in a format: a text, or a service's own JSON. */
export function rendered(message: RolloutMessage, format: MessageFormat): string | object {
  switch (format) {
    case "text":
      return messageText(message).trimEnd();
    case "markdown":
      return messageMarkdown(message).trimEnd();
    case "slack":
      return slackMessage(message);
    case "teams":
      return cardMessage(message);
  }
}

/** Sends one message once to every channel that takes its kind; the journal isn't written. */
export async function sendNow(message: RolloutMessage, notify: readonly Notify[]): Promise<readonly Sent[]> {
  return await Promise.all(
    notify
      .filter((channel) => takes(channel, message))
      .map(async (channel): Promise<Sent> => {
        const delivery = await channel.send(message);
        const { status } = delivery;
        return { channel: channel.name, status, ...(status === "sent" ? {} : { reason: delivery.reason }) };
      }),
  );
}
