import { createAzureMetricsGauge } from "../../src/adapters/gauge/azure-metrics-gauge.ts";
import { createCommandGauge } from "../../src/adapters/gauge/command-gauge.ts";
import { createAzureLogsGauge } from "../../src/adapters/metrics/azure-monitor/azure-logs-gauge.ts";
import { createPrometheusMetrics } from "../../src/adapters/metrics/prometheus.ts";
import { createPrometheusGauge } from "../../src/adapters/metrics/prometheus-gauge.ts";
import type { GaugeAnswer } from "../../src/types/gauge.ts";
import type { MetricsAnswer } from "../../src/types/observation.ts";
import { azureConfig, binItems, openAzureMonitor, workspaceId } from "../support/azure-monitor-world.ts";
import { type FakeAnswer, json } from "../support/http-fake.ts";
import {
  type AzureMonitorFake,
  azureError,
  logsTable,
  monitorCredential,
} from "../support/http-fake-azure-monitor.ts";
import type { PrometheusFake, ScrapedSeries } from "../support/http-fake-prometheus.ts";
import { createMemoryRuntime } from "../support/memory-runtime.ts";

/** What can be wrong with data; `none` is the control. */
export const troubles = [
  "none",
  "empty",
  "NaN",
  "null",
  "error",
  "partial",
  "late",
  "one arm silent",
  "both silent",
  "wrong version label",
] as const;
export type Trouble = (typeof troubles)[number];

export const originMs = Date.UTC(2026, 0, 15, 10, 0, 0);
const at = (seconds: number) => originMs + seconds * 1000;
/** Ten minutes of rollout, looked at 30 s later: what came in time is complete, by the lag of each source. */
export const look = { sinceMs: originMs, nowMs: at(630) };
const { runtime } = createMemoryRuntime();

export interface Fakes {
  readonly prometheus: PrometheusFake;
  readonly azure: AzureMonitorFake;
}
/** Puts a trouble in place and asks. */
export type AskMetrics = (trouble: Trouble, fakes: Fakes) => Promise<MetricsAnswer>;
export type AskGauge = (trouble: Trouble, fakes: Fakes) => Promise<GaugeAnswer>;

/** Which versions report: the candidate's label is another than was configured where it is wrong. */
function versionsIn(trouble: Trouble): readonly string[] {
  if (trouble === "empty" || trouble === "both silent") return [];
  if (trouble === "one arm silent") return ["1.2.3"];
  return ["1.2.3", trouble === "wrong version label" ? "v1.2.4" : "1.2.4"];
}

/** Samples each 10 s from a second on, `each` more every time. */
function scraped(
  labels: Readonly<Record<string, string>>,
  { from, first = 0, each }: { readonly from: number; readonly first?: number; readonly each: number },
): ScrapedSeries {
  const samples = Array.from({ length: 61 }, (_, step) => {
    return [(at(from) + step * 10_000) / 1000, first + step * each] as const;
  });
  return { labels, samples };
}

const matrix = (value: unknown) =>
  json({
    status: "success",
    data: {
      resultType: "matrix",
      result: [{ metric: { version: "1.2.4", code: "200" }, values: [[originMs / 1000, value]] }],
    },
  });
const prometheusAnswers: Partial<Record<Trouble, FakeAnswer>> = {
  NaN: matrix("NaN"),
  null: matrix(null),
  error: json({ status: "error", errorType: "internal", error: "boom" }, 500),
  partial: json({
    status: "success",
    data: { resultType: "matrix", result: [] },
    warnings: ["store-1 did not respond"],
  }),
};

export const prometheus: AskMetrics = async (trouble, { prometheus: server }) => {
  // What is late was scraped after everything that could be complete now.
  const from = trouble === "late" ? 630 : 0;
  server.series = versionsIn(trouble).map((version) =>
    scraped({ __name__: "req", version, code: "200" }, { from, each: 20 }),
  );
  server.override = () => prometheusAnswers[trouble];
  const config = {
    kind: "prometheus" as const,
    url: server.url,
    cohort: { label: "version", stable: "1.2.3", candidate: "1.2.4" },
    match: {},
    requests: { metric: "req", codeLabel: "code" },
    latency: { metric: "dur_seconds" },
    exceptions: { metric: "exc" },
  };
  return await createPrometheusMetrics({ config, runtime }).observe({ ...look, thresholdsMs: [] });
};

const columns = [
  "Kind:string",
  "Cohort:string",
  "StartMs:long",
  "Requests:long",
  "Weight2:long",
  "Errors:long",
];
const row = (requests: unknown) => ["requests", "1.2.4", originMs, requests, 200, 0];
const partial = { error: { code: "PartialError", message: "a shard did not answer" } };
const azureAnswers: Partial<Record<Trouble, FakeAnswer>> = {
  NaN: logsTable(columns, [row("NaN")]),
  null: logsTable(columns, [row(null)]),
  error: azureError(503, ["ServiceUnavailable", "boom"]),
  partial: logsTable(columns, [row(200)], partial),
};

export const azureMonitor: AskMetrics = async (trouble, { azure }) => {
  const bins = Array.from({ length: 60 }, () => ({ n: 20 }));
  const items = versionsIn(trouble).flatMap((AppVersion) => binItems(bins, originMs, { AppVersion }));
  // What is late has happened, and the service doesn't have it yet.
  azure.telemetry = trouble === "late" ? items.map((item) => ({ ...item, lateMs: 3_600_000 })) : items;
  azure.nowMs = look.nowMs;
  azure.override = () => azureAnswers[trouble];
  const { metrics } = openAzureMonitor(azureConfig(azure.url));
  return await metrics.observe({ ...look, thresholdsMs: [] });
};

/** A gauge has no sides: two pods, one of which is silent, or a label that no pod has. */
function podsIn(trouble: Trouble): readonly string[] {
  if (trouble === "empty" || trouble === "both silent" || trouble === "wrong version label") return [];
  return trouble === "one arm silent" ? ["a"] : ["a", "b"];
}

export const prometheusGauge: AskGauge = async (trouble, { prometheus: server }) => {
  const from = trouble === "late" ? 630 : 10;
  server.series = podsIn(trouble).map((pod) =>
    scraped({ __name__: "pool", pod, version: "1.2.4" }, { from, first: 20, each: 0 }),
  );
  server.override = () => prometheusAnswers[trouble];
  const config = { kind: "prometheus", url: server.url, query: 'pool{version="1.2.4"}' } as const;
  return await createPrometheusGauge({ config, runtime }).read(look);
};

const metric = (value: unknown, more = {}) => {
  const data = [{ timeStamp: new Date(originMs).toISOString(), average: value }];
  return json({ value: [{ timeseries: [{ data }], ...more }] });
};
const armAnswers: Partial<Record<Trouble, FakeAnswer>> = {
  NaN: metric("NaN"),
  null: metric(null),
  error: azureError(500, ["InternalServerError", "boom"]),
  partial: metric(5, { errorCode: "PartialData", errorMessage: "a shard did not answer" }),
};

export const azureMetrics: AskGauge = async (trouble, { azure }) => {
  const late = trouble === "late";
  azure.metrics = ["a", "b"].map((pod) => ({
    metric: "pool",
    points: podsIn(trouble).includes(pod) ? [[late ? at(600) : at(60), 20] as const] : [],
  }));
  azure.override = () => armAnswers[trouble];
  const config = { kind: "azure-metrics", resourceId: "/s", metric: "pool", aggregation: "Average" } as const;
  const options = { config: { ...config, endpoint: azure.url }, runtime, credential: monitorCredential };
  return await createAzureMetricsGauge(options).read(look);
};

const logAnswers: Partial<Record<Trouble, FakeAnswer>> = {
  NaN: logsTable(["AtMs:long", "Value:real"], [[originMs, "NaN"]]),
  null: logsTable(["AtMs:long", "Value:real"], [[originMs, null]]),
  error: azureError(503, ["ServiceUnavailable", "boom"]),
  partial: logsTable(["AtMs:long", "Value:real"], [[originMs, 5]], partial),
};

export const azureLogs: AskGauge = async (trouble, { azure }) => {
  azure.telemetry = podsIn(trouble).map((AppRoleInstance) => ({
    table: "AppMetrics",
    atMs: at(60),
    lateMs: trouble === "late" ? 3_600_000 : 20_000,
    columns: { AppRoleInstance, AppVersion: "1.2.4", Max: 20 },
  }));
  azure.nowMs = look.nowMs;
  azure.override = () => logAnswers[trouble];
  const query =
    'AppMetrics | where AppVersion == "1.2.4" | summarize value = max(Max) by at = bin(TimeGenerated, 1m)';
  const config = { kind: "azure-logs", workspaceId, query, endpoint: azure.url } as const;
  return await createAzureLogsGauge({ config, runtime, credential: monitorCredential }).read(look);
};

/** What the program does. It sees no pods, no versions and no time but now: no other trouble can be its. */
const programs: Partial<Record<Trouble, string>> = {
  none: "console.log(20)",
  empty: "",
  NaN: "console.log(NaN)",
  null: "console.log(null)",
  error: "console.log(5); process.exit(1)",
  partial: "process.stdout.write('5\\n6')",
};

export const commandTroubles = troubles.filter((trouble) => programs[trouble] !== undefined);

export const command: AskGauge = async (trouble) => {
  const run = [process.execPath, "-e", programs[trouble] ?? ""];
  return await createCommandGauge({ config: { kind: "command", run }, runtime }).read(look);
};
