import type { ChecklistPhase } from "../../types/checklist.ts";
import { usageError } from "../args.ts";
import type { Command, CommandContext, CommandResult } from "../command.ts";
import { textOption } from "../command.ts";
import { changeOption } from "../start.ts";

const phases: readonly ChecklistPhase[] = ["pre", "during", "post"];

export const checklistCommand: Command = {
  name: "checklist",
  summary: "show what of a checklist holds and what doesn't; confirm: vouch for an item by name",
  argument: { name: "[action]", summary: "confirm: a person vouches for an item" },
  secondArgument: { name: "[item]", summary: "the item that is confirmed: on-call" },
  options: [
    { flags: "--phase <phase>", summary: "which list: before, during or after", choices: phases },
    { flags: "--version <version>", summary: "of which version (default: the stack's config)" },
    changeOption,
    { flags: "--change-request <id>", summary: "the CAB's change, as `run` takes it" },
    { flags: "--by <name>", summary: "with confirm: who vouches for it" },
    { flags: "--note <text>", summary: "with confirm: what was found; the journal keeps it" },
  ],
  examples: [
    "rollouts checklist --phase pre --stack prod",
    "rollouts checklist --phase pre --stack prod --change bug-fix --change-request CHG0012345 --json",
    "rollouts checklist confirm on-call --by @alice --stack prod",
    'rollouts checklist confirm lessons --by dana --note "the pool was too small" --stack prod',
  ],
  handler: checklist,
};

async function checklist(context: CommandContext): Promise<CommandResult> {
  const { argument } = context;
  const phase = textOption(context, "phase") as ChecklistPhase | undefined;
  if (argument === "confirm" && phase === undefined) {
    const { confirm } = await import("../checklist-confirm.ts");
    return await confirm(context, checklistCommand);
  }
  if (argument === undefined && phase !== undefined) {
    const { show } = await import("../checklist-show.ts");
    return await show(context, phase);
  }
  const hint = "Write --phase pre to see a list, or: rollouts checklist confirm <item> --by NAME.";
  const received = argument === undefined ? {} : { received: JSON.stringify(argument) };
  throw usageError(checklistCommand, [
    { path: "[action]", ...received, rule: "either --phase, or confirm with an item", hint },
  ]);
}
