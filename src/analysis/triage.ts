import { type Issue, RolloutError } from "../errors/errors.ts";
import { formatDuration } from "../lib/duration.ts";
import type { Concern } from "../types/concern.ts";

/** What a person knows of an issue that was found during or after a rollout. */
export interface TriageInput {
  /** 1: data loss or corruption. 2: service degradation. 3: minor bug. */
  readonly severity: 1 | 2 | 3;
  /** Severity 3 asks for it. */
  readonly userFacing?: boolean;
  /** Share of failed requests, 0-100 %. Severity 2 asks for it. */
  readonly errorRatePercent?: number;
  /** What a watch of 10 min has shown. Absent: there was none yet. `unknown`: it showed neither. */
  readonly trend?: "improves" | "worsens" | "unknown";
  /** Named in the commands; default `STACK`. */
  readonly stack?: string;
}

export type TriageAction = "revert" | "watch" | "continue" | "revert-and-hotfix" | "file-bug";

/** A branch of the tree that was taken. */
export interface TriageBranch {
  readonly question: string;
  readonly answer: string;
}

export interface Triage {
  readonly action: TriageAction;
  /** Severity 1 is more than a bad version: whose people are called, and what is kept. */
  readonly concern?: Concern;
  /** The way through the tree, from its root. */
  readonly path: readonly TriageBranch[];
  /** For people. */
  readonly reason: string;
  /** What to do, in order: commands (they begin with `rollouts `) and what a person does. */
  readonly next: readonly string[];
  /** How long to look before the next question. */
  readonly watchSeconds?: number;
}

/** More than this share of failed requests goes back at once, percent. Exactly this much is watched. */
const errorLimitPercent = 1;
const watchSeconds = 600;
const severities = {
  1: "data loss or corruption",
  2: "service degradation",
  3: "minor bug",
} as const;

/**
 * The guide's "Rollback Decision Tree". It advises and touches nothing. The tree has no branch for a watch that shows
 * neither better nor worse: then the watch goes on, held, and a person decides. Pure. Throws `triage-input` (exit 2)
 * with everything that a branch asks for and that isn't given.
 */
export function triage(input: TriageInput): Triage {
  const issues = triageIssues(input);
  if (issues.length > 0) throw triageError(issues);
  const { severity, stack = "STACK" } = input;
  const what = `SEV${severity}: ${severities[severity]}`;
  const root = { question: "severity", answer: what };
  const follow = { input, what, stack, root };
  if (severity === 1) {
    const [abort = "", ...then] = revertNext(follow);
    const next = [`${abort} --concern corruption`, `rollouts evidence export --stack ${stack}`, ...then];
    const reason = "SEV1 goes back at once, and its evidence is kept";
    return { action: "revert", concern: "corruption", path: [root], reason, next };
  }
  return severity === 2 ? degraded(follow) : minor(follow);
}

/** Everything that keeps the tree from being followed. */
export function triageIssues({ severity, errorRatePercent, userFacing }: TriageInput): readonly Issue[] {
  const issues: Issue[] = [];
  if (![1, 2, 3].includes(severity)) {
    const received = String(severity);
    issues.push({ path: "--sev", received, rule: "one of 1, 2, 3", hint: "Write --sev 2." });
  }
  const share = errorRatePercent;
  if (share === undefined) {
    const hint = "Write the share of failed requests: --error-rate 0.4%.";
    if (severity === 2) issues.push({ path: "--error-rate", rule: "required with --sev 2", hint });
  } else if (!(share >= 0 && share <= 100)) {
    const rule = "a percentage from 0% to 100%, with its sign";
    issues.push({
      path: "--error-rate",
      received: String(share),
      rule,
      hint: "Write --error-rate 0.4%.",
    });
  }
  if (severity === 3 && userFacing === undefined) {
    const rule = "or --not-user-facing: required with --sev 3";
    issues.push({ path: "--user-facing", rule, hint: "Say whether users meet the bug." });
  }
  return issues;
}

/** The error of these issues, all of them. */
export function triageError(issues: readonly Issue[]): RolloutError {
  const count = issues.length === 1 ? "1 problem" : `${issues.length} problems`;
  const [first] = issues;
  return new RolloutError(`The decision tree can't be followed: ${count}.`, {
    code: "triage-input",
    exit: "config",
    issues,
    ...(first === undefined ? {} : { hint: first.hint }),
  });
}

interface Follow {
  readonly input: TriageInput;
  readonly what: string;
  readonly stack: string;
  readonly root: TriageBranch;
}

function degraded(follow: Follow): Triage {
  const { input, root } = follow;
  const share = input.errorRatePercent ?? Number.NaN;
  const over = share > errorLimitPercent;
  const limit = over ? `more than ${errorLimitPercent} %` : `not more than ${errorLimitPercent} %`;
  const path = [root, { question: "SLO impact", answer: `${share} % of the requests fail, ${limit}` }];
  if (over) {
    const reason = `SEV2 with more than ${errorLimitPercent} % errors goes back at once`;
    return { action: "revert", path, reason, next: revertNext(follow) };
  }
  return watched(follow, path, share);
}

function watched(follow: Follow, path: readonly TriageBranch[], share: number): Triage {
  const { stack, input } = follow;
  const watch = formatDuration(watchSeconds);
  const question = `after ${watch} of watching`;
  switch (input.trend) {
    case "improves":
      return {
        action: "continue",
        path: [...path, { question, answer: "improves" }],
        reason: "it gets better by itself: the rollout goes on",
        next: [`rollouts resume --stack ${stack} --by NAME`, `rollouts status --stack ${stack}`],
      };
    case "worsens":
      return {
        action: "revert",
        path: [...path, { question, answer: "worsens" }],
        reason: `it got worse within ${watch}`,
        next: revertNext(follow),
      };
    case "unknown":
      return {
        action: "watch",
        path: [...path, { question, answer: "neither better nor worse" }],
        reason: `the tree has no branch for it: hold, watch for another ${watch}, and ask the on-call SRE`,
        next: [...watchNext(follow, share), "ask the on-call SRE to decide, if it stays as it is"],
        watchSeconds,
      };
    default:
      return {
        action: "watch",
        path: [...path, { question, answer: "not watched yet" }],
        reason: `SEV2 with at most ${errorLimitPercent} % errors is watched for ${watch} first`,
        next: watchNext(follow, share),
        watchSeconds,
      };
  }
}

function minor(follow: Follow): Triage {
  const { input, root, stack } = follow;
  const question = "user-facing";
  if (input.userFacing) {
    return {
      action: "revert-and-hotfix",
      path: [root, { question, answer: "yes" }],
      reason: "users meet it: back to the version before, then a hotfix",
      next: [...revertNext(follow), `rollouts run --stack ${stack} --change hotfix`],
    };
  }
  return {
    action: "file-bug",
    path: [root, { question, answer: "no" }],
    reason: "no user meets it: it is fixed in the next release",
    next: ["file a bug", "fix it in the next release; the rollout goes on"],
  };
}

/** Execute, verify health, then RCA and incident report. */
function revertNext({ stack, what }: Follow): readonly string[] {
  return [
    `rollouts abort --stack ${stack} --by NAME --reason "${what}"`,
    `rollouts status --stack ${stack}`,
    "write the root cause analysis and the incident report",
  ];
}

function watchNext({ stack, what }: Follow, share: number): readonly string[] {
  // As many decimals as the option takes.
  const rate = Math.round(share * 1e4) / 1e4;
  const again = `rollouts triage --stack ${stack} --sev 2 --error-rate ${rate}%`;
  return [
    `rollouts pause --stack ${stack} --by NAME --reason "${what}"`,
    `rollouts status --stack ${stack}`,
    `${again} --trend improves`,
    `${again} --trend worsens`,
  ];
}
