import { parsePercent } from "../config/percent.ts";
import { type Issue, RolloutError } from "../errors/errors.ts";
import { parseDuration } from "../lib/duration.ts";
import { type CommandContext, flag, type OptionSpec, textOption } from "./command.ts";
import { type ReplayOptions, replayDefaults } from "./replay.ts";

/** Recorded bins, or the stack itself from now on. */
export type Asked =
  | { readonly mode: "bins"; readonly file: string; readonly options: ReplayOptions }
  | {
      readonly mode: "live";
      readonly stack: string;
      readonly durationMs: number;
      readonly intervalMs: number;
    };

const { odds, tolerance, noise, limitPercent: usualLimit } = replayDefaults;

export const judgeOptions: readonly OptionSpec[] = [
  { flags: "--bins <file>", summary: "judge recorded bins, one JSON object a line; - reads standard input" },
  {
    flags: "--tolerance <times>",
    summary: `of bins: how many times stable's share is allowed (default: ${tolerance})`,
  },
  { flags: "--odds <odds>", summary: `of bins: the evidence that reverts, to 1 (default: ${odds})` },
  {
    flags: "--noise <deviation>",
    summary: `of bins: what differs from minute to minute (default: ${noise})`,
  },
  {
    flags: "--limit <percent>",
    summary: `of bins: the share of failed requests that is allowed (default: ${usualLimit}%)`,
  },
  {
    flags: "--live",
    summary: "watch the stack's metrics and health from now on, by its own gates; it moves nothing",
  },
  { flags: "--stack <name>", summary: "of --live: the stack, as in Pulumi.<name>.yaml" },
  { flags: "--duration <time>", summary: "of --live: how long it watches (default: 15m)" },
  { flags: "--interval <time>", summary: "of --live: how often it looks (default: 2m)" },
];

const ofBins = ["tolerance", "odds", "noise", "limit"] as const;
const ofLive = ["stack", "duration", "interval"] as const;

/** Reads the options. Throws `usage` (exit 2) with every problem. */
export function askedOf(context: CommandContext): Asked {
  const file = textOption(context, "bins");
  const live = flag(context, "live");
  const issues: Issue[] = [];
  if ((file === undefined) === !live) throw usage([eitherOr(live)]);
  for (const name of live ? ofBins : ofLive) {
    if (textOption(context, name) === undefined) continue;
    const other = live ? "--live" : "--bins";
    const hint = live
      ? "With --live the stack's own gates count."
      : "Recorded bins need no stack and no time.";
    issues.push({ path: `--${name}`, rule: `not together with ${other}`, hint });
  }
  const asked = file === undefined ? liveOf(context, issues) : binsOf(context, file, issues);
  if (issues.length > 0) throw usage(issues);
  return asked;
}

function eitherOr(both: boolean): Issue {
  const path = both ? "--live" : "--bins";
  const rule = both ? "not together with --bins" : "required, or --live";
  return { path, rule, hint: "`--bins FILE` judges what was recorded, `--live --stack NAME` what comes." };
}

function binsOf(context: CommandContext, file: string, issues: Issue[]): Asked {
  const number = (name: string, usual: number, { rule, fits }: Rule) => {
    const written = textOption(context, name);
    if (written === undefined) return usual;
    const value = /^\d+(\.\d+)?$/.test(written) ? Number(written) : Number.NaN;
    if (!fits(value)) issues.push(wrong(name, written, { rule, hint: `Write --${name} ${usual}.` }));
    return value;
  };
  const limit = textOption(context, "limit");
  const limitPercent = limit === undefined ? usualLimit : (parsePercent(limit) ?? Number.NaN);
  if (!(limitPercent > 0 && limitPercent < 100)) {
    const advice = { rule: "a percentage above 0 % and below 100 %", hint: "Write --limit 1%." };
    issues.push(wrong("limit", limit ?? "", advice));
  }
  const options = {
    tolerance: number("tolerance", tolerance, { rule: "a number from 1", fits: (value) => value >= 1 }),
    odds: number("odds", odds, { rule: "a number above 1", fits: (value) => value > 1 }),
    noise: number("noise", noise, { rule: "a number from 0", fits: (value) => value >= 0 }),
    limitPercent,
  };
  return { mode: "bins", file, options };
}

function liveOf(context: CommandContext, issues: Issue[]): Asked {
  if (context.stack === "")
    issues.push({ path: "--stack", rule: "required with --live", hint: "Add --stack prod." });
  const time = (name: string, usual: string) => {
    const written = textOption(context, name) ?? usual;
    const parsed = parseDuration(written);
    if (!parsed.ok) issues.push(wrong(name, written, parsed));
    else if (parsed.ms < 1000)
      issues.push(wrong(name, written, { rule: "at least 1s", hint: `Write --${name} ${usual}.` }));
    return parsed.ok ? parsed.ms : 0;
  };
  return {
    mode: "live",
    stack: context.stack,
    durationMs: time("duration", "15m"),
    intervalMs: time("interval", "2m"),
  };
}

interface Rule {
  readonly rule: string;
  readonly fits: (value: number) => boolean;
}

function wrong(name: string, written: string, { rule, hint }: Pick<Issue, "rule" | "hint">): Issue {
  return { path: `--${name}`, received: JSON.stringify(written), rule, hint };
}

function usage(issues: readonly Issue[]): RolloutError {
  const count = issues.length === 1 ? "1 problem" : `${issues.length} problems`;
  return new RolloutError(`rollouts judge has ${count} in its options.`, {
    code: "usage",
    exit: "config",
    issues,
    ...(issues[0] === undefined ? {} : { hint: issues[0].hint }),
  });
}
