import type { Triage } from "../analysis/triage.ts";
import { RolloutError } from "../errors/errors.ts";
import { assertNever } from "../lib/assert-never.ts";
import type { CommandContext, CommandResult } from "./command.ts";
import { pauseCommand } from "./commands/pause.ts";
import { resumeCommand } from "./commands/resume.ts";
import { isDriven, openStack, requireInFlight } from "./record-view.ts";
import { nobodyDrives, submit } from "./requests.ts";
import { turnBack } from "./turn-back.ts";

/**
 * Does to the rollout in flight what the tree says: takes it back, keeps it where it is for the watch, lets it go on, or
 * writes the issue into its journal. What is a person's (a hotfix, a ticket, a report) stays so. Throws what `abort`,
 * `pause` and `resume` throw, `nothing-in-flight` (exit 7) among it.
 */
export async function applyTriage(context: CommandContext, found: Triage): Promise<CommandResult> {
  if (context.stack === "") throw noStack();
  const given = context.options["reason"];
  const asked = { ...context, options: { ...context.options, reason: given ?? reasonOf(found) } };
  return await act(found, asked);
}

async function act(
  { action, concern }: Pick<Triage, "action" | "concern">,
  context: CommandContext,
): Promise<CommandResult> {
  switch (action) {
    case "revert":
    case "revert-and-hotfix":
      return await turnBack(context, { verb: "abort", ...(concern === undefined ? {} : { concern }) });
    case "watch":
      return await pauseCommand.handler(context);
    case "continue":
      return await resumeCommand.handler(context);
    case "file-bug":
      return await note(context);
    default:
      return assertNever(action, "triage action");
  }
}

async function note(context: CommandContext): Promise<CommandResult> {
  const stack = await openStack(context);
  const rollout = requireInFlight(stack, "write a note to");
  const request = await submit(context, { stack, rollout }, { kind: "note" });
  const driven = await isDriven(stack);
  const text = `Noted for ${rollout.plan.to}: ${request.reason}. The rollout goes on.`;
  return {
    data: { rolloutId: rollout.rolloutId, note: request.reason, by: request.by, driven },
    text: driven ? text : `${text}\n${nobodyDrives(context.stack)}`,
  };
}

/** The way through the tree, so that the journal says why. */
function reasonOf({ path, reason }: Triage): string {
  return `${path.map(({ answer }) => answer).join(", ")}: ${reason}`;
}

function noStack(): RolloutError {
  return new RolloutError("--apply acts on the rollout of a stack, and none is named.", {
    code: "usage",
    exit: "config",
    path: "--stack",
    hint: "Name it: --stack prod.",
  });
}
