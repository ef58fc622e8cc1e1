import { lastRollout } from "../../driver/resume.ts";
import { RolloutError } from "../../errors/errors.ts";
import { type Command, type CommandContext, type CommandResult, flag } from "../command.ts";
import { isDriven, type OpenStack, openStack } from "../record-view.ts";
import { submit } from "../requests.ts";

export const acknowledgeCommand: Command = {
  name: "acknowledge",
  summary: "say that you have the alarm: it doesn't go up to the deployment lead",
  options: [
    { flags: "--by <name>", summary: "who has it", required: true },
    { flags: "--reason <text>", summary: "what you know or do: whoever was called reads it" },
    { flags: "--all-clear", summary: "it is over: a SEV1 too, which nothing else ends" },
  ],
  examples: [
    'rollouts acknowledge --stack prod --by @alice --reason "looking at the database"',
    "rollouts acknowledge --stack prod --by @alice --all-clear",
  ],
  handler: acknowledge,
};

/** A request, so that it works whether a driver is alive or not; who is called next reads it there. */
async function acknowledge(context: CommandContext): Promise<CommandResult> {
  const stack = await openStack(context);
  const rollout = lastRollout(stack.entries);
  if (rollout === undefined) throw nothingToAcknowledge(context.stack);
  const over = flag(context, "allClear");
  const request = await submit(context, { stack, rollout }, { kind: over ? "all-clear" : "acknowledge" });
  const text = over
    ? `All-clear for ${rollout.plan.to}, by ${request.by}: nobody more is called.`
    : `${request.by} has the alarm of ${rollout.plan.to}: the deployment lead isn't called for it.`;
  const { kind, by, reason, at } = request;
  const driven = await isDriven(stack);
  return {
    data: { rolloutId: rollout.rolloutId, kind, by, reason, at, driven },
    text: driven ? text : `${text}\n${told(stack)}`,
  };
}

function told({ at }: OpenStack): string {
  return `No driver is alive: \`rollouts escalate --stack ${at.stack}\` tells the others.`;
}

function nothingToAcknowledge(stack: string): RolloutError {
  return new RolloutError(`There is nothing to acknowledge: no rollout of ${stack} was ever begun.`, {
    code: "no-alarm",
    exit: "nothingToDo",
    hint: "`rollouts status` shows what the journal knows.",
  });
}
