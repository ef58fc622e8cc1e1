import { formatDuration } from "../../lib/duration.ts";
import { ratioReplicas } from "../../plan/capacity.ts";
import { percentOf } from "../../plan/replica-ratio.ts";
import { exposuresOf } from "../../plan/steps.ts";
import type { PlanStep, RolloutPlan } from "../../types/plan.ts";
import type { Origin } from "../../types/policy.ts";
import type { PlanOpening } from "../commands/plan-opening.ts";
import { columns, painter } from "./human.ts";
import { entersText, flagRows, phaseOrigin, shareCell, shareHead } from "./plan-flag.ts";
import { gateRows, origin } from "./plan-gates.ts";

/** `data` of `plan --json`: the plan itself, its hash, and where each value came from. */
export interface PlanView extends RolloutPlan {
  readonly planHash: string;
  readonly origins: Readonly<Record<string, Origin>>;
  /** Where it opens a flag: what its phases come to. */
  readonly opening?: PlanOpening;
}

/** A plan for people: steps, gates, where each value came from, how long it takes. */
export function renderPlan(
  plan: PlanView,
  options: { readonly stack: string; readonly color: boolean; readonly notes: readonly string[] },
): string {
  const paint = painter(options.color);
  const { service, from, to, environment, duration } = plan;
  const shortest = minutes(duration.minSeconds);
  return [
    `${paint("bold", `${service} ${from} → ${to}`)}   ${wayText(plan)}, preset ${environment}, stack ${options.stack}`,
    "",
    columns([
      ["  ", "step", shareHead(plan), "then", "from"],
      ...plan.steps.map((step) => stepRow(step, plan)),
    ]),
    "",
    columns([["  ", "goes back when", "", "source", "from"], ...gateRows(plan)]),
    "",
    columns(settingRows(plan)),
    "",
    `  duration   ${shortest} … ${minutes(duration.maxSeconds)} (every soak passes at once … every soak and update takes its limit)`,
    `  plan       ${plan.planHash.slice(0, 16)}`,
    ...options.notes.map((note) => `  ${paint("yellow", "note")}       ${note}`),
  ].join("\n");
}

function movesPools({ steps }: RolloutPlan): boolean {
  return steps.some(({ kind }) => kind === "move");
}

/** `rolling for a bug-fix`; with an override, what it would have been and why it isn't. */
function wayText({ strategy, change, overridden }: RolloutPlan): string {
  if (change === undefined) return strategy;
  const instead = overridden === undefined ? "" : ` instead of ${overridden.strategy} (${overridden.reason})`;
  return `${strategy} for ${change}${instead}`;
}

/** As people plan their day: minutes up to 90, hours and minutes above. */
function minutes(seconds: number): string {
  if (seconds % 60 === 0 && seconds > 0 && seconds <= 5400) return `${seconds / 60} min`;
  return formatDuration(seconds);
}

function stepRow(step: PlanStep, plan: PlanView): readonly string[] {
  const { id, kind, tenants, soakSeconds, drainSeconds } = step;
  const watched =
    soakSeconds === undefined
      ? settlesFlag(step, plan)
        ? "the flag stays on"
        : effectOf(kind, plan.to, drainSeconds)
      : `watched for ${formatDuration(soakSeconds)}${tenants === undefined ? "" : `, ${tenants} of ${plan.cohort?.tenants} tenants`}`;
  const then = `${watched}${entersText(step, plan.opening)}`;
  if (kind === "phase") return ["  ", id, shareCell(step), then, phaseOrigin(step, plan)];
  return [
    "  ",
    id,
    shareCell(step),
    then,
    kind === "increment" ? origin(plan, incrementPaths(id, plan)) : "",
  ];
}

function settlesFlag({ kind }: PlanStep, { flag }: PlanView): boolean {
  return kind === "settle" && flag !== undefined;
}

function incrementPaths(id: string, plan: RolloutPlan): readonly string[] {
  const index = plan.steps.findIndex((step) => step.id === id);
  return [`increments[${index}].exposure`, `increments[${index}].soakSeconds`];
}

function effectOf(kind: PlanStep["kind"], to: string, drainSeconds = 0): string {
  switch (kind) {
    case "install":
    case "replace":
      return `${to} serves everybody`;
    case "stage":
      return `${to} comes up beside the version in service`;
    case "validate":
      return "only all-pass swaps";
    case "swap":
      return `${to} serves everybody`;
    case "move":
      return "the pool's pods move to new nodes";
    case "settle":
      return `${to} is the baseline`;
    case "promote-stable":
      return `stable takes ${to}`;
    case "promote-switch":
      return `traffic to stable, drain ${formatDuration(drainSeconds)}`;
    case "promote-clean":
      return "candidate removed";
    case "dark":
      return "the flag stays off";
    case "increment":
    case "phase":
      return "not watched";
  }
}

function settingRows(plan: PlanView): readonly (readonly string[])[] {
  const { approvals, hold, look, timeouts } = plan;
  const asked = `${approvals.required} approver${approvals.required === 1 ? "" : "s"}${approvals.cab ? " and the CAB" : ""}${approvals.expedited ? ", expedited; an emergency change has to follow" : ""}`;
  const extension = `${formatDuration(hold.stepSeconds)} at a time, up to ${hold.maxFactor} × the soak, then a person decides`;
  return [
    ["  ", "approvals", asked, origin(plan, ["approvals.required", "approvals.cab"])],
    ...startRows(plan),
    ...flagRows(plan, plan.opening),
    ...cohortRows(plan),
    ...ratioRows(plan),
    ...poolRows(plan),
    ["  ", "look", `every ${formatDuration(look.seconds)}`, origin(plan, ["lookSeconds"])],
    ["  ", "no proof", extension, origin(plan, ["hold.stepSeconds", "hold.maxFactor"])],
    [
      "  ",
      "an update",
      `at most ${formatDuration(timeouts.rolloutSeconds)}, read back within ${formatDuration(timeouts.confirmSeconds)}`,
      origin(plan, ["timeouts.rolloutSeconds", "timeouts.confirmSeconds"]),
    ],
  ];
}

/** Whom an increment touches: by requests nearly everybody who is busy, by tenants those alone. */
function cohortRows(plan: RolloutPlan): readonly (readonly string[])[] {
  if (!plan.steps.some(({ kind }) => kind === "increment")) return [];
  const [first] = plan.steps;
  if (plan.cohort === undefined) {
    const text = `requests: ${first?.exposure ?? 0} % of them touch nearly every busy tenant`;
    return [["  ", "cohort", text, "default"]];
  }
  const { tenants, header } = plan.cohort;
  const text = `tenants by ${header}: the first increment touches ${first?.tenants} of ${tenants}, and each keeps those before it`;
  return [["  ", "cohort", text, "config"]];
}

/** Pods of stable in the example: how many a stack has, its plan doesn't know. */
const examplePods = 6;

/** What an increment comes out to where pods are the share. Only the lever `replica-ratio` has a `service`. */
function ratioRows(plan: RolloutPlan & Partial<Pick<PlanView, "origins">>): readonly (readonly string[])[] {
  if (plan.origins?.["lever.service"] === undefined) return [];
  const shares = exposuresOf(plan.steps).flatMap(({ exposure }) => {
    if (exposure === 100) return [];
    const candidate = ratioReplicas({ exposure, stableReplicas: examplePods });
    const share = percentOf({ stable: examplePods, candidate });
    return [`${exposure} % is ${candidate} of ${examplePods + candidate} (${share} %)`];
  });
  if (shares.length === 0) return [];
  const rule =
    "without a router they are the share: the fewest new ones beside stable's that are at least it";
  return [
    ["  ", "pods", rule, origin(plan, ["lever.kind"])],
    ["  ", "", `beside ${examplePods} of stable: ${shares.join(", ")}`, ""],
  ];
}

/** What can be put back of nodes, and what can't. */
function poolRows(plan: RolloutPlan): readonly (readonly string[])[] {
  if (!movesPools(plan)) return [];
  return [
    [
      "  ",
      "way back",
      "a pool can't be put back to an older Kubernetes version: new nodes come beside the old",
      "",
    ],
    ["  ", "", "ones, which stay, emptied, until settle; to them the pods go back", ""],
    ["  ", "", "after settle the old nodes are gone, and an older version is a rollout of its own", ""],
  ];
}

/** What else has to hold at the start, where anything has to. */
function startRows(plan: RolloutPlan): readonly (readonly string[])[] {
  const { window, promotedIn } = plan.start;
  const windowText = window === "exempt" ? "a hotfix is exempt" : "starts only while it is open";
  const same = movesPools(plan) ? "version" : "image";
  const promotedText =
    promotedIn.length === 0 ? "a hotfix is exempt" : `the same ${same} in ${promotedIn.join(" and ")}`;
  const exempt = plan.change === "hotfix" && window === "exempt";
  return [
    ...(window === "none" ? [] : [["  ", "window", windowText, origin(plan, ["windows.rules"])]]),
    ...(promotedIn.length === 0 && !exempt
      ? []
      : [["  ", "promoted", promotedText, origin(plan, ["promotedIn.stacks"])]]),
  ];
}
