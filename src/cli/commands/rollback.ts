import { type Concern, concerns } from "../../types/concern.ts";
import { type Command, type CommandContext, textOption } from "../command.ts";
import { concernOption } from "../requests.ts";
import { turnBack } from "../turn-back.ts";
import { undoTo } from "../undo.ts";

export const rollbackCommand: Command = {
  name: "rollback",
  summary: "take the rollout in flight back, or a settled stack to an older revision",
  options: [
    {
      flags: "--to-revision <number>",
      summary: "with nothing in flight, in place: the Deployment's revision, as `history` lists them",
    },
    {
      flags: "--reason <reason>",
      summary: "why",
      required: true,
      choices: ["customer", "corruption", "compliance", "other"],
    },
    { flags: "--by <name>", summary: "who decides", required: true },
    { flags: "--details <text>", summary: "what happened: the journal keeps it" },
    {
      ...concernOption,
      summary: `${concernOption.summary}; default: the reason, where it is corruption or compliance`,
    },
  ],
  examples: [
    'rollouts rollback --stack prod --reason corruption --by dana --details "wrong tenant ids"',
    "rollouts rollback --stack test --to-revision 3 --reason customer --by dana",
  ],
  handler: (context) => {
    const details = textOption(context, "details");
    const given = textOption(context, "reason") ?? "other";
    const reason = details === undefined ? given : `${given}: ${details}`;
    const concern = concerning(context, given);
    const revision = textOption(context, "toRevision");
    if (revision === undefined) return turnBack(context, { verb: "rollback", reason, ...concern });
    return undoTo(context, { revision, by: textOption(context, "by") ?? "unknown", reason, ...concern });
  },
};

/** Who names corruption or compliance as the reason has said it. */
function concerning(context: CommandContext, reason: string): { readonly concern?: Concern } {
  const said = textOption(context, "concern") ?? reason;
  const concern = concerns.find((one) => one === said);
  return concern === undefined ? {} : { concern };
}
