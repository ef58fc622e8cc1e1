import { all, type CustomResource, type ID, type Output, unsecret } from "@pulumi/pulumi";
import type {
  ClaimedFlag,
  ClaimedRollout,
  Rollout,
  RolloutClaim,
  RolloutOutputs,
} from "../components/rollout.ts";
import { RolloutError } from "../errors/errors.ts";
import { isFlagAlone, routesCohort } from "../lib/strategies.ts";
import { printFlag } from "../plan/flag-json.ts";
import { flagSnapshot } from "../plan/flag-release.ts";
import { flagSteps, isFlagStep, ofFlag, phaseSteps } from "../plan/flag-steps.ts";
import { flagValueLimit } from "../plan/flag-warnings.ts";
import { snapshotOf } from "../plan/identity.ts";
import { asRendered, nextRelease } from "../plan/next-release.ts";
import { flagAt, flagText } from "../plan/render-flag.ts";
import { recordSteps, stepsOf } from "../plan/steps.ts";
import type { Resolved, Target, Way } from "../types/engine.ts";
import type { FlagConfig } from "../types/flag-config.ts";
import type { EnvironmentPolicy } from "../types/policy.ts";
import type { FlagRelease, Release, RolloutIntent, StepId } from "../types/release.ts";
import type { WorkloadSnapshot } from "../types/workload.ts";
import { programPolicy } from "./program-policy.ts";
import {
  claimedTwice,
  flagBeforeService,
  flagIsAlone,
  flagMissing,
  flagNotRendered,
  notRendered,
  notUsed,
  otherService,
} from "./rollout-errors.ts";

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
  let owner: { readonly component: string; readonly release: Release } | undefined;
  let flagOwner: string | undefined;
  const ids: Output<ID>[] = [];
  const { policy } = input;
  const alone = isFlagAlone(policy);
  return {
    version: input.target.version,
    environment: input.environment,
    policy: programPolicy(policy),
    claim(claim) {
      if (owner !== undefined) throw claimedTwice(owner.component, claim.component);
      if (alone) throw flagIsAlone(claim.component);
      const claimed = resolve(input, claim);
      owner = { component: claim.component, release: claimed.release };
      return claimed;
    },
    claimFlag(component) {
      if (flagOwner !== undefined) throw claimedTwice(flagOwner, component);
      const release = alone ? resolveAlone(input, component) : owner?.release;
      if (release === undefined) throw flagBeforeService(component);
      owner ??= { component, release };
      flagOwner = component;
      return claimedFlag(input, release);
    },
    track(resources: readonly CustomResource[]) {
      ids.push(...resources.map(({ id }) => id));
    },
    outputs() {
      if (owner === undefined) throw notUsed();
      if (policy.flag !== undefined && flagOwner === undefined) throw flagNotRendered(policy.flag);
      return outputsOf(owner.release, ids);
    },
  };
}

function resolve(input: RolloutInput, claim: RolloutClaim): ClaimedRollout {
  const { policy, record, target } = input;
  if (claim.component !== policy.service) throw otherService(claim.component, policy);
  const { strategy, increments } = wayOf(input);
  if (!claim.strategies.includes(strategy)) throw notRendered(claim, strategy);
  const desired = snapshotOf({ version: target.version, workload: claim.workload });
  const { release, notes } = releaseOf(input, claim.replicas, desired);
  input.report({ ...(record === undefined ? {} : { record }), release, desired, notes });
  return {
    release,
    ...(policy.cohort === undefined || !routesCohort(strategy) ? {} : { cohort: policy.cohort }),
    ...(policy.lever.kind === "node-pools" ? { nodePools: policy.lever } : {}),
    intent: {
      strategy,
      environment: input.environment,
      step: release.step,
      from: exposureBefore(record, release),
      to: release.exposure,
      increments,
      ...whyOf(input, release),
    },
  };
}

/** What the way is for; a settled stack says nothing of the version that came last. */
function whyOf(
  { target }: RolloutInput,
  { candidate }: FlagRelease,
): Pick<RolloutIntent, "change" | "reason"> {
  const { change, reason } = target.way ?? {};
  if (candidate === undefined) return {};
  return { ...(change === undefined ? {} : { change }), ...(reason === undefined ? {} : { reason }) };
}

/** A flag alone is what the stack rolls out. */
function resolveAlone(input: RolloutInput, component: string): Release {
  const { policy, record, target } = input;
  if (component !== policy.service) throw otherService(component, policy);
  if (policy.flag === undefined) throw flagMissing(component);
  const desired = flagSnapshot(target.version, policy.flag.spec);
  const { release, notes } = releaseOf(input, 0, desired);
  input.report({ ...(record === undefined ? {} : { record }), release, desired, notes });
  return release;
}

function claimedFlag(input: RolloutInput, whole: Release): ClaimedFlag {
  const { policy, record, environment } = input;
  const { flag } = policy;
  const alone = isFlagAlone(policy);
  const release = alone ? whole : whole.flag;
  if (flag === undefined || release === undefined) throw flagMissing(policy.service);
  assertFits(flag, input.target.kind === "step" ? [flagText(release), largest(flag)] : [flagText(release)]);
  const steps = phasesOf(input, flag).map((id) => Number(ofFlag(id)));
  return {
    flag,
    release,
    intent: {
      strategy: "feature-flag",
      environment,
      step: release.step,
      from: exposureBefore(alone ? record : record?.flag, release),
      to: release.exposure,
      increments: steps.filter((share) => !Number.isNaN(share)),
    },
  };
}

/** The driver's plan says how it goes; a plain `pulumi up` takes stack config's strategy. */
function wayOf({ policy, target }: RolloutInput): Omit<Way, "steps"> {
  const { strategy, increments } = policy;
  return target.way ?? { strategy, increments: increments.map(({ exposure }) => exposure) };
}

/** The steps of the flag: of the way that the driver has planned, else of config, whatever the code's strategy is. */
function phasesOf({ policy, target }: RolloutInput, flag: FlagConfig): readonly StepId[] {
  if (isFlagAlone(policy)) return target.way?.steps ?? recordSteps(phaseSteps(flag, policy.increments));
  const planned = target.way?.steps.filter(isFlagStep) ?? [];
  return planned.length > 0 ? planned : recordSteps(flagSteps(flag));
}

function releaseOf(
  input: RolloutInput,
  replicas: number,
  desired: WorkloadSnapshot,
): { readonly release: Release; readonly notes: readonly string[] } {
  const { policy, record, target } = input;
  const { flag } = policy;
  const alone = isFlagAlone(policy);
  const beside =
    flag === undefined || alone
      ? undefined
      : { desired: flagSnapshot(target.version, flag.spec), steps: phasesOf(input, flag) };
  if (target.kind === "release") return { release: asRendered(target.release, beside), notes: [] };
  const next = nextRelease(record, {
    desired,
    ...(target.step === undefined ? {} : { step: target.step }),
    steps: stepsFor(input),
    stableReplicas: target.stableReplicas ?? replicas,
    ...(beside === undefined ? {} : { flag: beside }),
  });
  if (next.ok) return next;
  throw new RolloutError(next.message, { code: next.code, exit: "config", path: "step", hint: next.hint });
}

/** The steps of what the stack rolls out, without those of a flag beside it. */
function stepsFor({ policy, record, target }: RolloutInput): readonly StepId[] {
  const steps = target.way?.steps ?? recordSteps(stepsOf(policy, { installed: record !== undefined }));
  return isFlagAlone(policy) ? steps : steps.filter((id) => !isFlagStep(id));
}

/** The flag where its phases have most to say, so that it doesn't grow out of the store in the middle of a rollout. */
function largest({ spec }: FlagConfig): string {
  return printFlag(flagAt(spec, 50));
}

/** App Configuration refuses what is too large, in the middle of an update. */
function assertFits({ spec }: FlagConfig, values: readonly string[]): void {
  const bytes = Math.max(...values.map((value) => new TextEncoder().encode(value).length));
  if (bytes <= flagValueLimit) return;
  throw new RolloutError(
    `The flag ${spec.id} has ${bytes} bytes, and App Configuration takes ${flagValueLimit}.`,
    {
      code: "flag-too-large",
      exit: "config",
      path: "rollout.flag.beta",
      hint: "Name groups instead of tenants.",
    },
  );
}

/**
 * The exposure before, as a policy sees it. On the way up it is the record's; else what the release itself
 * says, so that the same release has the same intent in the update that writes it and in every later one:
 * a second update is all `same`, and a reverted stack equals its baseline.
 */
function exposureBefore(record: FlagRelease | undefined, release: FlagRelease): number {
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
