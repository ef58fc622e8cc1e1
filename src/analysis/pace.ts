import { RolloutError } from "../errors/errors.ts";
import type { CohortBin } from "../types/observation.ts";
import { MetricEvidence, type PaceMetricReading } from "./pace-metric.ts";
import { Schedule } from "./pace-mixture.ts";
import { type PaceMetric, type PaceOptions, paceDefaults, paceOptions } from "./pace-options.ts";
import { evidenceSentence } from "./pace-text.ts";

/** Both cohorts in one bin. A side that the source left out had no requests. */
export interface PaceBin {
  /** Start of the bin, ms since the epoch by the source's clock. */
  readonly startMs: number;
  readonly canary?: CohortBin | undefined;
  readonly stable?: CohortBin | undefined;
}

/** What the evidence says at one look. */
export interface PaceLook {
  /** Means over the metrics. */
  readonly eAbs: number;
  readonly eRel: number;
  /** Odds against "all is well". Reverts at `threshold` or more. */
  readonly e: number;
  readonly threshold: number;
  readonly reverts: boolean;
  readonly metrics: readonly PaceMetricReading[];
  /** For people, about the metric that weighs most. Deterministic, without times of day. */
  readonly message: string;
}

/** Series of both cohorts as a `MetricsAnswer` has them. */
export interface PaceSeries {
  readonly candidate: readonly CohortBin[];
  readonly stable: readonly CohortBin[];
}

/**
 * PACE, paired anytime-valid canary evidence (gates.md 2.4): is the canary worse than its hard limit, or worse than
 * both `tolerance` times stable and the SLO? While it isn't, `e` ever reaches 1/alpha in at most alpha of the
 * rollouts, however often it is looked at, however long a soak is extended. Weights and traffic may change.
 *
 * Takes bins in the order of their time and keeps no bin: its size is fixed. At exposure 100 there is no stable, so
 * the comparison stands still with what it had, and the absolute part alone gathers evidence.
 */
export class PaceEvidence {
  readonly #options: PaceOptions;
  readonly #schedule: Schedule;
  readonly #metrics: readonly MetricEvidence[];
  #originMs: number | undefined;
  #latestMs = Number.NEGATIVE_INFINITY;

  /** `originMs`: when the rollout began; default the first bin. @throws RolloutError `pace-options-invalid`. */
  constructor(options: Partial<PaceOptions> & { readonly originMs?: number } = {}) {
    this.#options = paceOptions(options);
    this.#schedule = new Schedule(this.#options.start, this.#options.hazardPerMinute);
    this.#metrics = this.#options.metrics.map((metric) => new MetricEvidence(metric, this.#options));
    this.#originMs = options.originMs;
  }

  /**
   * @throws RolloutError `bin-order` where a bin isn't later than the one before, `bin-invalid` for a count that is
   * none, `threshold-missing` where the source doesn't count a latency threshold. What was gathered is void then.
   */
  add({ startMs, canary, stable }: PaceBin): void {
    if (!(startMs > this.#latestMs)) throw outOfOrder(startMs, this.#latestMs);
    this.#latestMs = startMs;
    this.#originMs ??= startMs;
    const minute = Math.max(0, Math.floor((startMs - this.#originMs) / 60_000));
    const prior = this.#schedule.startsBy(minute);
    const cold = startMs < this.#options.latencySkipUntilMs;
    for (let at = 0; at < this.#metrics.length; at += 1) {
      const evidence = this.#metrics[at];
      evidence?.start(prior);
      if (cold && this.#options.metrics[at]?.slow) continue;
      evidence?.add(canary, stable);
    }
  }

  /** `e` alone, for those who look after every bin. */
  evidence(): number {
    const { left } = this.#schedule;
    let sum = 0;
    for (let at = 0; at < this.#metrics.length; at += 1) sum += this.#metrics[at]?.evidence(left) ?? 0;
    return sum / this.#metrics.length;
  }

  look(): PaceLook {
    const { left } = this.#schedule;
    const metrics = this.#metrics.map((evidence) => evidence.read(left));
    const threshold = 1 / this.#options.alpha;
    const e = this.evidence();
    const mean = (part: "eAbs" | "eRel") =>
      metrics.reduce((sum, reading) => sum + reading[part], 0) / metrics.length;
    return {
      eAbs: mean("eAbs"),
      eRel: mean("eRel"),
      e,
      threshold,
      reverts: e >= threshold,
      metrics,
      message: describe(this.#options.metrics, metrics, { e, threshold }),
    };
  }
}

/** The evidence of a whole rollout so far: a pure function of the bins, so a restarted driver reads the same. */
export function foldPace(
  series: PaceSeries,
  options: Partial<PaceOptions> & { readonly originMs?: number } = {},
): PaceLook {
  const evidence = new PaceEvidence(options);
  for (const bin of pairBins(series, options.originMs)) evidence.add(bin);
  return evidence.look();
}

/** Pairs by start, in the order of time. `sinceMs`: bins that begin earlier are left out. */
export function pairBins(series: PaceSeries, sinceMs = Number.NEGATIVE_INFINITY): readonly PaceBin[] {
  const byTime = (bins: readonly CohortBin[]) =>
    bins.filter(({ startMs }) => startMs >= sinceMs).sort((a, b) => a.startMs - b.startMs);
  const canary = byTime(series.candidate);
  const stable = byTime(series.stable);
  const pairs: PaceBin[] = [];
  let [atCanary, atStable] = [0, 0];
  while (atCanary < canary.length || atStable < stable.length) {
    const [left, right] = [canary[atCanary], stable[atStable]];
    const startMs = Math.min(
      left?.startMs ?? Number.POSITIVE_INFINITY,
      right?.startMs ?? Number.POSITIVE_INFINITY,
    );
    const pair = {
      startMs,
      canary: left?.startMs === startMs ? left : undefined,
      stable: right?.startMs === startMs ? right : undefined,
    };
    if (pair.canary) atCanary += 1;
    if (pair.stable) atStable += 1;
    pairs.push(pair);
  }
  return pairs;
}

/** Latency thresholds in ms that some bin doesn't count: hold then, since evidence can't be computed without them. */
export function uncountedThresholds(
  { candidate, stable }: PaceSeries,
  metrics: readonly PaceMetric[] = paceDefaults.metrics,
): readonly number[] {
  const wanted = metrics.flatMap(({ slow }) => (slow ? [slow.relativeMs, slow.absoluteMs] : []));
  const bins = [...candidate, ...stable];
  return [...new Set(wanted)].filter((ms) => bins.some(({ slow }) => slow[ms] === undefined));
}

function describe(
  metrics: readonly PaceMetric[],
  readings: readonly PaceMetricReading[],
  odds: { readonly e: number; readonly threshold: number },
): string {
  const heaviest = readings.reduce((most, reading) => (reading.e > most.e ? reading : most));
  const label = metrics[readings.indexOf(heaviest)]?.label[heaviest.part] ?? "";
  return evidenceSentence({ reading: heaviest, label, ...odds });
}

function outOfOrder(startMs: number, latestMs: number): RolloutError {
  return new RolloutError(`A bin at ${startMs} ms came after the one at ${latestMs} ms.`, {
    code: "bin-order",
    exit: "internal",
    hint: "Evidence needs each bin once, in the order of time: sort them, and merge two of one start.",
  });
}
