import { type Command, textOption } from "../command.ts";
import { turnBack } from "../turn-back.ts";

export const rollbackCommand: Command = {
  name: "rollback",
  summary: "take the rollout in flight back for one of the guide's manual reasons",
  options: [
    {
      flags: "--reason <reason>",
      summary: "why",
      required: true,
      choices: ["customer", "corruption", "compliance", "other"],
    },
    { flags: "--by <name>", summary: "who decides", required: true },
    { flags: "--details <text>", summary: "what happened: the journal keeps it" },
  ],
  examples: ['rollouts rollback --stack prod --reason corruption --by dana --details "wrong tenant ids"'],
  handler: (context) => {
    const details = textOption(context, "details");
    const reason = textOption(context, "reason") ?? "other";
    return turnBack(context, {
      verb: "rollback",
      reason: details === undefined ? reason : `${reason}: ${details}`,
    });
  },
};
