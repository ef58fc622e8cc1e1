import type { CustomResource, Output } from "@pulumi/pulumi";
import type { TenantCohort } from "../types/cohort.ts";
import type { FlagConfig } from "../types/flag-config.ts";
import type { NodePoolLeverConfig } from "../types/node-pools.ts";
import type { StrategyKind } from "../types/plan.ts";
import type { ProgramPolicy } from "../types/program-policy.ts";
import type { FlagRelease, Release, RolloutIntent } from "../types/release.ts";
import type { WorkloadSnapshot } from "../types/workload.ts";

/** What a component tells the rollout that it takes part in. */
export interface RolloutClaim {
  /** Name of the component: the service. */
  readonly component: string;
  /** What the version asked for runs as; the snapshots of the release are made of these. */
  readonly workload: WorkloadSnapshot["workload"];
  /** Replicas of stable where nobody observed them: the program's own number. */
  readonly replicas: number;
  /** Strategies that the component can render. */
  readonly strategies: readonly StrategyKind[];
}

/** What the component has to render. */
export interface ClaimedRollout {
  readonly release: Release;
  /** Whole tenants move instead of requests. */
  readonly cohort?: TenantCohort;
  /** Where the stack rolls out node pools: which, and how their pods are moved. */
  readonly nodePools?: NodePoolLeverConfig;
  /** Plain values, for the component's own recorded arguments: policies read them in a preview. */
  readonly intent: RolloutIntent;
}

/** What the flag of a stack has to render. */
export interface ClaimedFlag {
  /** Which flag, and where. */
  readonly flag: FlagConfig;
  readonly release: FlagRelease;
  /** Plain values, for the component's own recorded arguments; exposures are shares of the tenants. */
  readonly intent: RolloutIntent;
}

/** Stack outputs of a program with a rollout. */
export interface RolloutOutputs {
  /** The record of what the stack serves; known only once every resource that carries it is updated. */
  readonly release: Output<Release>;
  /** Share of traffic on the candidate, 0-100 %. */
  readonly exposure: Output<number>;
  /** Version in service on the stable side. */
  readonly version: Output<string>;
}

/**
 * One rollout as a component sees it. The program makes it; exactly one component of a program claims it.
 */
export interface Rollout {
  /** The version that is asked for: `1.2.4`. */
  readonly version: string;
  /** Name of the stack: `prod`. */
  readonly environment: string;
  /** The stack's policy, without a secret: for what shows its limits or watches them. */
  readonly policy: ProgramPolicy;
  /**
   * Resolves what to render, before the component registers a resource.
   *
   * @throws RolloutError `step-refused`, `revert-refused`, `rollout-claimed-twice`, `strategy-not-rendered`
   */
  claim(claim: RolloutClaim): ClaimedRollout;
  /**
   * The flag of the stack (`rollout.flag` of its config). Beside a service: after the component that has claimed the
   * rollout. Alone (the lever `app-configuration`) it is itself what is rolled out.
   *
   * @throws RolloutError `flag-missing`, `flag-before-service`, `rollout-claimed-twice`, and what `claim` throws
   */
  claimFlag(component: string): ClaimedFlag;
  /** Resources that carry the release: the record is written only after all of them. */
  track(resources: readonly CustomResource[]): void;
  /**
   * The stack outputs. The release among them is never a plain value: outputs of a failed update are
   * written too, and would claim an exposure that no route has.
   *
   * @throws RolloutError `rollout-not-used` where no component has claimed the rollout, `flag-not-rendered` where
   * config has a flag and the program none
   */
  outputs(): RolloutOutputs;
}
