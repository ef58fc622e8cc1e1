import type { CohortBin, CohortSeries } from "../types/observation.ts";
import type { Telemetry } from "./telemetry.ts";

const hourMs = 3_600_000;
/** What is older stands by the hour. */
const keptMs = 6 * hourMs;

/**
 * A telemetry whose old counts stand by the hour, each as one bin at the hour's beginning: sums stay the same, and a look
 * back over weeks has hundreds of bins and not a hundred thousand. What a limit looks at is never that old.
 */
export function thinned(telemetry: Telemetry): Telemetry["series"] {
  const hours = new Map<string, Map<number, CohortBin | undefined>>();
  return (cohort, sinceMs, thresholdsMs) => {
    const { bins } = telemetry.series(cohort, sinceMs, thresholdsMs);
    const firstMs = Math.ceil(sinceMs / hourMs) * hourMs;
    const endMs = Math.floor((telemetry.watermarkMs() - keptMs) / hourMs) * hourMs;
    if (endMs <= firstMs) return { bins };
    const key = `${cohort} ${thresholdsMs.join()}`;
    const known = hours.get(key) ?? new Map<number, CohortBin | undefined>();
    hours.set(key, known);
    return together(bins, { known, firstMs, endMs });
  };
}

interface Old {
  /** Hours that were summed up before, by their beginning. */
  readonly known: Map<number, CohortBin | undefined>;
  readonly firstMs: number;
  readonly endMs: number;
}

function together(bins: readonly CohortBin[], { known, firstMs, endMs }: Old): CohortSeries {
  const before = indexFrom(bins, firstMs);
  const after = indexFrom(bins, endMs);
  const merged: CohortBin[] = [];
  let at = before;
  for (let startMs = firstMs; startMs < endMs; startMs += hourMs) {
    const next = indexFrom(bins, startMs + hourMs, at);
    if (!known.has(startMs)) known.set(startMs, sumOf(startMs, bins.slice(at, next)));
    const hour = known.get(startMs);
    if (hour !== undefined) merged.push(hour);
    at = next;
  }
  return { bins: [...bins.slice(0, before), ...merged, ...bins.slice(after)] };
}

/** Index of the first bin that starts at a moment or later. */
export function indexFrom(bins: readonly CohortBin[], sinceMs: number, from = 0): number {
  let [low, high] = [from, bins.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((bins[middle]?.startMs ?? 0) < sinceMs) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Counts by threshold. The largest is set first: the engine then keeps a table of them, else a list as long as it (8 KB a bin). */
export function slowBy(
  thresholdsMs: readonly number[],
  count: (limitMs: number) => number,
): Readonly<Record<number, number>> {
  const falling = [...thresholdsMs].sort((a, b) => b - a);
  return Object.fromEntries(falling.map((limit) => [limit, count(limit)]));
}

/** Undefined: the cohort had no bin. */
function sumOf(startMs: number, bins: readonly CohortBin[]): CohortBin | undefined {
  const [first] = bins;
  if (first === undefined) return undefined;
  const sum = (of: (bin: CohortBin) => number) => bins.reduce((total, bin) => total + of(bin), 0);
  const thresholds = Object.keys(first.slow).map(Number);
  return {
    startMs,
    n: sum(({ n }) => n),
    errors: sum(({ errors }) => errors),
    slow: slowBy(thresholds, (limit) => sum(({ slow }) => slow[limit] ?? 0)),
    exceptions: sum(({ exceptions }) => exceptions),
    weightSquared: sum(({ weightSquared }) => weightSquared),
  };
}
