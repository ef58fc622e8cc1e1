import { all, type CustomResource, type ID, type Output, unsecret } from "@pulumi/pulumi";
import type { ClaimedRollout, Rollout, RolloutClaim, RolloutOutputs } from "../components/rollout.ts";
import { RolloutError } from "../errors/errors.ts";
import { snapshotOf } from "../plan/identity.ts";
import { nextRelease } from "../plan/next-release.ts";
import { recordSteps, stepsOf } from "../plan/steps.ts";
import type { Resolved, Target, Way } from "../types/engine.ts";
import type { StrategyKind } from "../types/plan.ts";
import type { EnvironmentPolicy } from "../types/policy.ts";
import type { Release } from "../types/release.ts";
import type { WorkloadSnapshot } from "../types/workload.ts";

/** Everything that a run of the program was started with. */
export interface RolloutInput {
  readonly policy: EnvironmentPolicy;
  /** Name of the stack. */
  readonly environment: string;
  readonly record: Release | undefined;
  readonly target: Target;
  /** Hears what the target came to, before a resource is registered. */
  report(resolved: Resolved): void;
}

/** The rollout of one run. Holds the one claim and the resources that carry the release. */
export function createRollout(input: RolloutInput): Rollout {
  let owner: { readonly component: string; readonly claimed: ClaimedRollout } | undefined;
  const ids: Output<ID>[] = [];
  return {
    version: input.target.version,
    environment: input.environment,
    claim(claim) {
      if (owner !== undefined) throw claimedTwice(owner.component, claim.component);
      const claimed = resolve(input, claim);
      owner = { component: claim.component, claimed };
      return claimed;
    },
    track(resources: readonly CustomResource[]) {
      ids.push(...resources.map(({ id }) => id));
    },
    outputs() {
      if (owner === undefined) throw notUsed();
      return outputsOf(owner.claimed.release, ids);
    },
  };
}

function resolve(input: RolloutInput, claim: RolloutClaim): ClaimedRollout {
  const { policy, record, target } = input;
  if (claim.component !== policy.service) throw otherService(claim, policy);
  const { strategy, increments } = wayOf(input);
  if (!claim.strategies.includes(strategy)) throw notRendered(claim, strategy);
  const desired = snapshotOf({ version: target.version, workload: claim.workload });
  const { release, notes } = releaseOf(input, claim, desired);
  input.report({ ...(record === undefined ? {} : { record }), release, desired, notes });
  return {
    release,
    ...(policy.cohort === undefined || strategy !== "canary" ? {} : { cohort: policy.cohort }),
    ...(policy.lever.kind === "node-pools" ? { nodePools: policy.lever } : {}),
    intent: {
      strategy,
      environment: input.environment,
      step: release.step,
      from: exposureBefore(record, release),
      to: release.exposure,
      increments,
    },
  };
}

/** The driver's plan says how it goes; a plain `pulumi up` takes stack config's strategy. */
function wayOf({ policy, target }: RolloutInput): Omit<Way, "steps"> {
  const { strategy, increments } = policy;
  return target.way ?? { strategy, increments: increments.map(({ exposure }) => exposure) };
}

function releaseOf(
  { policy, record, target }: RolloutInput,
  claim: RolloutClaim,
  desired: WorkloadSnapshot,
): { readonly release: Release; readonly notes: readonly string[] } {
  if (target.kind === "release") return { release: target.release, notes: [] };
  const next = nextRelease(record, {
    desired,
    ...(target.step === undefined ? {} : { step: target.step }),
    steps: target.way?.steps ?? recordSteps(stepsOf(policy, { installed: record !== undefined })),
    stableReplicas: target.stableReplicas ?? claim.replicas,
  });
  if (next.ok) return next;
  throw new RolloutError(next.message, { code: next.code, exit: "config", path: "step", hint: next.hint });
}

/**
 * The exposure before, as a policy sees it. On the way up it is the record's; else what the release itself
 * says, so that the same release has the same intent in the update that writes it and in every later one:
 * a second update is all `same`, and a reverted stack equals its baseline.
 */
function exposureBefore(record: Release | undefined, release: Release): number {
  const present = record?.exposure ?? 0;
  return release.exposure > present ? present : release.previousExposure;
}

function outputsOf(release: Release, ids: readonly Output<ID>[]): RolloutOutputs {
  // A record holds references to secrets, never secrets: a secret id must not hide it from the driver.
  const carried = unsecret(all([...ids]));
  return {
    release: carried.apply(() => release),
    exposure: carried.apply(() => release.exposure),
    version: carried.apply(() => release.stable.version),
  };
}

function claimedTwice(first: string, second: string): RolloutError {
  return new RolloutError(`The rollout belongs to ${first}; ${second} can't take it too.`, {
    code: "rollout-claimed-twice",
    exit: "config",
    hint: "one component with a rollout per program: put the second service into a project of its own",
  });
}

/** The lever moves the route of the policy's service: another name would be a fast way that moves nothing. */
function otherService(claim: RolloutClaim, policy: EnvironmentPolicy): RolloutError {
  return new RolloutError(`The component is ${claim.component}, and rollout.service is ${policy.service}.`, {
    code: "service-mismatch",
    exit: "config",
    path: "rollout.service",
    hint: "give both the same name",
  });
}

function notRendered(claim: RolloutClaim, strategy: StrategyKind): RolloutError {
  const known = claim.strategies.join(" or ");
  return new RolloutError(`${claim.component} renders ${known}, and the rollout's strategy is ${strategy}.`, {
    code: "strategy-not-rendered",
    exit: "config",
    path: "rollout.strategy",
    hint: `set rollout.strategy to ${known}, or use a component of that strategy`,
  });
}

function notUsed(): RolloutError {
  return new RolloutError("No component of the program takes part in the rollout.", {
    code: "rollout-not-used",
    exit: "config",
    hint: "pass `rollout` to a component: new CanaryDeployment(name, { rollout, … })",
  });
}
