import type { Concern } from "./concern.ts";
import type { StepId } from "./release.ts";

export type RevertStage = "lever" | "stack" | "drain" | "clean" | "verify";
export type PromotionStage = "stable" | "switch" | "clean";
export type EndState = "completed" | "reverted" | "revert-failed" | "held" | "blocked";

/** Every state that a rollout can be in. The table of their ways back: `decide/states.ts`. */
export type StateName =
  | "planned"
  | "checking"
  | "baseline"
  | "applying"
  | "confirming"
  | "validating"
  | "soaking"
  | "holding"
  | `promoting-${PromotionStage}`
  | `reverting-${RevertStage}`
  | EndState;

/**
 * Where a breach or an abort leads from a state: `stop` (nothing was touched: end as blocked), `revert`,
 * `stay` (traffic stays on the side whose readiness and last gate passed; end as held), `onward` (a revert
 * goes on), `none` (the rollout is over).
 */
export type WayBack = "stop" | "revert" | "stay" | "onward" | "none";

/** Why a rollout turned back or stopped. */
export interface Cause {
  /** CamelCase, enumerated in docs/reasons. */
  readonly reason: string;
  readonly message: string;
  /** `environment` where stable is ill too; `evidence` where nothing could be proved either way. */
  readonly kind: "canary" | "environment" | "person" | "engine" | "router" | "foreign-change" | "evidence";
  readonly gate?: string;
  readonly concern?: Concern;
}

/** The driver's own state: a fold over the journal, never stored by itself. Times in ms of the rollout's clock. */
export interface RolloutState {
  readonly name: StateName;
  readonly step: StepId;
  /** When this state was entered. */
  readonly enteredAtMs: number;
  /** When the route was first read back with an exposure: nothing older is evidence. */
  readonly exposedSinceMs?: number;
  /** When the route of this step was read back: the soak clock starts here. */
  readonly confirmedAtMs?: number;
  /** How much the soak of this step was extended so far. */
  readonly extendedMs: number;
  /** Exposures that were read back, in order. */
  readonly exposures: readonly number[];
  readonly cause?: Cause;
  /** Step at which it turned back. */
  readonly failedAt?: StepId;
  /** On a way back: it was read back, or written, that the candidate has no traffic any more. */
  readonly trafficOff?: true;
  /** In `held`: the state that a new run takes up again. */
  readonly heldFrom?: StateName;
  /** Tries of the present state's effect so far. */
  readonly attempts: number;
}
