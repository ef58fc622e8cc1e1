import type { ApprovalDemand, ChangeKind, StrategyOverride, WindowPolicy } from "./change.ts";
import type { GaugeName } from "./gauge.ts";
import type { StepId } from "./release.ts";

/** How a version reaches everybody. `feature-flag` is not built yet. */
export type StrategyKind = "canary" | "direct" | "rolling" | "blue-green" | "feature-flag";

/**
 * `replace` puts the new version in stable's place (rolling, direct). Blue-green: `stage` brings it up without a
 * user, `validate` checks it there and writes nothing, `swap` gives it everybody. `move` takes the pods of one node pool
 * to nodes of the new version, beside the old ones. `settle` makes it the baseline after its watch.
 */
export type StepKind =
  | "install"
  | "replace"
  | "stage"
  | "validate"
  | "swap"
  | "move"
  | "settle"
  | "increment"
  | "promote-stable"
  | "promote-switch"
  | "promote-clean";

/** One step of a rollout. Times in whole seconds. */
export interface PlanStep {
  readonly id: StepId;
  readonly kind: StepKind;
  /** Share of traffic on the candidate once the step is in force, 0-100 %. */
  readonly exposure?: number;
  /** How many tenants that share is, where whole tenants move. */
  readonly tenants?: number;
  /** How long the step is watched before the next one. The clock starts when the route is read back. */
  readonly soakSeconds?: number;
  /** How long the step waits for requests in flight before the next one. */
  readonly drainSeconds?: number;
}

/** Names of the automatic triggers of the guide. */
export type GateName = "error-rate" | "p95-latency" | "exceptions" | "health" | GaugeName;

/**
 * Hard limits. A value strictly greater breaches; exactly the limit doesn't.
 * Source: the guide, "Automatic Rollback Triggers"; windows: gates.md 2.5.
 */
export interface GateLimits {
  /** Share of failed requests in percent, breached in `windows` consecutive windows. */
  readonly errorRate: { readonly limitPercent: number; readonly windows: number };
  /** P95 in milliseconds, judged as the share of requests slower than that (at most 5 % may be). */
  readonly p95: { readonly limitMs: number; readonly windows: number };
  /** Exceptions of the candidate in a sliding window: a literal count. */
  readonly exceptions: { readonly limit: number; readonly windowSeconds: number };
  /** HTTP health of the candidate. `tries` within one probe. */
  readonly health: { readonly tries: number; readonly timeoutSeconds: number };
  /** A window is at least this long … */
  readonly windowSeconds: number;
  /** … and holds at least this many requests, growing backwards until both are true. */
  readonly minRequests: number;
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
  /** What else has to hold at the start; `promotedIn`: stacks, empty where none is asked for. */
  readonly start: { readonly window: WindowPolicy; readonly promotedIn: readonly string[] };
  readonly duration: { readonly minSeconds: number; readonly maxSeconds: number };
}
