import type { Concern } from "../../types/concern.ts";
import { type Command, textOption } from "../command.ts";
import { concernOption, requestOptions } from "../requests.ts";
import { turnBack } from "../turn-back.ts";

export const abortCommand: Command = {
  name: "abort",
  summary: "take the rollout in flight back, now",
  options: [...requestOptions, concernOption],
  examples: [
    'rollouts abort --stack prod --by dana --reason "wrong build"',
    'rollouts abort --stack prod --by dana --reason "audit trail is off" --concern compliance',
  ],
  handler: (context) => {
    const concern = textOption(context, "concern") as Concern | undefined;
    return turnBack(context, { verb: "abort", ...(concern === undefined ? {} : { concern }) });
  },
};
