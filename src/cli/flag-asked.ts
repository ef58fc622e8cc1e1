import { nearest } from "../config/suggest.ts";
import { type Issue, RolloutError } from "../errors/errors.ts";
import { type CommandContext, flag, type OptionSpec, textOption } from "./command.ts";
import type { Probe } from "./flag-probe.ts";

export const flagActions = ["status", "off", "on", "cohort"] as const;
type Action = (typeof flagActions)[number];

/** What `rollouts flag` is asked for. */
export type FlagAsked =
  | {
      readonly action: "status";
      /** Whose answer; groups absent: those of the tenants' file. */
      readonly tenant?: { readonly id: string; readonly groups?: readonly string[] };
    }
  | ({ readonly action: "off"; readonly probe?: Probe; readonly converge: boolean } & Decided)
  | ({ readonly action: "on" } & Decided)
  | {
      readonly action: "cohort";
      /** `beta` or a percentage; absent: every phase. */
      readonly at?: string;
    };

/** Who, and why. */
export interface Decided {
  readonly by: string;
  readonly reason: string;
}

export const flagOptions: readonly OptionSpec[] = [
  { flags: "--by <name>", summary: "of off and on, required: who decides" },
  { flags: "--reason <text>", summary: "of off and on, required: why" },
  {
    flags: "--probe <url>",
    summary: "of off: ask the application at this URL until it shows the flag off, and print the time",
  },
  {
    flags: "--expect <text>",
    summary:
      "what its answer holds then (default: false or off, as the whole answer or as its JSON member named as the flag, or enabled)",
    needs: "probe",
  },
  { flags: "--no-converge", summary: "of off: leave the stack for later" },
  { flags: "--tenant <id>", summary: "of status: what the application answers this tenant" },
  {
    flags: "--group <names>",
    summary: "groups of the tenant, commas between them (default: as in the file of the tenants)",
    needs: "tenant",
  },
  { flags: "--at <phase>", summary: "of cohort: one phase alone, beta or its percentage" },
];

/** Which action takes which option. */
const takes: Readonly<Record<string, readonly Action[]>> = {
  by: ["off", "on"],
  reason: ["off", "on"],
  probe: ["off"],
  expect: ["off"],
  "no-converge": ["off"],
  tenant: ["status"],
  group: ["status"],
  at: ["cohort"],
};

/** Reads the command line. Throws `usage` (exit 2) with every problem. */
export function flagAsked(context: CommandContext): FlagAsked {
  const action = actionOf(context.argument ?? "");
  const url = textOption(context, "probe");
  const issues = [...strays(context, action), ...missing(context, action), ...probeIssues(url)];
  const [first] = issues;
  if (first !== undefined) {
    const problems = issues.length === 1 ? "1 problem" : `${issues.length} problems`;
    throw new RolloutError(`rollouts flag ${action} has ${problems} in its options.`, {
      code: "usage",
      exit: "config",
      issues,
      hint: first.hint,
    });
  }
  const by = textOption(context, "by") ?? "";
  const reason = textOption(context, "reason") ?? "";
  switch (action) {
    case "status":
      return { action, ...tenantOf(context) };
    case "cohort": {
      const at = textOption(context, "at");
      return { action, ...(at === undefined ? {} : { at }) };
    }
    case "on":
      return { action, by, reason };
    case "off": {
      const expect = textOption(context, "expect");
      const probe = url === undefined ? {} : { probe: { url, ...(expect === undefined ? {} : { expect }) } };
      return { action, by, reason, converge: !isGiven(context, "no-converge"), ...probe };
    }
  }
}

function actionOf(word: string): Action {
  const action = flagActions.find((one) => one === word);
  if (action !== undefined) return action;
  const near = nearest(word, flagActions);
  throw new RolloutError(`rollouts flag can't ${JSON.stringify(word)}.`, {
    code: "usage",
    exit: "config",
    hint: near === undefined ? `It can ${flagActions.join(", ")}.` : `Did you mean ${near}?`,
  });
}

function isGiven(context: CommandContext, name: string): boolean {
  if (name === "no-converge") return context.options["converge"] === false;
  return textOption(context, name) !== undefined || flag(context, name);
}

function strays(context: CommandContext, action: Action): readonly Issue[] {
  return Object.entries(takes).flatMap(([name, actions]) => {
    if (actions.includes(action) || !isGiven(context, name)) return [];
    const rule = `only with ${actions.join(" and ")}`;
    return [{ path: `--${name}`, rule, hint: `Leave --${name} out.` }];
  });
}

/** What is done to everybody has a name and a reason. */
function missing(context: CommandContext, action: Action): readonly Issue[] {
  if (action !== "off" && action !== "on") return [];
  return ["by", "reason"].flatMap((name) => {
    if (textOption(context, name)?.trim()) return [];
    const hint = name === "by" ? "Write --by dana." : 'Write --reason "corrupted records".';
    return [{ path: `--${name}`, rule: "required", hint }];
  });
}

function probeIssues(url: string | undefined): readonly Issue[] {
  if (url === undefined) return [];
  const protocol = URL.canParse(url) ? new URL(url).protocol : "";
  if (protocol === "http:" || protocol === "https:") return [];
  const hint = "Write --probe https://atp.example/features/audit-trail.";
  return [{ path: "--probe", received: JSON.stringify(url), rule: "a URL of http or https", hint }];
}

function tenantOf(context: CommandContext): Pick<Extract<FlagAsked, { action: "status" }>, "tenant"> {
  const id = textOption(context, "tenant");
  if (id === undefined) return {};
  const groups = textOption(context, "group")?.split(",");
  return { tenant: { id, ...(groups === undefined ? {} : { groups }) } };
}
