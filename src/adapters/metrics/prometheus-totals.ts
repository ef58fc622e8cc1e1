import { messageOf } from "../../lib/error-message.ts";
import { selector } from "../../lib/promql/selector.ts";
import type { Runtime } from "../../lib/runtime.ts";
import type { Totals } from "../../ports/gauge.ts";
import type { TotalsAnswer } from "../../types/gauge.ts";
import type { MetricsConfig } from "../../types/policy.ts";
import { createPrometheusApi, type Grid, type Series } from "./prometheus-api.ts";
import { cohortSeries } from "./prometheus-cohort.ts";

type PrometheusConfig = Extract<MetricsConfig, { kind: "prometheus" }>;

export interface PrometheusTotalsOptions {
  readonly config: PrometheusConfig;
  readonly runtime: Runtime;
  /** Time limit of each HTTP exchange, ms; default 30 s. */
  readonly timeoutMs?: number;
}

/**
 * Steps, ms: the narrowest that leaves a span few enough. 5 min is Prometheus' look-back, so a wider one would miss
 * series.
 */
const stepsMs = [10_000, 30_000, 60_000, 300_000] as const;
const fewSteps = 720;
/** How long a part of a span is that is asked for at once: a day of 5 min is 288 points a series. */
const partMs = 86_400_000;

/**
 * Requests and failures of the service from raw counters, both versions together: `config.match` without the label that
 * tells them apart. Counters are read by `query_range`, a day at a time, and differenced here series by series. Not
 * `increase(…[30d])`: it loses all that a series counted before its second scrape (prometheus#1673, #3886, #12967), and
 * an error series is often born with its first error: a budget would read 0 for exactly the failures that matter.
 *
 * What is still lost: what a target did between its last step and its end, of good and bad requests alike, and a
 * target that lived for less than a step (5 min in spans beyond 12 h). The end of the span needs no watermark: what is not
 * scraped yet is missing on both sides of the quotient. Never throws.
 */
export function createPrometheusTotals(options: PrometheusTotalsOptions): Totals {
  const { config, runtime, timeoutMs = 30_000 } = options;
  return {
    name: "prometheus",
    count: async (query) => {
      try {
        const api = createPrometheusApi({ url: config.url, runtime, timeoutMs });
        return await count(config, query, (grid) => api.range(metricOf(config), grid, query.signal));
      } catch (error) {
        return { status: "error", message: messageOf(error) };
      }
    },
  };
}

async function count(
  config: PrometheusConfig,
  span: { readonly fromMs: number; readonly toMs: number },
  read: (grid: Grid) => Promise<readonly Series[]>,
): Promise<TotalsAnswer> {
  const known = new Map<string, number>();
  let total = 0;
  let bad = 0;
  let seen = false;
  // One after another: a month at once would be a month in memory, here and there.
  for (const grid of partsOf(span)) {
    const requests = (await read(grid)).map((series) => continued(series, known));
    const options = { grid, fromMs: grid.startMs, toMs: grid.endMs, thresholdsMs: [], latencyMetric: "" };
    // As stable: an old counter that Prometheus had lost sight of was not born when it is seen again.
    const { bins } = cohortSeries(
      { side: "stable", requests, exceptions: [], histograms: [] },
      { ...options, codeLabel: config.requests.codeLabel },
    );
    for (const bin of bins) {
      total += bin.n;
      bad += bin.errors;
      seen = true;
    }
  }
  if (seen) return { status: "value", total, bad };
  return {
    status: "empty",
    message: `${config.requests.metric} counted no requests in the span that was asked for`,
  };
}

/**
 * A series with what was last known of it at the start of its part: over midnight a gap is no birth, which would count
 * the counter's whole life.
 */
function continued({ labels, track }: Series, known: Map<string, number>): Series {
  const key = JSON.stringify(Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1)));
  const before = known.get(key);
  const last = track.findLast((value) => value !== undefined);
  if (last !== undefined) known.set(key, last);
  return { labels, track: track[0] === undefined ? [before, ...track.slice(1)] : track };
}

/** Grids that share their ends, together the span: it may begin up to a step earlier. */
function partsOf({ fromMs, toMs }: { readonly fromMs: number; readonly toMs: number }): Grid[] {
  const spanMs = toMs - fromMs;
  const stepMs = stepsMs.find((step) => spanMs / step <= fewSteps) ?? stepsMs[3];
  const grids: Grid[] = [];
  let startMs = toMs - Math.ceil(spanMs / stepMs) * stepMs;
  while (startMs < toMs) {
    const endMs = Math.min(startMs + partMs, toMs);
    grids.push({ startMs, endMs, stepMs });
    startMs = endMs;
  }
  return grids;
}

function metricOf({ requests, match }: PrometheusConfig): string {
  return selector(
    requests.metric,
    Object.entries(match).map(([label, value]) => ({ label, value })),
  );
}
