import { afterEach } from "vitest";
import { createPrometheusMetrics } from "../../src/adapters/metrics/prometheus.ts";
import type { HttpFake } from "../support/http-fake.ts";
import { type ScrapedSeries, startPrometheusFake } from "../support/http-fake-prometheus.ts";
import { type BinCounts, createMemoryMetrics, type Side } from "../support/memory-metrics.ts";
import { createMemoryRuntime } from "../support/memory-runtime.ts";
import { metricsSuite, originMs } from "./metrics-suite.ts";

const servers: HttpFake[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});

metricsSuite("memory", async () => {
  const metrics = createMemoryMetrics();
  return {
    metrics,
    load: async (traffic) =>
      metrics.setTraffic((side, startMs) => traffic[side]?.[(startMs - originMs) / 10_000]),
    breakIt: async () => metrics.setOutage("down"),
  };
});

metricsSuite("prometheus", async () => {
  const server = await startPrometheusFake();
  servers.push(server);
  const { runtime } = createMemoryRuntime();
  const config = {
    kind: "prometheus" as const,
    url: server.url,
    cohort: { label: "version", stable: "stable", candidate: "canary" },
    match: { app: "atp-ingestion" },
    requests: { metric: "http_requests_total", codeLabel: "code" },
    latency: { metric: "http_request_duration_seconds" },
    exceptions: { metric: "exceptions_total" },
  };
  return {
    metrics: createPrometheusMetrics({ config, runtime }),
    load: async ({ candidate, stable }) => {
      server.series = [...scraped("candidate", candidate), ...scraped("stable", stable)];
    },
    breakIt: () => server.close(),
  };
});

/** Counters of one pod, scraped at each end of a bin, and once before the first. */
function scraped(side: Side, bins: readonly BinCounts[] | undefined): ScrapedSeries[] {
  if (!bins) return [];
  const version = side === "candidate" ? "canary" : "stable";
  const series = (
    name: string,
    labels: Record<string, string>,
    count: (bin: BinCounts) => number,
  ): ScrapedSeries => {
    let total = 0;
    const samples = bins.map((bin, index) => {
      total += count(bin);
      return [originMs / 1000 + (index + 1) * 10, total] as const;
    });
    const fixed = { __name__: name, app: "atp-ingestion", version, pod: `${side}-0` };
    return { labels: { ...fixed, ...labels }, samples: [[originMs / 1000, 0], ...samples] };
  };
  const bucket = (le: string, slower: (bin: BinCounts) => number) =>
    series("http_request_duration_seconds_bucket", { le }, (bin) => bin.n - slower(bin));
  return [
    series("http_requests_total", { code: "200" }, (bin) => bin.n - (bin.errors ?? 0)),
    series("http_requests_total", { code: "500" }, (bin) => bin.errors ?? 0),
    series("exceptions_total", {}, (bin) => bin.exceptions ?? 0),
    bucket("0.5", (bin) => bin.slow?.[500] ?? 0),
    bucket("1", (bin) => bin.slow?.[1000] ?? 0),
    bucket("+Inf", () => 0),
  ];
}
