import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { openTotals } from "../../../src/cli/compose/totals.ts";
import type { MetricsConfig } from "../../../src/types/policy.ts";
import { aPolicy } from "../../support/builders.ts";
import { aDriver } from "../../support/drive.ts";
import {
  type PrometheusFake,
  type ScrapedSeries,
  startPrometheusFake,
} from "../../support/http-fake-prometheus.ts";
import { createMemoryRuntime } from "../../support/memory-runtime.ts";
import { aStackConfig, aWorld, cli } from "./harness.ts";

const now = Date.parse("2026-03-15T10:30:00Z");
const hourMs = 3_600_000;

let prometheus: PrometheusFake;
beforeEach(async () => {
  vi.useFakeTimers({ toFake: ["Date"], now });
  prometheus = await startPrometheusFake();
});
afterEach(async () => {
  vi.useRealTimers();
  await prometheus.close();
});

const metrics = (): Extract<MetricsConfig, { kind: "prometheus" }> => ({
  kind: "prometheus",
  url: prometheus.url,
  cohort: { label: "version", stable: "stable", candidate: "canary" },
  match: { app: "atp" },
  requests: { metric: "http_requests_total", codeLabel: "code" },
  latency: { metric: "http_request_duration_seconds" },
  exceptions: { metric: "exceptions_total" },
});

/** A counter of the last two hours, scraped every minute, that grows by `count` in them. */
function counter(version: string, code: string, count: number): ScrapedSeries {
  const samples = Array.from({ length: 121 }, (_, minute): [number, number] => [
    (now - 2 * hourMs) / 1000 + minute * 60,
    7 + Math.floor((count * minute) / 120),
  ]);
  return { labels: { __name__: "http_requests_total", app: "atp", version, code }, samples };
}

describe("what counts a service's requests", () => {
  it("prometheus: both versions together, of this service alone", async () => {
    const other = counter("stable", "503", 600);
    prometheus.series = [
      counter("stable", "200", 9000),
      counter("stable", "503", 12),
      counter("canary", "200", 960),
      counter("canary", "500", 24),
      { ...other, labels: { ...other.labels, app: "other" } },
    ];
    const { runtime } = createMemoryRuntime({ start: now });
    const totals = await openTotals(aPolicy({ metrics: metrics() }), runtime);
    expect(totals?.name).toBe("prometheus");
    expect(await totals?.count({ fromMs: now - hourMs, toMs: now })).toEqual({
      status: "value",
      total: 4998,
      bad: 18,
    });
  });

  it("azure-monitor: opened, and nobody is asked yet", async () => {
    const asked: unknown[] = [];
    const fetch: typeof globalThis.fetch = async (url) => {
      asked.push(url);
      throw new Error("no network");
    };
    const { runtime } = createMemoryRuntime({ start: now, fetch });
    const config = {
      kind: "azure-monitor",
      workspaceId: "6f0e1f1c-2f0e-4f0e-8f0e-6f0e1f1c2f0e",
      cohort: { by: "version", stable: "1.2.3", candidate: "1.2.4" },
      role: "atp-ingestion",
    } as const;
    expect((await openTotals({ metrics: config }, runtime))?.name).toBe("azure-monitor");
    expect(asked).toEqual([]);
  });

  it("sandbox: none", async () => {
    const { runtime } = createMemoryRuntime();
    expect(await openTotals(aPolicy(), runtime)).toBeUndefined();
  });
});

describe("budget, from the counters to the band", () => {
  const budget = async () => {
    const world = aWorld(aDriver(), aStackConfig({ metrics: metrics() }));
    return await cli(["budget", "--stack", "prod", "--json"], { world });
  };

  it("exactly half of the budget is left: caution", async () => {
    prometheus.series = [counter("stable", "200", 99_950), counter("canary", "503", 50)];
    const { code, json } = await budget();
    expect(code).toBe(0);
    expect(json["data"]).toMatchObject({
      source: "prometheus",
      requests: 100_000,
      badUsed: 50,
      remainingPercent: 50,
      band: "caution",
    });
  });

  it("no series is no traffic: unknown", async () => {
    const { code, json } = await budget();
    expect(code).toBe(0);
    expect(json["data"]).toMatchObject({ band: "unknown", means: { verdict: "caution" } });
  });

  it("a server that refuses is unknown, and exit 1", async () => {
    prometheus.override = () => ({ status: 503, body: "down" });
    const { code, json } = await budget();
    expect(code).toBe(1);
    expect(json).toMatchObject({ data: { band: "unknown" }, error: { code: "totals-unreadable" } });
  });
});
