import { expect, it } from "vitest";
import { openGauge } from "../../../../src/adapters/open-gauge.ts";
import type { GaugeConfig } from "../../../../src/types/gauge.ts";
import { createMemoryRuntime } from "../../../support/memory-runtime.ts";

const { runtime } = createMemoryRuntime();
/** Opening asks nobody: this one would notice. */
const credential = {
  getToken: async () => {
    throw new Error("opening a gauge asked for a token");
  },
};

it.each<GaugeConfig>([
  { kind: "prometheus", url: "http://prometheus:9090", query: "up" },
  { kind: "azure-metrics", resourceId: "/subscriptions/s", metric: "m", aggregation: "Maximum" },
  { kind: "azure-logs", workspaceId: "w", query: "AppMetrics | project at = TimeGenerated, value = Max" },
  { kind: "command", run: ["true"] },
])("opens $kind", async (config) => {
  expect((await openGauge({ config, runtime, credential })).name).toBe(config.kind);
});

it("finds the ambient identity by itself, without asking it yet", async () => {
  const config = { kind: "azure-metrics", resourceId: "/s", metric: "m", aggregation: "Maximum" } as const;
  expect((await openGauge({ config, runtime })).name).toBe("azure-metrics");
});

it("has no sandbox", async () => {
  await expect(openGauge({ config: { kind: "sandbox" }, runtime })).rejects.toMatchObject({
    code: "not-here",
    exit: "config",
  });
});

it("refuses a kind that it doesn't know, rather than to fall back", async () => {
  const config = { kind: "datadog" } as unknown as GaugeConfig;
  await expect(openGauge({ config, runtime })).rejects.toThrow(/datadog/);
});
