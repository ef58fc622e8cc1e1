import type { ApprovalDemand, ChangeKind, StrategyOverride, WindowPolicy } from "./change.ts";
import type { FlagBy } from "./flag-config.ts";
import type { GateLimits } from "./gates.ts";
import type { StepId } from "./release.ts";

/**
 * How a version reaches everybody. `feature-flag`: its code by a canary with the flag off, where the stack has code,
 * then the flag's phases. `combined`: the same over weeks.
 */
export type StrategyKind = "canary" | "direct" | "rolling" | "blue-green" | "feature-flag" | "combined";

/**
 * `replace` puts the new version in stable's place (rolling, direct). Blue-green: `stage` brings it up without a
 * user, `validate` checks it there and writes nothing, `swap` gives it everybody. `move` takes the pods of one node pool
 * to nodes of the new version, beside the old ones. `settle` makes it the baseline after its watch.
 * `dark` watches new code with its flag off, and writes nothing; `phase` opens the flag further.
 */
export type StepKind =
  | "install"
  | "replace"
  | "stage"
  | "validate"
  | "swap"
  | "move"
  | "settle"
  | "dark"
  | "phase"
  | "increment"
  | "promote-stable"
  | "promote-switch"
  | "promote-clean";

/** One step of a rollout. Times in whole seconds. */
export interface PlanStep {
  readonly id: StepId;
  readonly kind: StepKind;
  /** Share of traffic on the candidate once the step is in force, 0-100 %; of a phase: of tenants. */
  readonly exposure?: number;
  /** How many tenants that share is, where whole tenants move. */
  readonly tenants?: number;
  /** How long the step is watched before the next one. The clock starts when the route is read back. */
  readonly soakSeconds?: number;
  /** How long the step waits for requests in flight before the next one. */
  readonly drainSeconds?: number;
}

/** What the error budget said when the plan was made; a worse band later holds, it makes no other plan. */
export interface PlanBudget {
  readonly band: "safe" | "caution" | "defer" | "freeze" | "unknown";
  /** A page-level burn rate that fired, or that nobody could tell; absent: quiet. */
  readonly burn?: "fires" | "unknown";
  /** Asked for, where it isn't `normal`. */
  readonly priority?: string;
  /** The incident that an override of a frozen budget names. */
  readonly incident?: string;
}

/** Named time-outs; each expiry is a stated failure. Seconds. */
export interface PlanTimeouts {
  /** An `up` with its pods. */
  readonly rolloutSeconds: number;
  /** From the `up` to the route read back at its weight. */
  readonly confirmSeconds: number;
  /** Stable verified after a revert. */
  readonly verifySeconds: number;
  /** Metrics window after a revert. */
  readonly afterRevertSeconds: number;
}

/**
 * The plan of one rollout, as data: what `plan --json` prints, what goldens hold, what a resumed driver
 * reads from the journal. `planHash` covers everything but times of day, paths and evidence.
 */
export interface RolloutPlan {
  readonly schemaVersion: 1;
  readonly service: string;
  readonly environment: string;
  readonly strategy: StrategyKind;
  /** What the version brings; absent where nobody has said it. */
  readonly change?: ChangeKind;
  /** The strategy that the change would have had, and why it has another. */
  readonly overridden?: StrategyOverride;
  /** Whole tenants move instead of requests; `sha256` of their names, so that an approval is of these. */
  readonly cohort?: { readonly header: string; readonly tenants: number; readonly sha256: string };
  /** The flag that the phases open; `sha256` of its definition. */
  readonly flag?: {
    readonly id: string;
    readonly by: FlagBy;
    readonly refreshSeconds: number;
    readonly sha256: string;
  };
  /** Version in service before; `unknown` where no record was at hand. */
  readonly from: string;
  readonly to: string;
  readonly identity: { readonly stable?: string; readonly candidate?: string };
  readonly steps: readonly PlanStep[];
  readonly gates: GateLimits;
  /** Where the gates' data comes from; a gate without a source is not watched. */
  readonly sources: { readonly metrics: string; readonly health: string };
  readonly look: { readonly seconds: number };
  readonly drainSeconds: number;
  /** How long a gate that cannot prove anything may extend a soak: up to `soak × maxFactor`, in steps. */
  readonly hold: { readonly stepSeconds: number; readonly maxFactor: number };
  readonly timeouts: PlanTimeouts;
  readonly approvals: ApprovalDemand;
  /** The error budget that this plan was made on; absent where the stack promises nothing. */
  readonly budget?: PlanBudget;
  /** What else has to hold at the start; `promotedIn`: stacks, empty where none is asked for. */
  readonly start: { readonly window: WindowPolicy; readonly promotedIn: readonly string[] };
  readonly duration: { readonly minSeconds: number; readonly maxSeconds: number };
}
