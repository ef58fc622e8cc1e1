import type { HealthAnswer, MetricsAnswer } from "../types/observation.ts";

export interface MetricsQuery {
  /** ms since the epoch, by the backend's clock; bins that start before it are left out. */
  readonly sinceMs: number;
  /** ms since the epoch: the time of the look. */
  readonly nowMs: number;
  /** Latency thresholds in ms whose slow shares are wanted. */
  readonly thresholdsMs: readonly number[];
  /** More of them, each counted where the source can: a bin leaves out what it can't count. */
  readonly alsoThresholdsMs?: readonly number[];
  readonly signal?: AbortSignal;
}

/**
 * Counts per version and closed time bin. Never throws: what went wrong is an answer of status `error`;
 * silence is `empty`; a NaN is never 0. One query answers for both cohorts over the whole span, so a
 * restarted driver recomputes its evidence.
 */
export interface Metrics {
  readonly name: string;
  observe(query: MetricsQuery): Promise<MetricsAnswer>;
}

/** Health endpoints of both sides: each probe tries up to `tries` times. Never throws. */
export interface Health {
  readonly name: string;
  probe(options: {
    readonly tries: number;
    readonly timeoutMs: number;
    readonly signal?: AbortSignal;
  }): Promise<HealthAnswer>;
}
