import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createAzureMonitorTotals } from "../../../../src/adapters/metrics/azure-monitor/totals.ts";
import { createPrometheusTotals } from "../../../../src/adapters/metrics/prometheus-totals.ts";
import type { AzureMonitorConfig } from "../../../../src/types/azure-monitor.ts";
import { azureConfig, resourceId } from "../../../support/azure-monitor-world.ts";
import { type HttpFake, json } from "../../../support/http-fake.ts";
import {
  type AzureMonitorFake,
  azureError,
  logsTable,
  monitorCredential,
  startAzureMonitorFake,
} from "../../../support/http-fake-azure-monitor.ts";
import { type PrometheusFake, startPrometheusFake } from "../../../support/http-fake-prometheus.ts";
import { createMemoryRuntime } from "../../../support/memory-runtime.ts";
import { origin, requests, series } from "./metrics-world.ts";

const servers: Pick<HttpFake, "close">[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});
const { runtime } = createMemoryRuntime();
const at = (seconds: number) => (origin + seconds) * 1000;
const day = 86_400;

describe("totals: prometheus", () => {
  let server: PrometheusFake;
  beforeEach(async () => {
    server = await startPrometheusFake();
    servers.push(server);
  });
  const totals = () =>
    createPrometheusTotals({
      runtime,
      config: {
        kind: "prometheus",
        url: server.url,
        cohort: { label: "version", stable: "stable", candidate: "canary" },
        match: { app: "atp" },
        requests: { metric: "req", codeLabel: "code" },
        latency: { metric: "dur_seconds" },
        exceptions: { metric: "exc" },
      },
    });
  const count = (fromSeconds: number, toSeconds: number) =>
    totals().count({ fromMs: at(fromSeconds), toMs: at(toSeconds) });
  const counter = (version: string, code: string, samples: Record<number, number | string>, pod = "a") => {
    const one = requests(version, code, samples, pod);
    return { ...one, labels: { ...one.labels, app: "atp" } };
  };
  /** A counter that grows by `each` a minute, as a scrape each minute sees it. */
  const minutes = (from: number, to: number, each: number, first = 0) => {
    const samples: Record<number, number> = {};
    for (let second = from; second <= to; second += 60)
      samples[second] = first + ((second - from) / 60) * each;
    return samples;
  };

  it("sums both versions, and failures by their code", async () => {
    server.series = [
      counter("stable", "200", minutes(0, 3600, 100)),
      counter("canary", "200", minutes(0, 3600, 5)),
      counter("stable", "404", minutes(0, 3600, 2)),
      counter("canary", "503", minutes(0, 3600, 1)),
    ];
    expect(await count(0, 3600)).toEqual({ status: "value", total: 60 * 108, bad: 60 });
  });

  it("other apps don't count", async () => {
    const { labels, samples } = counter("stable", "200", minutes(0, 600, 10));
    server.series = [
      counter("stable", "200", minutes(0, 600, 1)),
      { labels: { ...labels, app: "billing" }, samples },
    ];
    expect(await count(0, 600)).toEqual({ status: "value", total: 10, bad: 0 });
  });

  it("a failure counter that is born with its first failures counts them: increase() would read 0", async () => {
    server.series = [
      counter("stable", "200", minutes(0, 3600, 100)),
      counter("stable", "500", { ...minutes(1800, 3600, 0, 7) }),
    ];
    expect(await count(0, 3600)).toEqual({ status: "value", total: 6007, bad: 7 });
  });

  it("a pod that restarts counts from 0, one that goes takes nothing back", async () => {
    server.series = [
      counter("stable", "200", { ...minutes(0, 600, 10, 1000), ...minutes(660, 1200, 10) }, "restarts"),
      counter("stable", "200", { ...minutes(0, 540, 10), 600: "stale" }, "goes"),
    ];
    expect(await count(0, 1200)).toEqual({ status: "value", total: 100 + 90 + 90, bad: 0 });
  });

  it("30 days: a day at a time, each growth once", async () => {
    server.series = [
      counter("stable", "200", minutes(0, 30 * day, 100, 5_000_000)),
      counter("stable", "500", minutes(11 * day + 3600, 30 * day, 0, 12), "b"),
    ];
    const answer = await count(0, 30 * day);
    expect(answer).toEqual({ status: "value", total: 30 * 1440 * 100 + 12, bad: 12 });
    const spans = server.requests.map(({ url }) =>
      ["start", "end", "step"].map((name) => Number(url.searchParams.get(name))),
    );
    expect(spans).toHaveLength(30);
    expect(spans.every(([start = 0, end = 0, step]) => end - start === day && step === 300)).toBe(true);
    expect(spans.slice(1).map(([start]) => start)).toEqual(spans.slice(0, -1).map(([, end]) => end));
  });

  it("a gap over midnight is no birth: the counter's whole life is not counted again", async () => {
    const gap = Object.fromEntries(
      Object.entries(minutes(0, 2 * day, 1, 1_000_000)).filter(
        ([second]) => Math.abs(Number(second) - day) > 1800,
      ),
    );
    server.series = [
      counter("stable", "200", { ...gap, [day - 1740]: "stale" }, "gap"),
      counter("stable", "200", minutes(0, 2 * day, 1), "steady"),
    ];
    expect(await count(0, 2 * day)).toEqual({ status: "value", total: 2 * 2880, bad: 0 });
  });

  it("an old counter that is seen again after Prometheus was blind is not counted from 0", async () => {
    server.series = [counter("stable", "200", minutes(1800, 3600, 10, 9_000_000))];
    expect(await count(0, 3600)).toEqual({ status: "value", total: 300, bad: 0 });
  });

  it.each([
    [300, 10],
    [3600, 10],
    [6 * 3600, 30],
    [12 * 3600, 60],
    [3 * day, 300],
  ])("a span of %i s is read at steps of %i s", async (span, step) => {
    await count(0, span);
    expect(server.requests[0]?.url.searchParams.get("step")).toBe(String(step));
  });

  it("is empty without requests, and an error where the source is in trouble at any day", async () => {
    expect((await count(0, 3600)).status).toBe("empty");
    server.series = [counter("stable", "200", minutes(0, 3600, 0))];
    expect((await count(0, 3600)).status).toBe("empty");
    server.series = [counter("stable", "200", minutes(0, 3 * day, 10))];
    server.override = () =>
      server.requests.length >= 3
        ? json({ status: "error", errorType: "timeout", error: "slow" }, 503)
        : undefined;
    expect(await count(0, 3 * day)).toMatchObject({
      status: "error",
      message: expect.stringMatching(/timeout: slow/),
    });
  });

  it("a label that is no status is an error, never no failures", async () => {
    const { labels, samples } = series("req", { app: "atp", status: "500" }, { 0: 0, 60: 5 });
    server.series = [{ labels, samples }];
    expect(await count(0, 60)).toMatchObject({
      status: "error",
      message: expect.stringMatching(/label code/),
    });
  });
});

describe("totals: azure-monitor", () => {
  let fake: AzureMonitorFake;
  beforeEach(async () => {
    fake = await startAzureMonitorFake();
    servers.push(fake);
  });
  const count = (over: Partial<AzureMonitorConfig>, toSeconds = 3600) =>
    createAzureMonitorTotals({
      config: azureConfig(fake.url, over),
      runtime,
      credential: monitorCredential,
    }).count({
      fromMs: at(0),
      toMs: at(toSeconds),
    });
  const item = (seconds: number, columns: Record<string, string | number | boolean>) => ({
    atMs: at(seconds),
    columns,
  });
  const role = { role: "atp-ingestion" };

  it("sums ItemCount of all versions of the role over [from, to)", async () => {
    fake.telemetry = [
      item(0, { AppVersion: "1.0.0", ItemCount: 10 }),
      item(60, { AppVersion: "1.2.4", ItemCount: 3, ResultCode: "503", Success: false }),
      item(60, { ResultCode: "404", Success: false }),
      item(90, { SyntheticSource: "test", ItemCount: 100 }),
      item(90, { AppRoleName: "billing", ItemCount: 100 }),
      item(3600, { ItemCount: 100 }),
    ];
    expect(await count(role)).toEqual({ status: "value", total: 14, bad: 3 });
    const [{ query, timespan } = { query: "", timespan: "" }] = fake.requests.map(({ body }) =>
      JSON.parse(body),
    );
    expect(timespan).toBe(`${new Date(at(0)).toISOString()}/${new Date(at(3600)).toISOString()}`);
    expect(query).not.toContain("1.2.4");
  });

  it("the roles of both sides together, where roles are the cohorts", async () => {
    fake.telemetry = ["atp", "atp-canary", "billing"].map((AppRoleName) => item(1, { AppRoleName }));
    const cohort = { by: "role", stable: "atp", candidate: "atp-canary" } as const;
    expect(await count({ cohort })).toEqual({ status: "value", total: 2, bad: 0 });
  });

  it("all of a resource, but never all of a workspace that others may share", async () => {
    fake.telemetry = [item(1, {}), item(1, { ResultCode: "500", Success: false })];
    expect(await count({ resourceId })).toEqual({ status: "value", total: 2, bad: 1 });
    expect(await count({})).toMatchObject({
      status: "error",
      message: expect.stringMatching(/rollout\.metrics\.role/),
    });
  });

  it("is empty without requests: no failures of nothing are no proof", async () => {
    expect((await count(role)).status).toBe("empty");
    fake.override = () => ({ status: 204 });
    expect((await count(role)).status).toBe("empty");
  });

  const columns = ["Rows:long", "Total:long", "Failed:long"];
  it.each([
    ["NaN", logsTable(columns, [[5, "NaN", 0]]), /not of counts/],
    ["null", logsTable(columns, [[5, 5, null]]), /not of counts/],
    ["another form", logsTable(["Total:long"], [[5]]), /not of counts/],
    ["403", azureError(403, ["InsufficientAccessError", "no"]), /InsufficientAccessError/],
    [
      "a part",
      logsTable(columns, [[5, 5, 0]], { error: { code: "PartialError", message: "lost" } }),
      /only a part of the data came: PartialError: lost/,
    ],
  ])("%s is an error, never 0", async (_, answer, message) => {
    fake.override = () => answer;
    expect(await count(role)).toEqual({ status: "error", message: expect.stringMatching(message) });
  });
});
