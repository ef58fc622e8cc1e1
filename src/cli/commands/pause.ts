import type { Command, CommandContext, CommandResult } from "../command.ts";
import { isDriven, openStack, requireInFlight } from "../record-view.ts";
import { stepLabel } from "../render/words.ts";
import { nobodyDrives, pausedBy, requestOptions, submit } from "../requests.ts";

export const pauseCommand: Command = {
  name: "pause",
  summary: "keep the exposure where it is once the present watch is over",
  options: requestOptions,
  examples: ['rollouts pause --stack prod --by dana --reason "the database is being moved"'],
  handler: pause,
};

/** A pause never takes the watch away: gates go on, and a breach still turns back. */
async function pause(context: CommandContext): Promise<CommandResult> {
  const stack = await openStack(context);
  const rollout = requireInFlight(stack, "pause");
  const { rolloutId, state } = rollout;
  const where = { rolloutId, state: state.name, step: state.step };
  const already = await pausedBy(stack, rollout);
  if (already !== undefined) {
    return { data: { ...where, pausedBy: already, changed: false }, text: `Paused already, by ${already}.` };
  }
  const request = await submit(context, { stack, rollout }, { kind: "pause" });
  const driven = await isDriven(stack);
  const text = `Paused: it holds at ${stepLabel(state.step)} once its watch is over; the gates stay on.`;
  return {
    data: { ...where, pausedBy: request.by, changed: true, driven },
    text: driven ? text : `${text}\n${nobodyDrives(context.stack)}`,
  };
}
