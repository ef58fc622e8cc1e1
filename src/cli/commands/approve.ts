import { statementText } from "../../analysis/approval-text.ts";
import { RolloutError } from "../../errors/errors.ts";
import type { ApprovalSubject } from "../../types/approval.ts";
import { type Command, type CommandContext, type CommandResult, flag, textOption } from "../command.ts";
import { isDriven, type OpenStack, openStack, requireInFlight } from "../record-view.ts";
import { stepLabel } from "../render/words.ts";
import { nobodyDrives, requestOptions, submit } from "../requests.ts";

export const approveCommand: Command = {
  name: "approve",
  summary: "let a step go on whose gates prove nothing; or write the text that approves a plan, to sign",
  options: [
    {
      flags: "--sign-text",
      summary: "print the approval of the plan that waits, as --by, and nothing else: sign it",
    },
    { flags: "--step <step>", summary: "the step that you approve (default: the one it is at)" },
    ...requestOptions.map((option) =>
      option.flags.startsWith("--by") ? { ...option, summary: "who approves", required: true } : option,
    ),
  ],
  examples: [
    'rollouts approve --stack prod --step 20 --by dana --reason "checked by hand"',
    "rollouts approve --stack prod --sign-text --by dana@atp.example > approvals/dana.json",
  ],
  handler: approve,
};

/** Only for the step it is at: nobody can vouch for evidence that isn't there yet. */
async function approve(context: CommandContext): Promise<CommandResult> {
  const stack = await openStack(context);
  if (flag(context, "signText")) return textToSign(context, stack);
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

/** What a person signs for the plan that `run` was blocked with last. To the byte what is printed, newline and all. */
function textToSign(context: CommandContext, { entries }: OpenStack): CommandResult {
  const last = entries.findLast(({ kind }) => kind === "begin")?.rolloutId;
  const waiting = entries.findLast(
    ({ rolloutId, data }) => rolloutId === last && data["subject"] !== undefined,
  );
  if (waiting === undefined) throw nothingWaits(context.stack);
  const subject = waiting.data["subject"] as ApprovalSubject;
  const at = new Date(context.runtime.wall.now()).toISOString();
  const text = statementText({ ...subject, by: textOption(context, "by") ?? "", at });
  return { data: { subject, text }, text: text.trimEnd() };
}

function nothingWaits(stack: string): RolloutError {
  return new RolloutError(`No plan of ${stack} waits for approval.`, {
    code: "nothing-waits",
    exit: "nothingToDo",
    hint: `\`rollouts run --stack ${stack}\` makes the plan, and asks for its approvals.`,
  });
}
