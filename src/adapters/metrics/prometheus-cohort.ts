import type { CohortBin, CohortSeries } from "../../types/observation.ts";
import { addUp, type BornFromZero, increases, presence, slowIncreases, type Track } from "./counters.ts";
import { type Grid, type Series, sourceError } from "./prometheus-api.ts";

/** The buckets of one target's histogram, by upper bound in ms (`Infinity`: all requests). */
export type Buckets = ReadonlyMap<number, Track>;

/** Everything that was read of one side. */
export interface CohortReading {
  /** For messages: `candidate` or `stable`. */
  readonly side: "candidate" | "stable";
  readonly requests: readonly Series[];
  readonly exceptions: readonly Series[];
  readonly histograms: readonly Buckets[];
}

export interface CohortOptions {
  readonly grid: Grid;
  /** Bins start here at the earliest; steps before it only serve as a base line. */
  readonly fromMs: number;
  /** Bins end here at the latest. */
  readonly toMs: number;
  readonly codeLabel: string;
  readonly thresholdsMs: readonly number[];
  /** Counted where every histogram of the side has such a bound. */
  readonly alsoThresholdsMs?: readonly number[] | undefined;
  readonly latencyMetric: string;
}

const httpStatus = /^(\d{1,3}|[1-5]xx)$/i;

/** The closed bins of one side. Bins in which it was not seen are left out: that is silence, not zero. */
export function cohortSeries(reading: CohortReading, options: CohortOptions): CohortSeries {
  const { grid, fromMs, toMs } = options;
  const steps = (grid.endMs - grid.startMs) / grid.stepMs + 1;
  const born = bornFromZero(reading, steps);
  const growth = (series: readonly Series[]) =>
    addUp(
      series.map(({ track }) => increases(track, born)),
      steps,
    );
  const n = growth(reading.requests);
  const errors = growth(reading.requests.filter((series) => isFailure(series, options.codeLabel)));
  const exceptions = growth(reading.exceptions);
  const seen = presence(tracksOf(reading.requests), steps);
  const exceptionsSeen = presence(tracksOf(reading.exceptions), steps);
  const slow = slowByThreshold(reading, options, { steps, born, any: n.some((count) => count > 0) });

  const bins: CohortBin[] = [];
  for (let step = 1; step < steps; step++) {
    const startMs = grid.startMs + (step - 1) * grid.stepMs;
    const count = n[step] ?? 0;
    // No exception series counts as no exceptions only where requests of the same side and bin were seen.
    const known = seen[step] && (exceptionsSeen[step] || count > 0);
    if (!known || startMs < fromMs || startMs + grid.stepMs > toMs) continue;
    bins.push({
      startMs,
      n: count,
      errors: errors[step] ?? 0,
      slow: Object.fromEntries([...slow].map(([threshold, values]) => [threshold, values[step] ?? 0])),
      exceptions: exceptions[step] ?? 0,
      weightSquared: count,
    });
  }
  return { bins };
}

/**
 * The candidate's pods are younger than the first bin, so whatever of them appears on the grid started
 * from 0. Of stable only what appears beside something of stable that was seen a step before did (a new
 * pod, a first error): where all of it appears at once, Prometheus was blind, and the counters are old.
 */
function bornFromZero(reading: CohortReading, steps: number): BornFromZero {
  if (reading.side === "candidate") return () => true;
  const tracks = [
    ...tracksOf(reading.requests),
    ...tracksOf(reading.exceptions),
    ...reading.histograms.flatMap((buckets) => [...buckets.values()]),
  ];
  const alive = presence(tracks, steps);
  return (step) => alive[step - 1] ?? false;
}

function isFailure({ labels }: Series, codeLabel: string): boolean {
  const code = labels[codeLabel];
  if (code === undefined || !httpStatus.test(code)) {
    const what = code === undefined ? "is missing" : `is ${JSON.stringify(code)}`;
    // Without this a mistyped label would make every error a success.
    throw sourceError(
      `the label ${codeLabel} of a request series ${what}, where an HTTP status belongs (rollout.metrics.requests.codeLabel)`,
    );
  }
  return code.startsWith("5") && code.length === 3;
}

function slowByThreshold(
  reading: CohortReading,
  options: CohortOptions,
  known: { readonly steps: number; readonly born: BornFromZero; readonly any: boolean },
): Map<number, number[]> {
  const { side, histograms } = reading;
  const result = new Map<number, number[]>();
  for (const threshold of options.thresholdsMs) {
    if (known.any && histograms.length === 0) {
      throw sourceError(
        `${side} has requests but no histogram ${options.latencyMetric} (rollout.metrics.latency)`,
      );
    }
    const series = histograms.map((buckets) => {
      const all = buckets.get(Number.POSITIVE_INFINITY);
      const fast = buckets.get(threshold);
      if (!all || !fast) {
        const missing = all ? `bound ${threshold} ms` : "bound +Inf";
        throw sourceError(`a histogram ${options.latencyMetric} of ${side} has no ${missing}`);
      }
      return slowIncreases(all, fast, known.born);
    });
    result.set(threshold, addUp(series, known.steps));
  }
  for (const threshold of options.alsoThresholdsMs ?? []) {
    const tracks = histograms.map((buckets) => [
      buckets.get(Number.POSITIVE_INFINITY),
      buckets.get(threshold),
    ]);
    const series = tracks.flatMap(([all, fast]) =>
      all && fast ? [slowIncreases(all, fast, known.born)] : [],
    );
    if (series.length === histograms.length && series.length > 0)
      result.set(threshold, addUp(series, known.steps));
  }
  return result;
}

function tracksOf(series: readonly Series[]): Track[] {
  return series.map(({ track }) => track);
}
