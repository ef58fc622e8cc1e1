import type { Command } from "../command.ts";
import { requestOptions } from "../requests.ts";
import { turnBack } from "../turn-back.ts";

export const abortCommand: Command = {
  name: "abort",
  summary: "take the rollout in flight back, now",
  options: requestOptions,
  examples: ['rollouts abort --stack prod --by dana --reason "wrong build"'],
  handler: (context) => turnBack(context, { verb: "abort" }),
};
