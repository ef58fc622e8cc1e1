import { type Command, textOption } from "../command.ts";
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
  ],
  examples: [
    'rollouts rollback --stack prod --reason corruption --by dana --details "wrong tenant ids"',
    "rollouts rollback --stack test --to-revision 3 --reason customer --by dana",
  ],
  handler: (context) => {
    const details = textOption(context, "details");
    const given = textOption(context, "reason") ?? "other";
    const reason = details === undefined ? given : `${given}: ${details}`;
    const revision = textOption(context, "toRevision");
    if (revision === undefined) return turnBack(context, { verb: "rollback", reason });
    return undoTo(context, { revision, by: textOption(context, "by") ?? "unknown", reason });
  },
};
