/** The guide's "Key Metrics to Monitor". */
export type SloMetric =
  | "availability"
  | "error-rate"
  | "p95-latency"
  | "p99-latency"
  | "throughput"
  | "queue-lag";

/** One row of the guide's table. */
export interface SloRow {
  readonly unit: "%" | "ms" | "events/s" | "s";
  /** `above`: a value above the threshold is worse; `below`: one below it is. */
  readonly worse: "above" | "below";
  readonly target: number;
  readonly warning: number;
  readonly critical: number;
  /** Of a percentile: the share of requests that it lets be slower, percent. */
  readonly slowPercent?: number;
}

/**
 * The guide's SLO table. It writes `< 0.1 %` for a target and `> 0.5 %` for a warning, and availability without a
 * sign; read alike everywhere: strictly worse than a threshold breaches it, exactly the threshold doesn't. So 99.9 %
 * available and 0.1 % failed, which are one fact, are judged alike.
 */
export const sloTable: Readonly<Record<SloMetric, SloRow>> = {
  availability: { unit: "%", worse: "below", target: 99.9, warning: 99.5, critical: 99 },
  "error-rate": { unit: "%", worse: "above", target: 0.1, warning: 0.5, critical: 1 },
  "p95-latency": { unit: "ms", worse: "above", target: 500, warning: 800, critical: 1000, slowPercent: 5 },
  "p99-latency": { unit: "ms", worse: "above", target: 1000, warning: 1500, critical: 2000, slowPercent: 1 },
  throughput: { unit: "events/s", worse: "below", target: 10_000, warning: 8000, critical: 5000 },
  "queue-lag": { unit: "s", worse: "above", target: 60, warning: 120, critical: 300 },
};
