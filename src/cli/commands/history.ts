import { messageOf } from "../../lib/error-message.ts";
import type { Command, CommandContext, CommandResult } from "../command.ts";
import { type HistoryView, revisionViews, servedIn, unfinishedIn } from "../history-view.ts";
import { type OpenStack, openStack } from "../record-view.ts";
import { renderHistory } from "../render/history.ts";

export const historyCommand: Command = {
  name: "history",
  summary: "show the versions that the stack has served, and the revisions that it can go back to",
  options: [],
  examples: ["rollouts history --stack test", "rollouts history --stack test --json"],
  handler: history,
};

async function history(context: CommandContext): Promise<CommandResult> {
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
