import { messageOf } from "../../lib/error-message.ts";
import type { Command, CommandContext, CommandResult } from "../command.ts";
import { type HistoryView, revisionViews, servedIn, unfinishedIn } from "../history-view.ts";
import { type OpenStack, openStack } from "../record-view.ts";
import { renderHistory } from "../render/history.ts";
import { askedOf, verifyOptions } from "../verify-asked.ts";
import { verifyHistory } from "../verify-history.ts";

export const historyCommand: Command = {
  name: "history",
  summary:
    "show the versions that the stack has served, and the revisions that it can go back to; or verify its journal",
  argument: {
    name: "[verify]",
    summary:
      "hold the journal against its chain and its anchor; say every place where it isn't what was written",
  },
  needsStack: false,
  options: [
    {
      flags: "--stack <name>",
      summary: "the stack, as in Pulumi.<name>.yaml; only `verify --file` goes without",
    },
    ...verifyOptions,
  ],
  examples: [
    "rollouts history --stack test",
    "rollouts history --stack test --json",
    "rollouts history verify --stack prod",
    "rollouts history verify --file copy.jsonl",
  ],
  handler: history,
};

async function history(context: CommandContext): Promise<CommandResult> {
  const asked = askedOf(context, historyCommand);
  return asked.mode === "verify" ? await verifyHistory(context, asked) : await show(context);
}

async function show(context: CommandContext): Promise<CommandResult> {
  const stack = await openStack(context);
  const { at, entries, record } = stack;
  const view: HistoryView = {
    stack: at.stack,
    service: at.config.policy.service,
    served: servedIn(entries),
    unfinished: unfinishedIn(entries),
    ...(await revisionsOf(context, stack)),
    journal: record.journal.location,
  };
  return { data: view, text: renderHistory(view, { color: context.color }) };
}

/** A cluster that does not answer takes nothing from what the journal says. */
async function revisionsOf(
  { world }: CommandContext,
  { at, entries }: OpenStack,
): Promise<Pick<HistoryView, "revisions" | "clusterError">> {
  try {
    const revisions = await world.openRevisions?.(at);
    if (revisions === undefined) return {};
    return { revisions: revisionViews(await revisions.list(), entries) };
  } catch (error) {
    return { clusterError: messageOf(error) };
  }
}
