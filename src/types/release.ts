import type { ChangeKind } from "./change.ts";
import type { WorkloadSnapshot } from "./workload.ts";

/**
 * Id of a plan step: an increment by its exposure (`"5"`), or `install`, `direct`, `roll`, `stage`, `validate`, `swap`,
 * `pool-<name>`, `settle`, `promote-stable`, `promote-switch`, `promote-clean`, `revert`; of a flag `beta`, its percentages
 * and `off`, with `flag-` before it where a service stands beside the flag.
 */
export type StepId = string;

/**
 * What a stack serves, as its last good update meant it: the stack output `release`, and what the program
 * renders every resource from. Stable and candidate are rendered from these snapshots, never from today's
 * arguments, so that a changed variable or probe reaches the candidate alone and a revert takes it back.
 */
export interface Release {
  readonly schemaVersion: 1;
  readonly stable: WorkloadSnapshot;
  /** Present from the first increment to `promote-clean` or the end of a revert. */
  readonly candidate?: WorkloadSnapshot;
  /** Share of the traffic on the candidate, 0-100 %. */
  readonly exposure: number;
  /** The exposure before the last step: what `intent.from` says when an update changes nothing. */
  readonly previousExposure: number;
  /** The step that wrote this record. */
  readonly step: StepId;
  /** Only while there is a candidate: what a revert needs to write the baseline's record verbatim. */
  readonly rollout?: RolloutOrigin;
  /** The flag beside the service, as a release of its own. A stack of a flag alone has that as its release. */
  readonly flag?: FlagRelease;
}

/** A flag's release: its snapshots are definitions; off while stable is `off` and the candidate has no exposure. */
export type FlagRelease = Omit<Release, "flag">;

export interface RolloutOrigin {
  /** `step` of the record that the rollout started from. */
  readonly baselineStep: StepId;
  /** `previousExposure` of that record. */
  readonly baselinePreviousExposure: number;
  /** Ready replicas of stable, observed before the first increment. Capacity of both sides follows it. */
  readonly stableReplicas: number;
}

/** What an update is about to do with the exposure, as plain values that a policy can read in a preview. */
export interface RolloutIntent {
  readonly strategy: string;
  readonly environment: string;
  readonly step: StepId;
  /** Exposure before, 0-100 %. */
  readonly from: number;
  /** Exposure after, 0-100 %. */
  readonly to: number;
  readonly increments: readonly number[];
  /** What the version brings, where the rollout's plan says it. */
  readonly change?: ChangeKind;
  /** Why the strategy is another than the matrix gives that change. */
  readonly reason?: string;
}
