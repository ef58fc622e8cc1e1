import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { text } from "node:stream/consumers";
import { exitCodes, RolloutError } from "../../errors/errors.ts";
import { messageOf } from "../../lib/error-message.ts";
import { servesAsOne, stepsOf } from "../../plan/steps.ts";
import type { EnvironmentPolicy } from "../../types/policy.ts";
import { parseBins, type Recording } from "../bins.ts";
import type { Command, CommandContext, CommandResult } from "../command.ts";
import { openPorts } from "../compose/ports.ts";
import type { Decision } from "../decision.ts";
import { type Asked, askedOf, judgeOptions } from "../judge-options.ts";
import { watchLive } from "../live.ts";
import { painter } from "../render/human.ts";
import { renderDecision, renderLook, renderReplay } from "../render/judge.ts";
import { replay } from "../replay.ts";
import { metricsOf } from "../versions-of.ts";

export const judgeCommand: Command = {
  name: "judge",
  summary: "judge a canary beside stable, recorded or live, by limits and evidence; it moves nothing",
  needsStack: false,
  options: judgeOptions,
  examples: [
    "rollouts judge --bins canary.jsonl",
    "rollouts judge --bins - --tolerance 2 --limit 0.5% --json < canary.jsonl",
    "rollouts judge --live --stack prod --duration 15m --interval 2m",
  ],
  handler,
};

async function handler(context: CommandContext): Promise<CommandResult> {
  const asked = askedOf(context);
  return asked.mode === "bins" ? await judgeBins(context, asked) : await judgeLive(context, asked);
}

async function judgeBins(
  context: CommandContext,
  { file, options }: Extract<Asked, { mode: "bins" }>,
): Promise<CommandResult> {
  const recording: Recording = parseBins(await contentOf(context, file));
  const found = replay(recording, options);
  const shown = renderReplay(recording, found, { color: context.color });
  return { data: { ...found, binMs: recording.binMs, options }, text: shown, ...ended(found.decision) };
}

async function contentOf({ projectDir }: CommandContext, file: string): Promise<string> {
  try {
    return file === "-" ? await text(process.stdin) : await readFile(resolve(projectDir, file), "utf8");
  } catch (error) {
    throw new RolloutError(`The recorded bins can't be read: ${messageOf(error)}`, {
      code: "bins-unreadable",
      exit: "config",
      path: "--bins",
      hint: "Write --bins FILE, or --bins - for standard input.",
    });
  }
}

async function judgeLive(
  context: CommandContext,
  { stack, durationMs, intervalMs }: Extract<Asked, { mode: "live" }>,
): Promise<CommandResult> {
  const { projectDir, env, runtime, world, talk } = context;
  const { policy } = await world.loadConfig({ projectDir, stack });
  assertCompared(policy);
  const ports = await openPorts(policy, runtime, { projectDir, env });
  const metrics = await metricsOf(ports, context);
  const paint = painter(talk.color);
  const { gates, service } = policy;
  const heard = (look: Parameters<typeof renderLook>[0]) => talk.line(renderLook(look, paint));
  const options = { gates, durationMs, intervalMs, heard };
  const { fromMs, decision, looks } = await watchLive({ ...ports, metrics }, options, runtime);
  const last = looks.at(-1)?.readings ?? [];
  const from = new Date(fromMs).toISOString();
  const data = { stack, service, source: metrics.name, from, decision, looks: looks.length, gates: last };
  return { data, text: renderDecision(decision, painter(context.color)), ...ended(decision, liveHints) };
}

const liveHints = {
  revert: "Take the canary back: nothing here has moved traffic.",
  hold: "Nothing is proved yet: watch longer, or let a person decide.",
};

/** Where one side alone ever serves there is no canary beside stable to watch. */
function assertCompared(policy: EnvironmentPolicy): void {
  if (!servesAsOne(stepsOf(policy, { installed: true }))) return;
  throw new RolloutError(`With the strategy ${policy.strategy} no canary stands beside stable.`, {
    code: "nothing-to-compare",
    exit: "config",
    path: "rollout.strategy",
    hint: "`rollouts run` watches a version in stable's place, and takes it back.",
  });
}

/** Exit code and reason: only a promotion is a success. */
function ended(
  { kind, message }: Decision,
  hints: Readonly<Partial<Record<Decision["kind"], string>>> = {},
): Pick<CommandResult, "exit" | "problem"> {
  if (kind === "promote") return {};
  const hint = hints[kind] === undefined ? {} : { hint: hints[kind] };
  return kind === "revert"
    ? { exit: exitCodes.reverted, problem: { code: "breached", message, ...hint } }
    : { exit: exitCodes.held, problem: { code: "not-proved", message, ...hint } };
}
