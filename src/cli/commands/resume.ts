import { RolloutError } from "../../errors/errors.ts";
import type { Command, CommandContext, CommandResult } from "../command.ts";
import { isDriven, openStack, requireInFlight } from "../record-view.ts";
import { nobodyDrives, pausedBy, requestOptions, submit } from "../requests.ts";

export const resumeCommand: Command = {
  name: "resume",
  summary: "undo a pause",
  options: requestOptions,
  examples: ["rollouts resume --stack prod --by dana"],
  handler: resume,
};

async function resume(context: CommandContext): Promise<CommandResult> {
  const stack = await openStack(context);
  const rollout = requireInFlight(stack, "resume");
  const { rolloutId, state, plan } = rollout;
  if ((await pausedBy(stack, rollout)) === undefined) {
    const held = state.name === "held" || state.name === "holding";
    throw new RolloutError(`${plan.to} is not paused: it is ${state.name} at ${state.step}.`, {
      code: "not-paused",
      exit: "nothingToDo",
      hint: held
        ? "`rollouts approve` lets it go on without proof, `rollouts run` takes it up."
        : "`rollouts status` shows what it does.",
    });
  }
  const request = await submit(context, { stack, rollout }, { kind: "resume" });
  const driven = await isDriven(stack);
  const text = `Resumed: ${plan.to} goes on once its gates pass.`;
  return {
    data: { rolloutId, state: state.name, step: state.step, resumedBy: request.by, driven },
    text: driven ? text : `${text}\n${nobodyDrives(context.stack)}`,
  };
}
