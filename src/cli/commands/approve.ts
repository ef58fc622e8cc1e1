import { RolloutError } from "../../errors/errors.ts";
import { type Command, type CommandContext, type CommandResult, textOption } from "../command.ts";
import { isDriven, openStack, requireInFlight } from "../record-view.ts";
import { stepLabel } from "../render/words.ts";
import { nobodyDrives, requestOptions, submit } from "../requests.ts";

export const approveCommand: Command = {
  name: "approve",
  summary: "let a step go on whose gates prove nothing",
  options: [
    { flags: "--step <step>", summary: "the step that you approve (default: the one it is at)" },
    ...requestOptions.map((option) =>
      option.flags.startsWith("--by") ? { ...option, summary: "who approves", required: true } : option,
    ),
  ],
  examples: ['rollouts approve --stack prod --step 20 --by dana --reason "checked by hand"'],
  handler: approve,
};

/** Only for the step it is at: nobody can vouch for evidence that isn't there yet. */
async function approve(context: CommandContext): Promise<CommandResult> {
  const stack = await openStack(context);
  const rollout = requireInFlight(stack, "approve");
  const { state, rolloutId, plan } = rollout;
  const step = textOption(context, "step") ?? state.step;
  if (step !== state.step) {
    throw new RolloutError(
      `Step ${step} can't be approved: ${plan.to} is at ${state.step} (${state.name}).`,
      {
        code: "step-not-at",
        exit: "config",
        path: "--step",
        hint: `Look at it with \`rollouts status\`, then --step ${state.step}.`,
      },
    );
  }
  const request = await submit(context, { stack, rollout }, { kind: "approve", step });
  const driven = await isDriven(stack);
  const text = `${stepLabel(step)} of ${plan.to} is approved by ${request.by}.`;
  const next = driven
    ? "It goes on at the end of its watch; a breach still turns back."
    : nobodyDrives(context.stack);
  return {
    data: { rolloutId, step, state: state.name, approvedBy: request.by, driven },
    text: `${text} ${next}`,
  };
}
