import { exitOf, type Outcome } from "../../driver/outcome.ts";
import { RolloutError } from "../../errors/errors.ts";
import type { ChangeKind } from "../../types/change.ts";
import { type Command, type CommandContext, type CommandResult, textOption } from "../command.ts";
import type { Rehearsal } from "../compose/rehearsal.ts";
import type { MessageServer } from "../compose/rehearsed-messages.ts";
import { problemOf, renderOutcome } from "../render/outcome.ts";
import { createTimeline } from "../render/timeline.ts";
import { formatSeconds } from "../render/words.ts";
import { atChange, changeOption, termsFor } from "../start.ts";

/** `rollouts rehearse`: a production rollout before it starts, with faults, in a cloud in memory. */
export const rehearseCommand: Command = {
  name: "rehearse",
  summary: "run the stack's rollout on the sandbox: real engine, program and driver, a cloud in memory",
  options: [
    { flags: "--version <version>", summary: "version to roll out (default: the one in config)" },
    {
      flags: "--from <version>",
      summary: "version in service before (default: the patch before, else 0.0.0)",
    },
    {
      flags: "--fault <faults>",
      summary:
        "what goes wrong, comma between several: errors=3%@20,slow-router@50,errors=5%@flag-25 (docs/sandbox.md)",
    },
    changeOption,
    {
      flags: "--messages-to <urls>",
      summary:
        "servers on this machine that the stack's messages are sent to: https://127.0.0.1:8443,slack=https://127.0.0.1:8444 (docs/messages.md)",
    },
    { flags: "--seed <n>", summary: "decides the jitter of the traffic (default 1)" },
  ],
  examples: [
    "rollouts rehearse --stack prod",
    "rollouts rehearse --stack prod --fault errors=3%@20",
    "rollouts rehearse --stack prod --fault metrics-outage@20 --json",
  ],
  handler: rehearse,
};

async function rehearse(context: CommandContext): Promise<CommandResult> {
  const { stack, projectDir, world, talk } = context;
  const loaded = await world.loadConfig({ projectDir, stack });
  const kind = textOption(context, "change") as ChangeKind | undefined;
  const at = { projectDir, stack, config: loaded };
  const { change } = termsFor(at, kind);
  const { config } = atChange(at, kind);
  const version = textOption(context, "version") ?? config.version;
  if (version === undefined) {
    throw new RolloutError(`The stack ${stack} has no version.`, {
      code: "version-missing",
      exit: "config",
      path: `${config.project}:version`,
      hint: `Write ${config.project}:version in Pulumi.${stack}.yaml, or give --version.`,
    });
  }
  const { parseFault } = await import("../../sandbox/faults.ts");
  const faults = (textOption(context, "fault") ?? "")
    .split(",")
    .filter((text) => text !== "")
    .map(parseFault);
  const messagesTo = await serversOf(context);
  const { openRehearsal } = await import("../compose/rehearsal.ts");
  const { loadProgram } = await import("../compose/program.ts");
  const timeline = createTimeline({ color: talk.color });
  const rehearsal = await openRehearsal({
    projectDir,
    stack,
    config,
    ...(change === undefined ? {} : { change }),
    program: await loadProgram({ projectDir, main: config.main }),
    baseline: textOption(context, "from") ?? patchBefore(version),
    faults,
    ...(messagesTo === undefined ? {} : { messagesTo }),
    seed: seedOf(context),
    runtime: context.runtime,
    log: (line) => talk.line(line),
    observer: (entry) => {
      const line = timeline(entry);
      if (line !== undefined) talk.line(line);
    },
  });
  try {
    const outcome = await rehearsal.run(version);
    return resultOf(context, outcome, rehearsal.flags);
  } finally {
    await rehearsal.close();
  }
}

/**
 * `data` says `cause` in words and the revert's times, as the demo does; of a flag that went off again also how long the
 * last application still showed it.
 */
function resultOf(context: CommandContext, outcome: Outcome, flags: Rehearsal["flags"]): CommandResult {
  const problem = problemOf(outcome);
  const offShownMs = flags?.offShownMs();
  const text = renderOutcome(outcome, { color: context.color });
  return {
    data: { ...rehearsalData(outcome), ...(offShownMs === undefined ? {} : { flag: { offShownMs } }) },
    text: offShownMs === undefined ? text : `${text}\n${shownLine(offShownMs, flags)}`,
    exit: exitOf(outcome),
    ...(problem ? { problem } : {}),
  };
}

function shownLine(offShownMs: number, flags: Rehearsal["flags"]): string {
  const count = flags?.clients.shown.length ?? 0;
  return `  clients  the last of ${count} showed the flag off ${formatSeconds(offShownMs)} after it was written`;
}

/** One rehearsed run for machines: `data` of `rehearse --json`, a member of the demo's `data.runs`. */
export function rehearsalData(outcome: Outcome): Readonly<Record<string, unknown>> {
  const { version, exposures, cause, failedAt, heldAt, revert, journal } = outcome;
  return {
    version,
    outcome: outcome.outcome,
    exposures,
    ...(cause ? { cause } : {}),
    ...(failedAt === undefined ? {} : { failedAt }),
    ...(heldAt === undefined ? {} : { heldAt }),
    ...(revert ? { revert } : {}),
    journal,
  };
}

async function serversOf(context: CommandContext): Promise<readonly MessageServer[] | undefined> {
  const text = textOption(context, "messagesTo");
  if (text === undefined) return undefined;
  const { parseMessageServers } = await import("../compose/rehearsed-messages.ts");
  return parseMessageServers(text);
}

function seedOf(context: CommandContext): number {
  const text = textOption(context, "seed") ?? "1";
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new RolloutError(`--seed is ${JSON.stringify(text)}: a whole number of at most 9 digits.`, {
    code: "usage",
    exit: "config",
    path: "--seed",
    hint: "Write --seed 1.",
  });
}

/** 1.2.3 for 1.2.4: some version has to be in service before. */
function patchBefore(version: string): string {
  const { head, patch } = /^(?<head>\d+\.\d+\.)(?<patch>\d+)/.exec(version)?.groups ?? {};
  const before = Number(patch ?? 0) - 1;
  return head !== undefined && before >= 0 ? `${head}${before}` : "0.0.0";
}
