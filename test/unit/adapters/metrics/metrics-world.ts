import { createPrometheusMetrics } from "../../../../src/adapters/metrics/prometheus.ts";
import type { CohortBin, MetricsAnswer } from "../../../../src/types/observation.ts";
import type { MetricsConfig } from "../../../../src/types/policy.ts";
import type { ScrapedSeries } from "../../../support/http-fake-prometheus.ts";
import { createMemoryRuntime } from "../../../support/memory-runtime.ts";

type Config = Extract<MetricsConfig, { kind: "prometheus" }>;

/** Seconds since the epoch at which the tests' bins begin. */
export const origin = Date.UTC(2026, 0, 15, 10, 0, 0) / 1000;

/** A look 60 s after the origin: three closed bins of 10 s. */
export const look = { sinceMs: origin * 1000, nowMs: (origin + 60) * 1000, thresholdsMs: [] as number[] };

export function openMetrics(url: string, over: Partial<Config> = {}) {
  const { runtime, wall } = createMemoryRuntime();
  const config: Config = {
    kind: "prometheus",
    url,
    cohort: { label: "version", stable: "stable", candidate: "canary" },
    match: {},
    requests: { metric: "req", codeLabel: "code" },
    latency: { metric: "dur_seconds" },
    exceptions: { metric: "exc" },
    ...over,
  };
  return { metrics: createPrometheusMetrics({ config, runtime }), wall };
}

export type Samples = Record<number, number | string>;

/** A series from samples by the second since the origin. */
export function series(name: string, labels: Record<string, string>, samples: Samples): ScrapedSeries {
  const sorted = Object.entries(samples).map(([at, value]) => [origin + Number(at), value] as const);
  return { labels: { __name__: name, ...labels }, samples: sorted.sort(([a], [b]) => a - b) };
}

export const requests = (version: string, code: string, samples: Samples, pod = "a") =>
  series("req", { version, code, pod }, samples);

export function value(answer: MetricsAnswer) {
  if (answer.status !== "value") throw new Error(`expected a value, got ${answer.status}: ${answer.message}`);
  return answer;
}

export const column = (bins: readonly CohortBin[], key: "n" | "errors" | "exceptions") =>
  bins.map((bin) => bin[key]);
