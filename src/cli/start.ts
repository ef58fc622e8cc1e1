import { policyOfPlan, termsOf } from "../driver/for-change.ts";
import type { RunOptions } from "../driver/run.ts";
import { RolloutError } from "../errors/errors.ts";
import { changeKinds } from "../plan/matrix.ts";
import type { Identity } from "../types/approval.ts";
import type { ChangeKind } from "../types/change.ts";
import type { RolloutPlan } from "../types/plan.ts";
import { type CommandContext, type OptionSpec, textOption } from "./command.ts";
import { userName } from "./drive.ts";
import type { OpenStack } from "./record-view.ts";
import { incidentOption, priorityOption, refuseOtherUrgency, urgencyOf } from "./urgency.ts";
import type { StackAt } from "./world.ts";

/** What the version brings. */
export const changeOption: OptionSpec = {
  flags: "--change <kind>",
  summary: "what the version brings: picks the strategy by the decision matrix (default: the stack's own)",
  choices: changeKinds,
};

/** Options of every verb that starts a rollout. */
export const startOptions: readonly OptionSpec[] = [
  changeOption,
  priorityOption,
  incidentOption,
  { flags: "--change-request <id>", summary: "the CAB's change, read when the rollout starts" },
  { flags: "--about <text>", summary: "what the version changes, for the messages" },
];

/** How a rollout starts: the stack under the policy of its change, and what the driver has to know of it. */
export interface Start {
  readonly at: StackAt;
  readonly options: Pick<
    RunOptions,
    "change" | "changeRequest" | "requesters" | "priority" | "incident" | "about"
  >;
}

/** Reads the options of a start. A rollout in flight goes on as its plan says. */
export function startOf(context: CommandContext, { at, inFlight }: OpenStack): Start {
  const changeRequest = textOption(context, "changeRequest");
  const told = {
    requesters: callers(context.env),
    ...(changeRequest === undefined ? {} : { changeRequest }),
  };
  const kind = textOption(context, "change") as ChangeKind | undefined;
  const urgency = urgencyOf(context);
  const about = textOption(context, "about");
  if (inFlight !== undefined) {
    if (kind !== undefined && kind !== inFlight.plan.change) throw otherChange(inFlight.plan, kind);
    refuseOtherUrgency(inFlight.plan, urgency);
    return { at: atPlan(at, inFlight.plan), options: told };
  }
  const { change } = termsFor(at, kind);
  return {
    at: atChange(at, kind),
    options: {
      ...told,
      ...urgency,
      ...(change === undefined ? {} : { change }),
      ...(about === undefined ? {} : { about }),
    },
  };
}

/** A stack under the policy that a change makes of its config. */
export function atChange(at: StackAt, kind: ChangeKind | undefined): StackAt {
  if (kind === undefined) return at;
  const adapt: StackAt["adapt"] = (read) => termsOf({ ...read, stack: at.stack, kind }).policy;
  return { ...at, adapt, config: { ...at.config, policy: termsFor(at, kind).policy } };
}

/** What a change makes of a stack's config. */
export function termsFor({ config, stack }: StackAt, kind: ChangeKind | undefined) {
  const { rollout: written, policy } = config;
  return termsOf({ written, policy, stack, ...(kind === undefined ? {} : { kind }) });
}

/** A stack under the plan of what is in flight. */
export function atPlan(at: StackAt, plan: RolloutPlan | undefined): StackAt {
  if (plan?.change === undefined) return at;
  return {
    ...at,
    adapt: ({ policy }) => policyOfPlan(policy, plan),
    config: { ...at.config, policy: policyOfPlan(at.config.policy, plan) },
  };
}

/** Who calls, under every name that the machine gives them: enough to rule them out, never to count them. */
export function callers(env: NodeJS.ProcessEnv): readonly Identity[] {
  const names = [userName(env), env["USER"], env["GIT_AUTHOR_EMAIL"], env["BUILD_REQUESTEDFOREMAIL"]];
  const actors = [env["GITHUB_ACTOR"], env["GITHUB_TRIGGERING_ACTOR"]];
  return [
    ...given(names).map((id): Identity => ({ source: "environment", id })),
    ...given(actors).map((id): Identity => ({ source: "github", id })),
  ];
}

function given(names: readonly (string | undefined)[]): readonly string[] {
  return [...new Set(names.flatMap((name) => (name === undefined || name === "" ? [] : [name])))];
}

function otherChange({ to, change, strategy }: RolloutPlan, asked: ChangeKind): RolloutError {
  const as = change === undefined ? "without a change" : `as ${change}`;
  return new RolloutError(`${to} is in flight ${as} (${strategy}); --change ${asked} can't change its way.`, {
    code: "rollout-in-flight",
    exit: "blocked",
    path: "--change",
    hint: "Leave --change out to finish it, or take it back (`rollouts abort`).",
  });
}
