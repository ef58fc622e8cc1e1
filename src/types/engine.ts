import type { ChangeKind } from "./change.ts";
import type { JournalHead } from "./journal.ts";
import type { StrategyKind } from "./plan.ts";
import type { Release, StepId } from "./release.ts";
import type { WorkloadSnapshot } from "./workload.ts";

/** How a rollout goes, where its plan and not stack config says it. */
export interface Way {
  readonly strategy: StrategyKind;
  readonly steps: readonly StepId[];
  /** Exposures in percent. */
  readonly increments: readonly number[];
  readonly change?: ChangeKind;
  /** Why the strategy is another than the matrix gives that change. */
  readonly reason?: string;
}

/**
 * What the program shall render: a step of the plan (`nextRelease` decides what that means), or one exact
 * record (a revert, a drain). No step: keep what is deployed.
 */
export type Target = TargetRelease & {
  /** Head of the journal, to stand in the stack's state; absent: what stands there stays. */
  readonly journalHead?: JournalHead;
};

type TargetRelease =
  | {
      readonly kind: "step";
      readonly version: string;
      readonly step?: StepId;
      readonly stableReplicas?: number;
      readonly way?: Way;
    }
  | { readonly kind: "release"; readonly version: string; readonly release: Release; readonly way?: Way };

/** What the program resolved the target to, reported back from inside its run. */
export interface Resolved {
  /** The record that the stack had; absent before the first install. */
  readonly record?: Release;
  readonly release: Release;
  /** The snapshot of the version that config asks for. */
  readonly desired: WorkloadSnapshot;
  readonly notes: readonly string[];
}

/** Counts of engine steps by operation: `{ same: 7, update: 1 }`. */
export type ChangeSummary = Readonly<Record<string, number>>;

export interface PolicyViolation {
  readonly policy: string;
  readonly level: "advisory" | "mandatory";
  readonly urn?: string;
  readonly message: string;
}

/** One planned or made change of a resource that isn't `same`. */
export interface ResourceChange {
  readonly urn: string;
  readonly type: string;
  readonly op: string;
  /**
   * Why the resource isn't live at this instant, where that alone makes the engine want to write it again and
   * no input differs: an autoscaler at work looks like this. It is no change of anybody's.
   */
  readonly notLive?: readonly string[];
}
