import { type SloMetric, sloTable } from "../lib/slo-table.ts";
import type { EnvironmentPolicy } from "../types/policy.ts";
import { compareShare, countsOf, fractionOf } from "./exact.ts";

export { type SloMetric, sloTable } from "../lib/slo-table.ts";

/** Where a metric stands. `missed`: the target is, a warning isn't reached. `unknown`: nobody can say, never a pass. */
export type SloState = "met" | "missed" | "warning" | "critical" | "unknown";

const levels = ["critical", "warning", "target"] as const;

/** State of a measured value, in the unit of its row. What isn't a value of that unit is `unknown`. Pure, total. */
export function sloState(metric: SloMetric, value: number | undefined): SloState {
  const { unit, worse, ...row } = sloTable[metric];
  if (value === undefined || !Number.isFinite(value) || value < 0) return "unknown";
  if (unit === "%" && value > 100) return "unknown";
  return worst((level) => (worse === "above" ? value > row[level] : value < row[level]));
}

/** Requests of a span: `slow` counts those slower than a threshold, by the threshold in ms. */
interface SloCounts {
  readonly n: number;
  readonly errors: number;
  readonly slow: Readonly<Record<number, number>>;
}

/**
 * State of what is counted, in whole counts, so that exactly the threshold is exactly that: P95 is at most T when at
 * most 5 % of the requests are slower than T, P99 when at most 1 % are. No request, or a threshold that the source
 * doesn't count, is `unknown`. Pure, total.
 */
export function sloStateOfCounts(
  metric: Exclude<SloMetric, "throughput" | "queue-lag">,
  { n, errors, slow }: SloCounts,
): SloState {
  const { worse, slowPercent, ...row } = sloTable[metric];
  const breaches = levels.map((level) => {
    const bad = slowPercent !== undefined ? slow[row[level]] : worse === "below" ? n - errors : errors;
    const counts = countsOf(n, bad);
    const limit = fractionOf(slowPercent ?? row[level]);
    if (counts === undefined || limit === undefined) return undefined;
    return compareShare(counts, limit) === (worse === "below" ? -1 : 1);
  });
  if (breaches.includes(undefined)) return "unknown";
  return worst((level) => breaches[levels.indexOf(level)] === true);
}

function worst(breaches: (level: (typeof levels)[number]) => boolean): SloState {
  const level = levels.find(breaches);
  return level === undefined ? "met" : level === "target" ? "missed" : level;
}

const severity: readonly SloState[] = ["critical", "warning", "unknown", "missed", "met"];

/** The state of several metrics together: the worst of them; of none, `unknown`. */
export function worstState(states: readonly SloState[]): SloState {
  return severity.find((state) => states.includes(state)) ?? "unknown";
}

/** The availability that a stack promises, percent: what its error budget is made of. Default 99.9, the guide's. */
export function availabilityTarget({ gates }: Pick<EnvironmentPolicy, "gates">): number {
  return gates.slo?.availabilityPercent ?? sloTable.availability.target;
}
