import { keepLease } from "../../driver/lease-keeper.ts";
import { openOutbox } from "../../driver/outbox.ts";
import { type Owed, owedIn, waitingIn } from "../../driver/outbox-owed.ts";
import { exitCodes, RolloutError } from "../../errors/errors.ts";
import type { JournalEntry } from "../../types/journal.ts";
import type { MessagePhase } from "../../types/message.ts";
import {
  type MessageFormat,
  messageFor,
  messageFormats,
  messagePhases,
  rendered,
  type Sent,
  sendNow,
} from "../announce.ts";
import { type Command, type CommandContext, type CommandResult, flag, textOption } from "../command.ts";
import type { Teller } from "../compose/channels.ts";
import { holderName } from "../drive.ts";
import { type OpenStack, openStack } from "../record-view.ts";

export const announceCommand: Command = {
  name: "announce",
  summary: "print a message of the rollout as its channels get it, or send what they have not had",
  options: [
    { flags: "--phase <phase>", summary: "which message: the newest of the journal", choices: messagePhases },
    { flags: "--format <format>", summary: "how (default: text)", choices: messageFormats },
    { flags: "--version <version>", summary: "of a start that is planned (default: the stack's config)" },
    { flags: "--about <text>", summary: "of a start that is planned: what the version changes" },
    { flags: "--send", summary: "send it once to the stack's channels too; the journal isn't written" },
    { flags: "--pending", summary: "send what the journal still owes the channels, oldest first" },
  ],
  examples: [
    "rollouts announce --stack prod --phase starting",
    "rollouts announce --stack prod --phase rolling-back --format slack",
    "rollouts announce --stack prod --phase promoted --json",
    "rollouts announce --stack prod --pending",
  ],
  handler: announce,
};

async function announce(context: CommandContext): Promise<CommandResult> {
  const phase = textOption(context, "phase") as MessagePhase | undefined;
  const pending = flag(context, "pending");
  if ((phase === undefined) === !pending) throw whichOne(pending);
  const stack = await openStack(context);
  if (phase === undefined) return await sendPending(context, stack);
  const format = (textOption(context, "format") ?? "text") as MessageFormat;
  const version = textOption(context, "version") ?? stack.at.config.version;
  const about = textOption(context, "about");
  const message = messageFor(stack, phase, {
    nowMs: context.runtime.wall.now(),
    ...(version === undefined ? {} : { version }),
    ...(about === undefined ? {} : { about }),
  });
  const shown = rendered(message, format);
  const text = typeof shown === "string" ? shown : JSON.stringify(shown, undefined, 2);
  const data = { phase, format, message, rendered: shown };
  if (!flag(context, "send")) return { data, text };
  const { notify } = await tellerOf(context, stack);
  return withSent({ data, text }, await sendNow(message, notify));
}

function withSent(
  { data, text }: { readonly data: object; readonly text: string },
  sent: readonly Sent[],
): CommandResult {
  const lines = sent.map(
    ({ channel, status, reason }) => `${channel}: ${status}${reason ? ` (${reason})` : ""}`,
  );
  const result = { data: { ...data, sent }, text: [text, "", ...lines].join("\n") };
  const failed = sent.filter(({ status }) => status !== "sent");
  if (failed.length === 0) return result;
  const message = `${failed.map(({ channel }) => channel).join(", ")} did not take the message.`;
  return { ...result, exit: exitCodes.error, problem: { code: "not-sent", message } };
}

/** Under the lease, as a driver does: one that is alive sends by itself. */
async function sendPending(context: CommandContext, stack: OpenStack): Promise<CommandResult> {
  const { record, at, entries } = stack;
  const before = allOwed(entries);
  if (before.length === 0) return { data: { sent: [], owed: [] }, text: "Nothing is owed to any channel." };
  const teller = await tellerOf(context, stack);
  const termMs = at.config.policy.record.leaseSeconds * 1000;
  const holder = holderName(context.env);
  const lease = await keepLease(record.lease, context.runtime, { holder, termMs });
  try {
    const outbox = openOutbox(
      { ...teller, record, runtime: context.runtime },
      lease,
      await record.journal.read(),
    );
    await outbox.close();
  } finally {
    await lease.release();
  }
  const after = allOwed(await record.journal.read());
  const left = new Set(after.map(keyOf));
  const sent = before.filter((one) => !left.has(keyOf(one)));
  return pendingResult(sent, after);
}

/** With what waits for an incident: whoever sends opens it. */
function allOwed(entries: readonly JournalEntry[]): readonly Owed[] {
  return [...owedIn(entries), ...waitingIn(entries)];
}

function pendingResult(sent: readonly Owed[], owed: readonly Owed[]): CommandResult {
  const view = ({ channel, made }: Owed) => ({ channel, id: made.message.id, title: made.message.title });
  const lines = [
    ...sent.map((one) => `settled  ${one.channel}: ${one.made.message.title}`),
    ...owed.map((one) => `owed     ${one.channel}: ${one.made.message.title}`),
  ];
  const result = { data: { sent: sent.map(view), owed: owed.map(view) }, text: lines.join("\n") };
  if (owed.length === 0) return result;
  const message = `${owed.length} messages could not be sent; the journal still owes them.`;
  return { ...result, exit: exitCodes.error, problem: { code: "not-sent", message } };
}

function keyOf({ channel, made }: Owed): string {
  return `${made.message.id} ${channel}`;
}

async function tellerOf(context: CommandContext, { at }: OpenStack): Promise<Teller> {
  const { openTeller } = context.world;
  if (openTeller === undefined) throw new Error("this world has no channels");
  return await openTeller(at, context);
}

function whichOne(both: boolean): RolloutError {
  return new RolloutError(
    both
      ? "--phase and --pending were given, and only one can be done."
      : "Neither --phase nor --pending was given.",
    {
      code: "usage",
      exit: "config",
      path: "--phase",
      hint: "Write --phase starting to see a message, or --pending to send what is owed.",
    },
  );
}
