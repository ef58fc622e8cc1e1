import type { Recorded } from "../../driver/resume.ts";
import { RolloutError } from "../../errors/errors.ts";
import { stepsOf } from "../../plan/steps.ts";
import type { Decision } from "../../types/decision.ts";
import type { JournalEntry } from "../../types/journal.ts";
import type { Command, CommandContext, CommandResult } from "../command.ts";
import { drive } from "../drive.ts";
import { type OpenStack, openStack } from "../record-view.ts";
import { startOf, startOptions } from "../start.ts";
import { noVersion } from "./plan.ts";
import { outcomeResult } from "./run.ts";

export const stepCommand: Command = {
  name: "step",
  summary: "take one step of the rollout, watch it, and stop there",
  argument: { name: "[step]", summary: "the step that you expect: refused where it isn't the next one" },
  options: startOptions,
  examples: ["rollouts step --stack prod", "rollouts step 20 --stack prod"],
  handler: step,
};

async function step(context: CommandContext): Promise<CommandResult> {
  const opened = await openStack(context);
  const { at, options } = startOf(context, opened);
  const stack = { ...opened, at };
  const { config } = stack.at;
  const version = stack.inFlight?.plan.to ?? config.version;
  if (version === undefined) throw noVersion(stack.at.stack, config.project);
  const next = nextStep(stack);
  const { argument } = context;
  if (argument !== undefined && argument !== next) {
    throw new RolloutError(`Step ${argument} is refused: the next step is ${next}.`, {
      code: "step-refused",
      exit: "config",
      path: "step",
      hint: `rollouts step ${next}`,
    });
  }
  return outcomeResult(context, await drive(context, at, { ...options, version, stopAfter: next }));
}

/** The step to take: the one that is under way, or the one behind it where that has passed its watch. */
function nextStep({ at, inFlight, entries }: OpenStack): string {
  const steps = inFlight?.plan.steps ?? stepsOf(at.config.policy, { installed: true });
  const position = inFlight === undefined ? 0 : steps.findIndex(({ id }) => id === inFlight.state.step);
  const passed = inFlight !== undefined && stoppedAfterStep(inFlight, entries);
  const next = steps[position + (passed ? 1 : 0)];
  if (next !== undefined) return next.id;
  throw new RolloutError(`${inFlight?.plan.to} has no step behind ${inFlight?.state.step}.`, {
    code: "step-refused",
    exit: "config",
    hint: "`rollouts run` finishes it.",
  });
}

function stoppedAfterStep({ rolloutId, state }: Recorded, entries: readonly JournalEntry[]): boolean {
  const last = entries.findLast((entry) => entry.kind === "decision" && entry.rolloutId === rolloutId);
  const decision = last?.data["decision"] as Decision | undefined;
  return state.name === "held" && decision?.reason === "StoppedAfterStep";
}
