import type { GaugeAnswer, TotalsAnswer } from "../types/gauge.ts";
import type { IntegrityAnswer } from "../types/watch.ts";

/**
 * One level over time: a connection pool, a queue, memory. Never throws: what went wrong is an answer of status `error`;
 * silence is `empty`; a NaN is never 0. The same span gives the same samples, so a restarted driver loses nothing
 * (`command` alone knows only what it was asked for itself).
 */
export interface Gauge {
  readonly name: string;
  read(query: {
    /** ms since the epoch, by the source's clock. */
    readonly sinceMs: number;
    readonly nowMs: number;
    readonly signal?: AbortSignal;
  }): Promise<GaugeAnswer>;
}

/** Verifies what the candidate has written: the hash chain of its events, say. Never throws. */
export interface Integrity {
  readonly name: string;
  check(query: {
    readonly sinceMs: number;
    readonly nowMs: number;
    readonly signal?: AbortSignal;
  }): Promise<IntegrityAnswer>;
}

/** Requests and failures of the whole service over long spans: what budgets and burn rates are made of. Never throws. */
export interface Totals {
  readonly name: string;
  count(query: {
    readonly fromMs: number;
    readonly toMs: number;
    readonly signal?: AbortSignal;
  }): Promise<TotalsAnswer>;
}
