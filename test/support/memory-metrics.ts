import type { Metrics, MetricsQuery } from "../../src/ports/metrics.ts";
import type { CohortBin, CohortSeries, MetricsAnswer } from "../../src/types/observation.ts";

export type Side = "candidate" | "stable";

/** Counts of one bin; what is left out is 0. `slow` by threshold in ms: a threshold that isn't in it is unknown. */
export interface BinCounts {
  readonly n: number;
  readonly errors?: number;
  readonly slow?: Readonly<Record<number, number>>;
  readonly exceptions?: number;
}

/** What a side did in the bin that starts at `startMs`; undefined: nothing was heard of it. */
export type Traffic = (side: Side, startMs: number) => BinCounts | undefined;

export interface MemoryMetrics extends Metrics {
  /** Replaces the traffic, also of bins that have passed. */
  setTraffic(traffic: Traffic): void;
  /** From now on every answer is this error; undefined: it works again. */
  setOutage(message: string | undefined): void;
  /** The queries so far. */
  readonly queries: readonly MetricsQuery[];
}

export interface MemoryMetricsOptions {
  readonly traffic?: Traffic;
  readonly binMs?: number;
  readonly lagMs?: number;
}

/** A metrics source in memory: traffic is a function of side and time, so virtual hours cost nothing. */
export function createMemoryMetrics(options: MemoryMetricsOptions = {}): MemoryMetrics {
  const { binMs = 10_000, lagMs = 30_000 } = options;
  let traffic: Traffic = options.traffic ?? (() => undefined);
  let outage: string | undefined;
  const queries: MetricsQuery[] = [];

  const observe = (query: MetricsQuery): MetricsAnswer => {
    const fromMs = Math.ceil(query.sinceMs / binMs) * binMs;
    const watermarkMs = Math.floor((query.nowMs - lagMs) / binMs) * binMs;
    if (watermarkMs <= fromMs) return { status: "empty", message: "no bin is complete yet" };
    const series = (side: Side): CohortSeries => {
      const bins: CohortBin[] = [];
      for (let startMs = fromMs; startMs + binMs <= watermarkMs; startMs += binMs) {
        const counts = traffic(side, startMs);
        if (counts) bins.push(toBin(counts, startMs, query.thresholdsMs));
      }
      return { bins };
    };
    const answer = { candidate: series("candidate"), stable: series("stable") };
    if (answer.candidate.bins.length + answer.stable.bins.length === 0) {
      return { status: "empty", message: "nothing was heard of either side" };
    }
    return { status: "value", binMs, watermarkMs, ...answer };
  };

  return {
    name: "memory",
    queries,
    setTraffic: (next) => {
      traffic = next;
    },
    setOutage: (message) => {
      outage = message;
    },
    observe: async (query) => {
      queries.push(query);
      if (query.signal?.aborted) return { status: "error", message: "the request was cancelled" };
      if (outage !== undefined) return { status: "error", message: outage };
      try {
        return observe(query);
      } catch (error) {
        return { status: "error", message: (error as Error).message };
      }
    },
  };
}

function toBin(counts: BinCounts, startMs: number, thresholdsMs: readonly number[]): CohortBin {
  const { n, errors = 0, exceptions = 0 } = counts;
  const slow = thresholdsMs.map((threshold) => {
    const count = counts.slow?.[threshold];
    if (count === undefined && n > 0) throw new Error(`${threshold} ms is not a known bound`);
    return [threshold, count ?? 0] as const;
  });
  return { startMs, n, errors, slow: Object.fromEntries(slow), exceptions, weightSquared: n };
}
