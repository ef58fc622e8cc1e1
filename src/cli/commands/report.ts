import { incidentReport } from "../../driver/incident-report.ts";
import { RolloutError } from "../../errors/errors.ts";
import { renderReport } from "../../lib/message/report.ts";
import { type Command, type CommandContext, type CommandResult, textOption } from "../command.ts";
import { openStack } from "../record-view.ts";

export const reportCommand: Command = {
  name: "report",
  summary: "write the skeleton of an incident report of a rollout that was taken back, as Markdown",
  options: [{ flags: "--rollout <id>", summary: "which one (default: the newest that was taken back)" }],
  examples: ["rollouts report --stack prod", "rollouts report --stack prod --rollout 1.2.5-k3v9q0xa --json"],
  handler: report,
};

async function report(context: CommandContext): Promise<CommandResult> {
  const { entries, at } = await openStack(context);
  const rollout = textOption(context, "rollout");
  const found = incidentReport(entries, rollout);
  if (found !== undefined) return { data: found, text: renderReport(found).trimEnd() };
  const what = rollout === undefined ? `No rollout of ${at.stack} was` : `Rollout ${rollout} was not`;
  throw new RolloutError(`${what} taken back, as far as the journal tells.`, {
    code: "no-incident",
    exit: "nothingToDo",
    hint: "`rollouts history` lists what the stack has served. Rollouts of earlier releases kept no messages.",
  });
}
