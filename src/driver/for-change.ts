import { normalizeConfig } from "../config/normalize.ts";
import { type Issue, RolloutError } from "../errors/errors.ts";
import { environmentOf, recommend } from "../plan/matrix.ts";
import { exposuresOf } from "../plan/steps.ts";
import type { ChangeKind, StrategyOverride } from "../types/change.ts";
import type { RolloutPlan } from "../types/plan.ts";
import type { EnvironmentPolicy } from "../types/policy.ts";

/** A stack's config, and what kind of change comes. */
export interface ChangeOfStack {
  /** `<project>:rollout` as it is written. */
  readonly written: unknown;
  /** What it comes to by itself. */
  readonly policy: EnvironmentPolicy;
  readonly stack: string;
  /** Absent: the stack's own strategy; on a stack of preset hotfix a hotfix. */
  readonly kind?: ChangeKind;
}

/** The policy of one rollout. */
export interface ChangeTerms {
  readonly policy: EnvironmentPolicy;
  readonly change?: { readonly kind: ChangeKind; readonly overridden?: StrategyOverride };
}

/**
 * The change picks the strategy by the matrix, the stack's config gives everything else; an explicit strategy of
 * config stands, with its reason. A hotfix of production takes the numbers of the preset hotfix (direct, its watch
 * and triggers, no CAB), with the approvers of the stack. Pure. Throws (exit 2) `override-reason-missing`,
 * `change-refused`, and `config-invalid` where the config lacks what the picked strategy needs.
 */
export function termsOf({ written, policy, stack, kind }: ChangeOfStack): ChangeTerms {
  const { preset, origins, strategy } = policy;
  if (kind === undefined) return preset === "hotfix" ? { policy, change: { kind: "hotfix" } } : { policy };
  if (preset === "hotfix" && kind !== "hotfix") throw onlyHotfixes(stack, kind);
  const own = origins["strategy"] === "config" ? strategy : undefined;
  const picked = recommend({ change: kind, environment: environmentOf(preset) }).strategy;
  const overrides = own !== undefined && own !== picked;
  if (overrides && policy.strategyReason === undefined) throw noReason(stack, { own, picked, kind });
  const overridden = { strategy: picked, reason: policy.strategyReason ?? "" };
  const change = { kind, ...(overrides ? { overridden } : {}) };
  const again = { written, policy, stack, kind, strategy: overrides ? own : picked };
  if (kind === "hotfix" && preset === "production") return { change, policy: hotfixOf(again) };
  if (overrides || strategy === picked) return { change, policy };
  return { change, policy: { ...withStrategy(again) } };
}

/** The policy under which a rollout that is in flight goes on: its plan has said how. */
export function policyOfPlan(
  policy: EnvironmentPolicy,
  { change, strategy, steps }: RolloutPlan,
): EnvironmentPolicy {
  if (change === undefined) return policy;
  const increments = exposuresOf(steps);
  return { ...policy, strategy, increments: increments.length === 0 ? policy.increments : increments };
}

interface Again extends ChangeOfStack {
  readonly kind: ChangeKind;
  readonly strategy: EnvironmentPolicy["strategy"];
}

/** The same config with another strategy: its own exposures, the stack's soak. */
function withStrategy(again: Again): EnvironmentPolicy {
  const { increments: _ofTheOther, strategyReason: _none, ...rest } = membersOf(again.written);
  const policy = normalized({ ...rest, strategy: again.strategy }, again);
  return { ...policy, origins: { ...policy.origins, strategy: "change" } };
}

/** What production's config says of normal rollouts (soak, triggers, the CAB) doesn't hold for a hotfix. */
function hotfixOf(again: Again): EnvironmentPolicy {
  const { policy } = again;
  const {
    soak: _s,
    increments: _i,
    gates,
    approvals,
    strategy: _own,
    windows: _w,
    promotedIn: _p,
    ...rest
  } = membersOf(again.written);
  const { strategyReason: _reason, ...kept } = rest;
  const hotfix = normalized(
    {
      ...kept,
      preset: "hotfix",
      ...(again.strategy === "direct" ? {} : { strategy: again.strategy }),
      ...(gates === undefined ? {} : { gates: healthAlone(gates) }),
      ...(approvals === undefined ? {} : { approvals: withoutBoard(approvals) }),
    },
    again,
  );
  const expiresSeconds = Math.min(hotfix.approvers.expiresSeconds, 3600);
  return {
    ...hotfix,
    preset: policy.preset,
    approvers: { ...hotfix.approvers, expiresSeconds },
    ...(policy.windows === undefined ? {} : { windows: policy.windows }),
    promotedIn: policy.promotedIn,
    origins: { ...policy.origins, ...hotfix.origins, preset: "config", strategy: "change" },
  };
}

function healthAlone(gates: unknown): Readonly<Record<string, unknown>> {
  const { health } = membersOf(gates);
  return health === undefined ? {} : { health };
}

function withoutBoard(approvals: unknown): unknown {
  if (typeof approvals !== "object" || approvals === null) return approvals;
  const { cab: _none, ...rest } = membersOf(approvals);
  return rest;
}

function membersOf(written: unknown): Readonly<Record<string, unknown>> {
  return Object(written);
}

function normalized(written: unknown, { stack, kind, strategy }: Again): EnvironmentPolicy {
  const result = normalizeConfig({ written, stack });
  if (!("issues" in result)) return result.policy;
  throw lacking(
    result.issues,
    `A ${kind} goes out as ${strategy}, and Pulumi.${stack}.yaml lacks what that needs.`,
  );
}

function lacking(issues: readonly Issue[], message: string): RolloutError {
  const [first] = issues;
  return new RolloutError(message, {
    code: "config-invalid",
    exit: "config",
    issues,
    ...(first === undefined ? {} : { hint: first.hint }),
  });
}

function onlyHotfixes(stack: string, kind: ChangeKind): RolloutError {
  return new RolloutError(`The stack ${stack} is of preset hotfix, and takes no ${kind}.`, {
    code: "change-refused",
    exit: "config",
    path: "--change",
    hint: "Leave --change out, or write preset: production: a hotfix is a change of it.",
  });
}

function noReason(
  stack: string,
  { own, picked, kind }: { readonly own: string; readonly picked: string; readonly kind: ChangeKind },
): RolloutError {
  return new RolloutError(
    `Pulumi.${stack}.yaml sets the strategy ${own}, a ${kind} takes ${picked}, and no reason is written.`,
    {
      code: "override-reason-missing",
      exit: "config",
      path: "rollout.strategyReason",
      hint: `Write strategyReason beside the strategy, or leave the strategy to the matrix: ${picked}.`,
    },
  );
}
