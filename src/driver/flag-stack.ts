import { initialState } from "../decide/reduce.ts";
import { sha256, stableJson } from "../lib/stable-json.ts";
import { isFlagAlone } from "../lib/strategies.ts";
import { buildPlan } from "../plan/build-plan.ts";
import { isOff, offStep } from "../plan/flag-release.ts";
import { flagStep } from "../plan/flag-steps.ts";
import type { Deployed } from "../ports/engine.ts";
import type { FlagConfig } from "../types/flag-config.ts";
import type { EnvironmentPolicy } from "../types/policy.ts";
import type { FlagRelease, Release, StepId } from "../types/release.ts";
import type { WorkloadSnapshot } from "../types/workload.ts";
import type { FlagDeps } from "./flag-deps.ts";
import type { LeaseKeeper } from "./lease-keeper.ts";
import { newRolloutId } from "./rollout-id.ts";
import type { DriverDeps, Session } from "./session.ts";

/** A stack whose record has a flag, and the flag's release in it. */
export interface FlagStack {
  readonly flag: FlagConfig;
  readonly ports: FlagDeps;
  readonly deployed: Deployed;
  readonly record: Release;
  readonly release: FlagRelease;
  /** The version whose feature it is: the code in service, or of a flag alone its own. */
  readonly served: WorkloadSnapshot;
}

/** The flag as the stack has it. Undefined: config has none, or no update has made it yet. */
export async function flagStackOf({
  policy,
  flag: ports,
  engine,
}: DriverDeps): Promise<FlagStack | undefined> {
  const { flag } = policy;
  if (flag === undefined || ports === undefined) return undefined;
  const deployed = await engine.deployed();
  const { record } = deployed;
  const alone = isFlagAlone(policy);
  const release = alone ? record : record?.flag;
  if (record === undefined || release === undefined) return undefined;
  const served = alone ? (record.candidate ?? record.stable) : record.stable;
  return { flag, ports, deployed, record, release, served };
}

/** Whether the stack's own record lets anybody have the feature. */
export function isOpen({ release: { stable, candidate, exposure } }: Pick<FlagStack, "release">): boolean {
  return candidate === undefined ? !isOff(stable) : exposure > 0 || !isOff(stable);
}

/** The step that takes the flag from everybody in the stack. */
export function offStepOf(policy: EnvironmentPolicy): StepId {
  return isFlagAlone(policy) ? offStep : flagStep(offStep);
}

/**
 * A session that moves the flag and is no rollout's: nothing in the journal begins it, so that `run` has nothing of it to
 * take up.
 */
export function flagSession(
  deps: DriverDeps,
  { ports, record, deployed, served: { version, identity } }: FlagStack,
  { lease, about }: { readonly lease: LeaseKeeper; readonly about: string },
): Session {
  const { clock, wall, random } = deps.runtime;
  const plan = buildPlan(deps.policy, record, { version, identity });
  return {
    deps,
    plan,
    // Of no plan that anybody could have approved.
    planHash: sha256(stableJson({ about, identity })),
    rolloutId: newRolloutId(about, random),
    lease,
    lever: ports.lever,
    options: { allowUnversioned: false, requesters: [], rehearsed: false, unversioned: [] },
    state: { ...initialState(offStepOf(deps.policy), clock.now()), name: "reverting-stack" },
    lastHash: deployed.hash,
    turnedBackAtMs: clock.now(),
    turnedBackAtWallMs: wall.now(),
  };
}
