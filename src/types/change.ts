import type { StrategyKind } from "./plan.ts";

/** What a rollout brings: the rows of the guide's "Deployment Strategy Decision Matrix". */
export type ChangeKind =
  | "new-feature"
  | "bug-fix"
  | "major-version"
  | "hotfix"
  | "infrastructure"
  | "breaking-api";

/** The guide's environments. Its fifth row, hotfix, is a change of prod. */
export type EnvironmentName = "dev" | "test" | "staging" | "prod";

/** When a rollout goes back by itself. `manual`: it doesn't. */
export type RevertPolicy = "manual" | "on-failure" | "on-health" | "on-metrics" | "on-any-error";

/** Deployment windows: `enforced`, `exempt` (recorded), or `none` where the environment has none. */
export type WindowPolicy = "enforced" | "exempt" | "none";

/** Who must agree, and how. */
export interface ApprovalDemand {
  readonly required: number;
  readonly cab: boolean;
  /** All are asked at the same time, and what they say expires after an hour. */
  readonly expedited: boolean;
}

/** An explicit strategy against the one that the matrix picks. The reason goes into the journal. */
export interface StrategyOverride {
  readonly strategy: StrategyKind;
  readonly reason: string;
}

/** What the matrix says of a change in an environment. Times in whole seconds. */
export interface Recommendation {
  /** Absent where no change is named. */
  readonly change?: ChangeKind;
  /** The guide's name of the change, or of the environment where no change is named. */
  readonly scenario: string;
  readonly environment: EnvironmentName;
  readonly strategy: StrategyKind;
  /** The guide's name of the strategy: "Canary Deployment". */
  readonly strategyName: string;
  /** How the code itself gets there where `strategy` only switches it on: dark, by a canary. */
  readonly carrier?: StrategyKind;
  readonly trafficPattern: string;
  /** Objective for the way back, from the decision to traffic on the old version. */
  readonly rtoSeconds: number;
  /** The same in the guide's words: "< 1 min (traffic revert)". */
  readonly rollback: string;
  readonly useWhen: string;
  readonly approvals: ApprovalDemand;
  /** How long it is watched: each increment, where `perIncrement`. 0: not at all. */
  readonly watch: { readonly seconds: number; readonly perIncrement: boolean };
  readonly revert: RevertPolicy;
  readonly window: WindowPolicy;
  /** Stacks where the same identity must have been promoted before; empty: none. */
  readonly promotedIn: readonly EnvironmentName[];
  /** Why this strategy, in one sentence. */
  readonly reason: string;
  /** What the matrix would have picked, where an explicit strategy overrides it. */
  readonly overridden?: { readonly strategy: StrategyKind; readonly reason: string };
}
