import { budgetTerms, type Priority } from "../../analysis/budget-terms.ts";
import { RolloutError } from "../../errors/errors.ts";
import { buildPlan, type Change, planHash } from "../../plan/build-plan.ts";
import type { ChangeKind } from "../../types/change.ts";
import type { EnvironmentPolicy } from "../../types/policy.ts";
import { type Command, type CommandContext, type CommandResult, flag, textOption } from "../command.ts";
import { type OpenStack, openStack, type Served, servedVersion } from "../record-view.ts";
import { type PlanView, renderPlan } from "../render/plan.ts";
import { renderFigures } from "../render/plan-figures.ts";
import { atChange, changeOption, termsFor } from "../start.ts";
import { priorityOption } from "../urgency.ts";
import type { StackAt } from "../world.ts";
import { figureOptions, figuresOf, type PlanFigures, parseTraffic } from "./plan-figures.ts";
import type { Previewed } from "./plan-preview.ts";

export const planCommand: Command = {
  name: "plan",
  summary: "show what a rollout would do, without engine or cloud",
  options: [
    { flags: "--version <version>", summary: "the version to roll out (default: the stack's config)" },
    changeOption,
    priorityOption,
    ...figureOptions,
    { flags: "--preview", summary: "preview the next step in the engine too, judged by the guardrails" },
  ],
  examples: [
    "rollouts plan --stack prod",
    "rollouts plan --stack prod --traffic 100/s",
    "rollouts plan --stack prod --change bug-fix",
    "rollouts plan --stack prod --preview",
    "rollouts plan --stack prod --version 1.2.4 --json",
  ],
  handler: plan,
};

async function plan(context: CommandContext): Promise<CommandResult> {
  const opened = await openStack(context);
  const { at: bare, entries } = opened;
  const kind = textOption(context, "change") as ChangeKind | undefined;
  const { change } = termsFor(bare, kind);
  const at = atChange(bare, kind);
  const { config, stack } = at;
  const version = textOption(context, "version") ?? config.version;
  if (version === undefined) throw noVersion(stack, config.project);
  const served = servedVersion(entries);
  const bareView = planView(config.policy, { version, ...change }, served);
  const view = await withOpening(bareView, config.policy, bare.projectDir);
  const notes = notesOf(context, opened, { view, version, served });
  const text = renderPlan(view, { stack, color: context.color, notes });
  const expected = await expectedOf(context, view, { stack: opened, policy: config.policy });
  const result =
    expected === undefined
      ? { data: view, text }
      : { data: { ...view, expected }, text: `${text}\n\n${renderFigures(expected, context)}` };
  if (!flag(context, "preview")) return result;
  return await withPreview(context, at, { result, version, ...(change === undefined ? {} : { change }) });
}

/** The engine is only loaded where it is asked. */
async function withPreview(
  context: CommandContext,
  at: StackAt,
  {
    result,
    ...previewed
  }: Previewed & { readonly result: { readonly data: PlanView; readonly text: string } },
): Promise<CommandResult> {
  const { endedBy, previewStep, renderPreview } = await import("./plan-preview.ts");
  const preview = await previewStep(context, at, previewed);
  const text = `${result.text}\n\n${renderPreview(preview)}`;
  return { data: { ...result.data, preview }, text, ...endedBy(preview) };
}

/** What reads the tenants is loaded only where a flag is opened. */
async function withOpening(view: PlanView, policy: EnvironmentPolicy, projectDir: string): Promise<PlanView> {
  if (view.flag === undefined) return view;
  const { openingOf } = await import("./plan-opening.ts");
  const opening = await openingOf(view, { policy, projectDir });
  return opening === undefined ? view : { ...view, opening };
}

function notesOf(
  context: CommandContext,
  { inFlight }: OpenStack,
  {
    view,
    version,
    served,
  }: { readonly view: PlanView; readonly version: string; readonly served: Served | undefined },
): readonly string[] {
  return [
    ...(served === undefined ? ["no journal tells which version is in service: `run` asks the stack"] : []),
    ...(view.approvals.required > 0
      ? ["`run` asks for the approvals: its plan knows the image too, and so has another hash"]
      : []),
    ...budgetNotes(context, view),
    ...(view.opening?.notes ?? []),
    ...(served?.version === version ? [`${version} is in service already`] : []),
    ...(inFlight === undefined
      ? []
      : [
          `${inFlight.plan.to} is in flight (${inFlight.state.name} at ${inFlight.state.step}) and is finished or taken back first`,
        ]),
  ];
}

/** What the plan comes to at a traffic, where one is given or asked for. */
async function expectedOf(
  context: CommandContext,
  view: PlanView,
  { stack, policy }: { readonly stack: OpenStack; readonly policy: EnvironmentPolicy },
): Promise<PlanFigures | undefined> {
  const traffic = textOption(context, "traffic");
  if (flag(context, "measure")) {
    if (traffic !== undefined) throw trafficTwice();
    const { measure } = await import("./plan-measure.ts");
    const { stable, ...measured } = await measure(context, stack, policy);
    return { ...figuresOf(view, measured), stable };
  }
  if (traffic === undefined) return undefined;
  return figuresOf(view, { requestsPerSecond: parseTraffic(traffic), source: "--traffic" });
}

function trafficTwice(): RolloutError {
  const hint = "--measure asks the stack's own sources: leave one of the two out.";
  return new RolloutError("rollouts plan has 1 problem in its options.", {
    code: "usage",
    exit: "config",
    issues: [{ path: "--measure", rule: "not together with --traffic", hint }],
    hint,
  });
}

/** What is left of it is known where the stack's metrics are. */
function budgetNotes(context: CommandContext, { gates, change }: PlanView): readonly string[] {
  if (gates.slo === undefined) return [];
  const priority = textOption(context, "priority") as Priority | undefined;
  if (priority === undefined) return ["the error budget is asked by `run`"];
  const question = { band: "defer", priority, ...(change === undefined ? {} : { change }) } as const;
  const low = budgetTerms(question).verdict === "blocked" ? "blocks" : "doesn't block";
  return [`the error budget is asked by \`run\`: less than 20 % of it ${low} the priority ${priority}`];
}

/** Pure but for its inputs; the candidate's identity is known once the program has run, and not here. */
function planView(policy: EnvironmentPolicy, change: Change, served: Served | undefined): PlanView {
  const bare = buildPlan(policy, served?.version === "none" ? null : undefined, change);
  const known =
    served === undefined
      ? bare
      : {
          ...bare,
          from: served.version,
          identity: served.identity === undefined ? {} : { stable: served.identity },
        };
  return { ...known, planHash: planHash(known), origins: policy.origins };
}

/** The config names no version and neither does the command line. */
export function noVersion(stack: string, project: string): RolloutError {
  return new RolloutError(`No version is given: Pulumi.${stack}.yaml has no ${project}:version.`, {
    code: "version-missing",
    exit: "config",
    path: `Pulumi.${stack}.yaml: ${project}:version`,
    hint: `pulumi config set version 1.2.4 --stack ${stack}, or --version 1.2.4.`,
  });
}
