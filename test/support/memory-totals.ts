import type { Totals } from "../../src/ports/gauge.ts";
import type { TotalsAnswer } from "../../src/types/gauge.ts";

export interface Span {
  readonly fromMs: number;
  readonly toMs: number;
}

export interface MemoryTotals extends Totals {
  /** Every span that was asked for, in order. */
  readonly asked: readonly Span[];
  /** So many requests failed at a moment, ms since the epoch. */
  fail(bad: number, atMs: number): void;
  /** Nothing has failed. */
  forget(): void;
  /** Requests a second from now on, of all times; 0 is silence. */
  setTraffic(perSecond: number): void;
  /** Spans that this is true of can't be counted; undefined: all can. */
  setOutage(hits: ((span: Span) => boolean) | undefined): void;
}

/** Requests of a service in memory: so many a second at all times, and failures at moments. The same span gives the same. */
export function createMemoryTotals({ perSecond = 5 }: { readonly perSecond?: number } = {}): MemoryTotals {
  const asked: Span[] = [];
  const failures: { readonly bad: number; readonly atMs: number }[] = [];
  let rate = perSecond;
  let outage: ((span: Span) => boolean) | undefined;
  return {
    name: "memory",
    asked,
    fail: (bad, atMs) => void failures.push({ bad, atMs }),
    forget: () => void failures.splice(0),
    setTraffic: (next) => {
      rate = next;
    },
    setOutage: (hits) => {
      outage = hits;
    },
    count: async ({ fromMs, toMs, signal }): Promise<TotalsAnswer> => {
      asked.push({ fromMs, toMs });
      if (signal?.aborted) return { status: "error", message: "the request was cancelled" };
      if (outage?.({ fromMs, toMs })) return { status: "error", message: "HTTP 503" };
      const total = Math.round(((toMs - fromMs) / 1000) * rate);
      if (total === 0) return { status: "empty", message: "no requests in the span" };
      const bad = failures.reduce(
        (sum, { bad: n, atMs }) => sum + (atMs >= fromMs && atMs < toMs ? n : 0),
        0,
      );
      return { status: "value", total, bad };
    },
  };
}
