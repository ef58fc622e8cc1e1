import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach } from "vitest";
import { openGauge } from "../../src/adapters/open-gauge.ts";
import type { Gauge } from "../../src/ports/gauge.ts";
import type { GaugeConfig } from "../../src/types/gauge.ts";
import { workspaceId } from "../support/azure-monitor-world.ts";
import {
  type AzureMonitorFake,
  monitorCredential,
  startAzureMonitorFake,
} from "../support/http-fake-azure-monitor.ts";
import { startPrometheusFake } from "../support/http-fake-prometheus.ts";
import { createMemoryGauge } from "../support/memory-gauge.ts";
import { createMemoryRuntime } from "../support/memory-runtime.ts";
import { type GaugeUnderTest, gaugeOriginMs, gaugeSuite, type Levels } from "./gauge-suite.ts";

const cleanup: (() => unknown)[] = [];
afterEach(async () => {
  for (const one of cleanup.splice(0)) await one();
});

const { runtime } = createMemoryRuntime();
const open = (config: GaugeConfig) => openGauge({ config, runtime, credential: monitorCredential });
const at = (step: number, everyMs: number) => gaugeOriginMs + step * everyMs;

/** A source that keeps what was measured: `load` puts it there, and it is complete `settleMs` after a sample. */
function kept(
  gauge: Gauge,
  { everyMs, settleMs }: { readonly everyMs: number; readonly settleMs: number },
  source: { readonly load: (levels: Levels) => void; readonly breakIt: () => Promise<void> },
): GaugeUnderTest {
  let nowMs = gaugeOriginMs + settleMs;
  const read = (sinceMs = gaugeOriginMs, signal?: AbortSignal) =>
    gauge.read({ sinceMs, nowMs, ...(signal ? { signal } : {}) });
  return {
    gauge,
    everyMs,
    play: async (levels, sinceMs) => {
      source.load(levels);
      nowMs = at(levels.length - 1, everyMs) + settleMs;
      return await read(sinceMs);
    },
    ask: (signal) => read(gaugeOriginMs, signal),
    breakIt: source.breakIt,
  };
}

gaugeSuite("memory", async () => {
  const gauge = createMemoryGauge();
  return kept(
    gauge,
    { everyMs: 60_000, settleMs: 0 },
    {
      load: (levels) => gauge.setLevel((atMs) => levels[(atMs - gaugeOriginMs) / 60_000]),
      breakIt: async () => gauge.setOutage("down"),
    },
  );
});

gaugeSuite("prometheus", async () => {
  const server = await startPrometheusFake();
  cleanup.push(server.close);
  const gauge = await open({ kind: "prometheus", url: server.url, query: "pool_used_percent{}" });
  return kept(
    gauge,
    { everyMs: 15_000, settleMs: 30_000 },
    {
      load: (levels) => {
        const samples = levels.map((level, step) => [at(step, 15_000) / 1000, level ?? "stale"] as const);
        server.series = [{ labels: { __name__: "pool_used_percent" }, samples }];
      },
      breakIt: server.close,
    },
  );
});

async function startAzure(): Promise<AzureMonitorFake> {
  const fake = await startAzureMonitorFake();
  cleanup.push(fake.close);
  return fake;
}

gaugeSuite("azure-metrics", async () => {
  const fake = await startAzure();
  const gauge = await open({
    kind: "azure-metrics",
    resourceId: "/subscriptions/s/resourceGroups/atp/providers/Microsoft.ServiceBus/namespaces/atp",
    metric: "ActiveMessages",
    aggregation: "Maximum",
    endpoint: fake.url,
  });
  return kept(
    gauge,
    { everyMs: 60_000, settleMs: 120_000 },
    {
      load: (levels) => {
        const points = levels.map((level, step) => [at(step, 60_000), level ?? null] as const);
        fake.metrics = [{ metric: "ActiveMessages", points }];
      },
      breakIt: fake.close,
    },
  );
});

gaugeSuite("azure-logs", async () => {
  const fake = await startAzure();
  const query = `AppMetrics
| where TimeGenerated >= t0 and TimeGenerated < t1 and Name == "db pool"
| summarize value = max(Max) by at = bin(TimeGenerated, 1m);`;
  const gauge = await open({ kind: "azure-logs", workspaceId, query, endpoint: fake.url });
  return kept(
    gauge,
    { everyMs: 60_000, settleMs: 180_000 },
    {
      load: (levels) => {
        fake.telemetry = levels.flatMap((level, step) =>
          level === undefined
            ? []
            : [
                {
                  table: "AppMetrics",
                  atMs: at(step, 60_000) + 7000,
                  columns: { Name: "db pool", Max: level },
                },
              ],
        );
      },
      breakIt: fake.close,
    },
  );
});

/** Knows only what it has measured itself, so each level is a look of its own. */
gaugeSuite("command", async () => {
  const dir = mkdtempSync(join(tmpdir(), "rollouts-gauge-"));
  cleanup.push(() => rmSync(dir, { recursive: true }));
  const file = join(dir, "level");
  const script =
    'const { readFileSync } = require("node:fs"); console.log(readFileSync(process.argv[1], "utf8"))';
  const gauge = await open({ kind: "command", run: [process.execPath, "-e", script, file] });
  let nowMs = gaugeOriginMs;
  const read = (sinceMs = gaugeOriginMs, signal?: AbortSignal) =>
    gauge.read({ sinceMs, nowMs, ...(signal ? { signal } : {}) });
  return {
    gauge,
    everyMs: 10_000,
    play: async (levels, sinceMs) => {
      for (const [step, level] of levels.entries()) {
        writeFileSync(file, level === undefined ? "" : String(level));
        nowMs = at(step, 10_000);
        if (step < levels.length - 1) await read(sinceMs);
      }
      return await read(sinceMs);
    },
    ask: (signal) => read(gaugeOriginMs, signal),
    breakIt: async () => rmSync(file),
  };
});
