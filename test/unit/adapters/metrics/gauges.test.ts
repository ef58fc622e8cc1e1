import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createAzureLogsGauge } from "../../../../src/adapters/metrics/azure-monitor/azure-logs-gauge.ts";
import { createPrometheusGauge } from "../../../../src/adapters/metrics/prometheus-gauge.ts";
import { workspaceId } from "../../../support/azure-monitor-world.ts";
import type { Item } from "../../../support/azure-telemetry.ts";
import { type FakeAnswer, json } from "../../../support/http-fake.ts";
import {
  type AzureMonitorFake,
  azureError,
  logsTable,
  monitorCredential,
  startAzureMonitorFake,
} from "../../../support/http-fake-azure-monitor.ts";
import { type PrometheusFake, startPrometheusFake } from "../../../support/http-fake-prometheus.ts";
import { createMemoryRuntime } from "../../../support/memory-runtime.ts";
import { origin, series } from "./metrics-world.ts";

const at = (seconds: number) => (origin + seconds) * 1000;
const { runtime } = createMemoryRuntime();

describe("prometheus gauge", () => {
  let server: PrometheusFake;
  beforeEach(async () => {
    server = await startPrometheusFake();
  });
  afterEach(() => server.close());
  const read = (nowSeconds = 75, sinceSeconds = 0, query = "pool{}") =>
    createPrometheusGauge({ config: { kind: "prometheus", url: server.url, query }, runtime }).read({
      sinceMs: at(sinceSeconds),
      nowMs: at(nowSeconds),
    });
  const pool = (pod: string, samples: Record<number, number | string>) => series("pool", { pod }, samples);

  it("the worst of the series counts, step by step", async () => {
    server.series = [pool("a", { 0: 10, 15: 95, 30: 20 }), pool("b", { 0: -5, 15: 30, 30: 80.5 })];
    expect(await read(60)).toEqual({
      status: "value",
      everyMs: 15_000,
      watermarkMs: at(30),
      samples: [10, 95, 80.5].map((value, index) => ({ atMs: at(index * 15), value })),
    });
  });

  it("what is not finite is left out; where there is nothing else it is an error", async () => {
    server.series = [pool("a", { 0: "NaN", 15: "+Inf", 30: 7, 45: "NaN" }), pool("b", { 0: 3, 45: "-Inf" })];
    const answer = await read();
    expect(answer).toMatchObject({ samples: [{ value: 3 }, { value: 3 }, { value: 7 }] });
    server.series = [pool("a", { 0: "NaN", 15: "+Inf" })];
    expect(await read()).toEqual({
      status: "error",
      message: expect.stringMatching(/no sample of pool\{\} is a finite/),
    });
  });

  it("the same span gives the same samples, on a grid of its own", async () => {
    server.series = [pool("a", { 0: 1, 10: 2, 20: 3, 30: 4, 40: 5, 50: 6 })];
    const first = await read(75, 7);
    expect(first).toMatchObject({ samples: [{ atMs: at(15) }, { atMs: at(30) }, { atMs: at(45) }] });
    await read(90, 3);
    expect(await read(75, 7)).toEqual(first);
  });

  it("over days the steps are wider: Prometheus has a limit", async () => {
    server.series = [pool("a", { 0: 1 })];
    const answer = await read(3 * 86_400 + 30);
    expect(answer).toMatchObject({ status: "value", everyMs: 30_000 });
  });

  it("does not trust a clock of ours that runs ahead of the server's", async () => {
    const values = [0, 15, 30, 45].map((second) => [origin + second, "5"]);
    const data = { resultType: "matrix", result: [{ metric: {}, values }] };
    const headers = { date: new Date(at(50)).toUTCString() };
    server.override = () => ({ status: 200, body: JSON.stringify({ status: "success", data }), headers });
    expect(await read()).toMatchObject({ watermarkMs: at(15), samples: [{}, {}] });
  });

  const sample = (text: unknown) =>
    json({
      status: "success",
      data: { resultType: "matrix", result: [{ metric: {}, values: [[origin, text]] }] },
    });
  it.each<[string, FakeAnswer, RegExp]>([
    [
      "a wrong query",
      json({ status: "error", errorType: "bad_data", error: "parse error" }, 400),
      /parse error/,
    ],
    [
      "a part",
      json({ status: "success", data: { resultType: "matrix", result: [] }, warnings: ["lost"] }),
      /partial/,
    ],
    ["null", sample(null), /not a matrix/],
    ["no number", sample("many"), /is "many", which is no number/],
    ["an empty text", sample(""), /which is no number/],
    ["a vector", json({ status: "success", data: { resultType: "vector", result: [] } }), /not a matrix/],
  ])("%s is an error", async (_, answer, message) => {
    server.override = () => answer;
    expect(await read()).toEqual({ status: "error", message: expect.stringMatching(message) });
  });

  it("asks nobody before a step is complete", async () => {
    expect((await read(29)).status).toBe("empty");
    expect(server.requests).toEqual([]);
  });
});

describe("azure-logs gauge", () => {
  let fake: AzureMonitorFake;
  beforeEach(async () => {
    fake = await startAzureMonitorFake();
  });
  afterEach(() => fake.close());
  const everyMinute =
    "AppMetrics | where Name == 'pool' | summarize value = max(Max) by at = bin(TimeGenerated, 1m)";
  const read = (query = everyMinute, nowSeconds = 400) =>
    createAzureLogsGauge({
      config: { kind: "azure-logs", workspaceId, query, endpoint: fake.url },
      runtime,
      credential: monitorCredential,
    }).read({ sinceMs: at(0), nowMs: at(nowSeconds) });
  const metric = (seconds: number, Max: number, more = {}): Item => ({
    table: "AppMetrics",
    atMs: at(seconds),
    columns: { Name: "pool", Max, ...more },
  });

  it("defines t0 and t1 before the query, as whole minutes, and asks for just that span", async () => {
    fake.telemetry = [metric(30, 5), metric(90, 6)];
    await read(`${everyMinute} // the pool`);
    const { query, timespan } = JSON.parse(fake.requests[0]?.body ?? "{}") as {
      query: string;
      timespan: string;
    };
    expect(query.split("\n")).toEqual([
      "let t0 = datetime(2026-01-15T10:00:00.000Z);",
      "let t1 = datetime(2026-01-15T10:04:00.000Z);",
      `${everyMinute} // the pool`,
      "| project AtMs = tolong((at - datetime(1970-01-01)) / 1ms), Value = toreal(value)",
    ]);
    expect(timespan).toBe("2026-01-15T10:00:00.000Z/2026-01-15T10:04:00.000Z");
  });

  it("the highest of a minute counts, and what comes after the span does not", async () => {
    fake.telemetry = [metric(61, 5), metric(62, 9), metric(63, 7), metric(240, 99)];
    const raw = "AppMetrics | project at = TimeGenerated, value = Max";
    expect(await read(raw)).toEqual({
      status: "value",
      everyMs: 60_000,
      watermarkMs: at(180),
      samples: [{ atMs: at(60), value: 9 }],
    });
    fake.telemetry = [metric(240, 99)];
    expect((await read(raw)).status).toBe("empty");
  });

  it.each<[string, FakeAnswer, RegExp]>([
    ["only NaN", logsTable(["AtMs:long", "Value:real"], [[at(0), "NaN"]]), /none of its 1 rows has a number/],
    ["only null", logsTable(["AtMs:long", "Value:real"], [[at(0), null]]), /none of its 1 rows has a number/],
    ["a row without a time", logsTable(["AtMs:long", "Value:real"], [[null, 5]]), /no sample/],
    ["a text", logsTable(["AtMs:long", "Value:real"], [[at(0), "5"]]), /no sample/],
    [
      "a wrong query",
      azureError(400, ["BadArgumentError", "no"], ["SemanticError", "no column 'at'"]),
      /no column 'at'/,
    ],
    [
      "a part",
      logsTable(["AtMs:long", "Value:real"], [[at(0), 5]], { error: { code: "P", message: "lost" } }),
      /a part/,
    ],
  ])("%s is an error", async (_, answer, message) => {
    fake.override = () => answer;
    expect(await read()).toEqual({ status: "error", message: expect.stringMatching(message) });
  });

  it("a value that is no number is left out beside others", async () => {
    fake.override = () =>
      logsTable(
        ["AtMs:long", "Value:real"],
        [
          [at(0), "NaN"],
          [at(60), 4],
          [at(120), null],
        ],
      );
    expect(await read()).toMatchObject({ samples: [{ atMs: at(60), value: 4 }] });
  });

  it("a query without its columns is refused by the service", async () => {
    fake.telemetry = [metric(1, 5)];
    const answer = await read(
      "AppMetrics | summarize value = max(Max) by TimeGenerated = bin(TimeGenerated, 1m)",
    );
    expect(answer).toEqual({ status: "error", message: expect.stringMatching(/SEM0100: .*'at'/) });
  });

  it("waits for two minutes, and says where no scope is named", async () => {
    expect((await read(everyMinute, 179)).status).toBe("empty");
    const config = { kind: "azure-logs", query: everyMinute, endpoint: fake.url } as const;
    const gauge = createAzureLogsGauge({ config, runtime, credential: monitorCredential });
    expect(await gauge.read({ sinceMs: at(0), nowMs: at(400) })).toMatchObject({
      status: "error",
      message: expect.stringMatching(/exactly one of workspaceId and resourceId/),
    });
    expect(fake.requests).toEqual([]);
  });
});
