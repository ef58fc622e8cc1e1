import { isKept } from "../../decide/kept.ts";
import { exitOf, type Outcome } from "../../driver/outcome.ts";
import { exitCodes, RolloutError } from "../../errors/errors.ts";
import { stepsOf } from "../../plan/steps.ts";
import { type Command, type CommandContext, type CommandResult, flag, textOption } from "../command.ts";
import { drive } from "../drive.ts";
import { assertFitsMigration } from "../migration-fence.ts";
import { metricsOptions } from "../own-metrics.ts";
import { type OpenStack, openStack } from "../record-view.ts";
import { keptHint, problemOf, renderOutcome } from "../render/outcome.ts";
import { setVersion } from "../set-version.ts";
import { startOf, startOptions } from "../start.ts";
import { noVersion } from "./plan.ts";

export const runCommand: Command = {
  name: "run",
  summary: "take the stack to its version, increment by increment; goes on with what is in flight",
  options: [
    { flags: "--version <version>", summary: "must match the stack's config, or comes with --set-config" },
    { flags: "--set-config", summary: "write --version to Pulumi.<stack>.yaml first", needs: "version" },
    ...startOptions,
    { flags: "--until <step>", summary: "stop, held, once this step has passed its watch" },
    { flags: "--expect-changes", summary: "exit 7 where the version is in service already" },
    { flags: "--allow-unversioned", summary: "let changes through that don't belong to the version" },
    { flags: "--cause <text>", summary: "why a version that was reverted may come again", needs: "by" },
    { flags: "--by <name>", summary: "who says so", needs: "cause" },
    ...metricsOptions,
  ],
  examples: [
    "rollouts run --stack prod",
    "rollouts run --stack prod --change bug-fix --change-request CHG0012345",
    "rollouts run --stack prod --version 1.2.5 --set-config",
    "rollouts run --stack prod --until 20",
    'rollouts run --stack prod --cause "the pool size is fixed" --by dana',
  ],
  handler: run,
};

async function run(context: CommandContext): Promise<CommandResult> {
  const opened = await openStack(context);
  const start = startOf(context, opened);
  const stack = { ...opened, at: start.at };
  // A strategy that isn't built is refused here, before an engine is looked for.
  if (opened.inFlight === undefined) stepsOf(start.at.config.policy, { installed: true });
  const version = await versionOf(context, stack);
  if (opened.inFlight === undefined) await assertFitsMigration(context, stack.at, version);
  const until = textOption(context, "until");
  if (until !== undefined) checkStep(stack, until);
  const cause = textOption(context, "cause");
  const by = textOption(context, "by");
  const outcome = await drive(context, stack.at, {
    ...start.options,
    version,
    allowUnversioned: flag(context, "allowUnversioned"),
    ...(until === undefined ? {} : { stopAfter: until }),
    ...(cause === undefined || by === undefined ? {} : { clearance: { cause, by } }),
  });
  return outcomeResult(context, outcome, { expectChanges: flag(context, "expectChanges") });
}

/** The one truth is the config: a command line that says otherwise is refused, or writes it there. */
async function versionOf(context: CommandContext, { at, inFlight }: OpenStack): Promise<string> {
  const { config, stack } = at;
  const asked = textOption(context, "version");
  if (asked === undefined) {
    if (config.version === undefined) throw noVersion(stack, config.project);
    return config.version;
  }
  if (asked === config.version) return asked;
  if (!flag(context, "setConfig")) throw versionDiffers(asked, at);
  if (inFlight !== undefined && inFlight.plan.to !== asked) {
    throw new RolloutError(`${inFlight.plan.to} is in flight: the config is not changed to ${asked}.`, {
      code: "rollout-in-flight",
      exit: "blocked",
      hint: isKept(inFlight.state)
        ? keptHint
        : "Finish it with `rollouts run`, or take it back with `rollouts abort`.",
    });
  }
  const path = await setVersion(at, asked);
  context.talk.line(
    `${path}: ${config.project}:version is ${asked} now (was ${config.version ?? "not set"})`,
  );
  return asked;
}

function versionDiffers(asked: string, { config, stack }: OpenStack["at"]): RolloutError {
  const written = config.version === undefined ? "has none" : `says ${config.version}`;
  return new RolloutError(`--version is ${asked}, and Pulumi.${stack}.yaml ${written}.`, {
    code: "version-differs",
    exit: "config",
    path: "--version",
    hint: `Leave --version out, commit ${asked} to Pulumi.${stack}.yaml, or add --set-config.`,
  });
}

function checkStep({ at, inFlight }: OpenStack, step: string): void {
  const steps = inFlight?.plan.steps ?? stepsOf(at.config.policy, { installed: true });
  const ids = steps.map(({ id }) => id);
  if (ids.includes(step)) return;
  throw new RolloutError(`--until is ${step}, and the plan has no such step.`, {
    code: "usage",
    exit: "config",
    path: "--until",
    hint: `Steps: ${ids.join(", ")}.`,
  });
}

/** An outcome as a verb's result. */
export function outcomeResult(
  context: CommandContext,
  outcome: Outcome,
  { expectChanges = false }: { readonly expectChanges?: boolean } = {},
): CommandResult {
  const text = renderOutcome(outcome, { color: context.color });
  const problem = problemOf(outcome);
  if (outcome.outcome === "nothing-to-do" && expectChanges) {
    const message = `${outcome.version} is in service already, and changes were expected.`;
    return { data: outcome, text, exit: exitCodes.nothingToDo, problem: { code: "nothing-to-do", message } };
  }
  return { data: outcome, text, exit: exitOf(outcome), ...(problem ? { problem } : {}) };
}
