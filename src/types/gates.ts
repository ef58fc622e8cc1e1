import type { GaugeName } from "./gauge.ts";
import type { ReviewMetric } from "./watch.ts";

/** Names of the automatic triggers of the guide. */
export type GateName =
  | "error-rate"
  | "p95-latency"
  | "exceptions"
  | "health"
  | GaugeName
  | "evidence"
  | "traffic"
  | "slo"
  | "integrity"
  | "budget"
  | `review:${string}`;

/** The triggers that the guide names for a level, with their limits. */
export type GaugeLimits = Readonly<
  Record<GaugeName, { readonly limit: number; readonly forSeconds: number; readonly source: string }>
>;

/** PACE, gates.md 2.4: what the comparison with stable reverts on, beside the hard limits. */
export interface EvidenceLimits {
  /** Odds at which it reverts, to 1. */
  readonly odds: number;
  /** How many times stable's share of bad requests the canary may have. */
  readonly tolerance: number;
  /** Per-minute standard deviation of log(canary/stable) that is noise. */
  readonly noise: number;
}

/** The guide's SLO table: a warning holds, critical turns back where it isn't resolved in time. */
export interface SloLimits {
  /** What the service promises, percent of requests: its error budget is the rest. */
  readonly availabilityPercent: number;
  readonly resolveWithinSeconds: number;
  readonly window: "rolling-30d" | "calendar-month";
  /** Requests a second of both sides together; fewer is worse. Absent: not judged. */
  readonly throughput?: { readonly target: number; readonly warning: number; readonly critical: number };
  /** The queue's processing lag is judged too; absent: nothing watches it. */
  readonly queueLag?: true;
}

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
  /** Triggers on levels; `source` is `none` where nothing watches one. Absent in plans of before they were built. */
  readonly gauges?: GaugeLimits;
  /** Absent: hard limits alone. */
  readonly evidence?: EvidenceLimits;
  readonly slo?: SloLimits;
  /** Kind of the integrity check; absent: there is none. */
  readonly integrity?: string;
  /** Names and limits of business metrics that hold for a person. */
  readonly reviews?: readonly Pick<ReviewMetric, "name" | "limit" | "worse">[];
}
