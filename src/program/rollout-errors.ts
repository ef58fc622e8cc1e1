import type { RolloutClaim } from "../components/rollout.ts";
import { RolloutError } from "../errors/errors.ts";
import type { FlagConfig } from "../types/flag-config.ts";
import type { StrategyKind } from "../types/plan.ts";
import type { EnvironmentPolicy } from "../types/policy.ts";

export function claimedTwice(first: string, second: string): RolloutError {
  return new RolloutError(`The rollout belongs to ${first}; ${second} can't take it too.`, {
    code: "rollout-claimed-twice",
    exit: "config",
    hint: "one component with a rollout per program: put the second service into a project of its own",
  });
}

/** The lever moves the route of the policy's service: another name would be a fast way that moves nothing. */
export function otherService(component: string, policy: EnvironmentPolicy): RolloutError {
  return new RolloutError(`The component is ${component}, and rollout.service is ${policy.service}.`, {
    code: "service-mismatch",
    exit: "config",
    path: "rollout.service",
    hint: "give both the same name",
  });
}

export function notRendered(claim: RolloutClaim, strategy: StrategyKind): RolloutError {
  const known = claim.strategies.join(" or ");
  return new RolloutError(`${claim.component} renders ${known}, and the rollout's strategy is ${strategy}.`, {
    code: "strategy-not-rendered",
    exit: "config",
    path: "rollout.strategy",
    hint: `set rollout.strategy to ${known}, or use a component of that strategy`,
  });
}

export function notUsed(): RolloutError {
  return new RolloutError("No component of the program takes part in the rollout.", {
    code: "rollout-not-used",
    exit: "config",
    hint: "pass `rollout` to a component: new CanaryDeployment(name, { rollout, … })",
  });
}

export function flagMissing(component: string): RolloutError {
  return new RolloutError(`${component} renders a flag, and the stack's config has none.`, {
    code: "flag-missing",
    exit: "config",
    path: "rollout.flag",
    hint: "write flag: { id: …, endpoint: … }, or make the component in those stacks alone that have one",
  });
}

export function flagBeforeService(component: string): RolloutError {
  return new RolloutError(`${component} comes before the service whose code it opens.`, {
    code: "flag-before-service",
    exit: "config",
    hint: "make the service's component first; a flag alone has the lever app-configuration",
  });
}

export function flagIsAlone(component: string): RolloutError {
  return new RolloutError(`${component} can't take the rollout: the stack's lever is app-configuration.`, {
    code: "flag-is-alone",
    exit: "config",
    path: "rollout.lever.kind",
    hint: "name the lever of the service's route, and leave the flag beside it",
  });
}

export function flagNotRendered({ spec }: FlagConfig): RolloutError {
  return new RolloutError(`The stack's config has the flag ${spec.id}, and no component renders it.`, {
    code: "flag-not-rendered",
    exit: "config",
    path: "rollout.flag",
    hint: "new FeatureFlagRollout(name, { rollout, … }), or take flag out of the config",
  });
}
