import { type Matcher, msPerUnit, selector } from "../../lib/promql/selector.ts";
import type { Runtime } from "../../lib/runtime.ts";
import type { Metrics, MetricsQuery } from "../../ports/metrics.ts";
import type { MetricsAnswer } from "../../types/observation.ts";
import type { MetricsConfig } from "../../types/policy.ts";
import {
  createPrometheusApi,
  type Grid,
  type PrometheusApi,
  type Series,
  sourceError,
} from "./prometheus-api.ts";
import { type Buckets, type CohortReading, cohortSeries } from "./prometheus-cohort.ts";

type PrometheusConfig = Extract<MetricsConfig, { kind: "prometheus" }>;

export interface PrometheusMetricsOptions {
  readonly config: PrometheusConfig;
  readonly runtime: Runtime;
  /** Age at which a bin counts as complete; default `config.lagSeconds`, else 30 s (two scrapes of 15 s). */
  readonly lagMs?: number;
  /** Length of a bin; default 10 s. */
  readonly binMs?: number;
  /** Time limit of each HTTP exchange; default 10 s. */
  readonly timeoutMs?: number;
}

interface Settings {
  readonly config: PrometheusConfig;
  readonly binMs: number;
  readonly lagMs: number;
}

/** How far before the first bin the base line of a counter is looked for: Prometheus' own look-back. */
const lookBackMs = 300_000;

/**
 * Counts per version from Prometheus: raw counter values at the ends of the bins (`query_range`, one series
 * a target), differenced here. Requests and 5xx from a counter with a status label, slow requests from the
 * buckets of a classic histogram (bounds in seconds, or in ms where its name ends in `_ms` or
 * `_milliseconds`), exceptions from a counter that may be absent. Growth falls into the bin in which it was
 * scraped; of a target that restarts, what it did since the last bin's end is lost. Never throws.
 */
export function createPrometheusMetrics(options: PrometheusMetricsOptions): Metrics {
  const { config, runtime } = options;
  const { binMs = 10_000, timeoutMs = 10_000, lagMs = (config.lagSeconds ?? 30) * 1000 } = options;
  return {
    name: "prometheus",
    observe: async (query) => {
      try {
        const api = createPrometheusApi({ url: config.url, runtime, timeoutMs });
        return await observe({ config, binMs, lagMs }, api, query);
      } catch (error) {
        return { status: "error", message: error instanceof Error ? error.message : String(error) };
      }
    },
  };
}

async function observe(settings: Settings, api: PrometheusApi, query: MetricsQuery): Promise<MetricsAnswer> {
  const { config, binMs, lagMs } = settings;
  const { cohort, requests } = config;
  if (cohort.stable === cohort.candidate) {
    throw sourceError(
      `both sides have the label ${cohort.label}=${JSON.stringify(cohort.stable)} (rollout.metrics.cohort)`,
    );
  }
  const fromMs = Math.ceil(query.sinceMs / binMs) * binMs;
  const closed = (now: number) => Math.floor((now - lagMs) / binMs) * binMs;
  const endMs = closed(query.nowMs);
  if (endMs <= fromMs) return { status: "empty", message: `no bin of ${binMs / 1000} s is complete yet` };

  const grid: Grid = { startMs: fromMs - Math.ceil(lookBackMs / binMs) * binMs, endMs, stepMs: binMs };
  const [requestSeries, exceptionSeries, latency] = await Promise.all([
    api.range(selector(requests.metric, matchers(config)), grid, query.signal),
    api.range(selector(config.exceptions.metric, matchers(config)), grid, query.signal),
    readLatency({ config, api }, grid, query),
  ]);
  // A clock of ours that runs ahead of the server's would declare bins complete that aren't.
  const watermarkMs = Math.min(endMs, closed(api.serverNowMs() ?? query.nowMs));
  const side = (name: "candidate" | "stable") => {
    const own = ({ labels }: Series) => labels[cohort.label] === cohort[name];
    const reading: CohortReading = {
      side: name,
      requests: requestSeries.filter(own),
      exceptions: exceptionSeries.filter(own),
      histograms: histograms(latency.filter(own), config.latency.metric),
    };
    const { thresholdsMs, alsoThresholdsMs = [] } = query;
    const latencyMetric = config.latency.metric;
    return cohortSeries(reading, {
      grid,
      fromMs,
      toMs: watermarkMs,
      codeLabel: requests.codeLabel,
      thresholdsMs,
      alsoThresholdsMs,
      latencyMetric,
    });
  };
  const answer = { candidate: side("candidate"), stable: side("stable") };
  if (answer.candidate.bins.length + answer.stable.bins.length === 0) {
    return {
      status: "empty",
      message: `no ${requests.metric} of either side in the span that was asked for`,
    };
  }
  return { status: "value", binMs, watermarkMs, ...answer };
}

function matchers({ cohort, match }: PrometheusConfig): Matcher[] {
  const fixed = Object.entries(match).map(([label, value]) => ({ label, value }));
  return [...fixed, { label: cohort.label, value: { oneOf: [cohort.stable, cohort.candidate] } }];
}

/** Only the buckets that are wanted: the spellings of their bounds (`1`, `1.0`) are asked for first. */
async function readLatency(
  { config, api }: { readonly config: PrometheusConfig; readonly api: PrometheusApi },
  grid: Grid,
  { thresholdsMs, alsoThresholdsMs = [], signal }: MetricsQuery,
): Promise<readonly Series[]> {
  if (thresholdsMs.length === 0) return [];
  const name = bucketName(config.latency.metric);
  const spellings = await api.labelValues(
    { label: "le", query: selector(name, matchers(config)) },
    grid,
    signal,
  );
  if (spellings.length === 0) return [];
  const bounds = spellings.map((text) => ({ text, ms: boundMs(text, config.latency.metric) }));
  const wanted = [...thresholdsMs, Number.POSITIVE_INFINITY];
  for (const threshold of wanted) {
    if (bounds.some(({ ms }) => ms === threshold)) continue;
    const known = bounds.map(({ ms }) => ms).sort((a, b) => a - b);
    throw sourceError(
      `${threshold} ms is no bucket bound of ${config.latency.metric}; its bounds in ms are ${known.join(", ")}. Set the latency limit to one of them, or add the bucket`,
    );
  }
  const asked = [...wanted, ...alsoThresholdsMs];
  const oneOf = bounds.filter(({ ms }) => asked.includes(ms)).map(({ text }) => text);
  const all = [...matchers(config), { label: "le", value: { oneOf } }];
  return await api.range(selector(name, all), grid, signal);
}

/** Groups bucket series by target: all labels but `le`. */
function histograms(series: readonly Series[], metric: string): Buckets[] {
  const targets = new Map<string, Map<number, Series["track"]>>();
  for (const { labels, track } of series) {
    const { le = "", ...rest } = labels;
    const key = JSON.stringify(Object.entries(rest).sort(([a], [b]) => (a < b ? -1 : 1)));
    const buckets = targets.get(key) ?? new Map<number, Series["track"]>();
    const bound = boundMs(le, metric);
    // Two spellings of one bound follow each other in time (a changed client library): one track.
    const before = buckets.get(bound);
    buckets.set(bound, before ? track.map((value, step) => value ?? before[step]) : track);
    targets.set(key, buckets);
  }
  return [...targets.values()];
}

function bucketName(metric: string): string {
  return metric.endsWith("_bucket") ? metric : `${metric}_bucket`;
}

function boundMs(le: string, metric: string): number {
  if (le === "+Inf") return Number.POSITIVE_INFINITY;
  // To the microsecond: 0.3 s times 1000 must be the 300 of the configuration.
  return Math.round(Number(le) * msPerUnit(metric) * 1000) / 1000;
}
