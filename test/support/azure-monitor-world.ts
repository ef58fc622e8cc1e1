import {
  type AzureMonitorOptions,
  createAzureMonitorMetrics,
} from "../../src/adapters/metrics/azure-monitor/azure-monitor.ts";
import type { AzureMonitorConfig } from "../../src/types/azure-monitor.ts";
import type { MetricsAnswer } from "../../src/types/observation.ts";
import type { Item } from "./azure-telemetry.ts";
import { monitorCredential } from "./http-fake-azure-monitor.ts";
import type { BinCounts } from "./memory-metrics.ts";
import { createMemoryRuntime } from "./memory-runtime.ts";

export const workspaceId = "6f0e1bd1-7a9c-4ea2-9d3a-3b9ad1a1c0de";
export const resourceId =
  "/subscriptions/0b1f6471-1bf0-4dda-aec3-cb9272f09590/resourceGroups/atp/providers/microsoft.insights/components/atp";

/** A workspace whose sides differ by AppVersion, complete after 30 s. */
export function azureConfig(endpoint: string, over: Partial<AzureMonitorConfig> = {}): AzureMonitorConfig {
  return {
    kind: "azure-monitor",
    ...(over.resourceId === undefined ? { workspaceId } : {}),
    cohort: { by: "version", stable: "1.2.3", candidate: "1.2.4" },
    lagSeconds: 30,
    endpoint,
    ...over,
  };
}

export function openAzureMonitor(config: AzureMonitorConfig, over: Partial<AzureMonitorOptions> = {}) {
  const { runtime, wall } = createMemoryRuntime();
  const options = { config, runtime, credential: monitorCredential, ...over };
  return { metrics: createAzureMonitorMetrics(options), wall, runtime };
}

/** What names a side in a row. */
export type SideColumns = NonNullable<Item["columns"]>;

/**
 * The telemetry of bins of 10 s, one stored row a request. A bin without requests is one row that stands for none:
 * of a bin without rows nothing was heard.
 */
export function binItems(bins: readonly BinCounts[], originMs: number, side: SideColumns): Item[] {
  return bins.flatMap(({ n, errors = 0, slow = {}, exceptions = 0 }, index) => {
    const atMs = originMs + index * 10_000;
    const requests = Array.from({ length: n }, (_, request) => ({
      atMs: atMs + (request % 10) * 1000,
      columns: {
        ...side,
        DurationMs: request < (slow[1000] ?? 0) ? 1500 : request < (slow[500] ?? 0) ? 700 : 20,
        ...(request < errors ? { ResultCode: "500", Success: false } : {}),
      },
    }));
    const thrown = Array.from({ length: exceptions }, () => ({
      table: "AppExceptions" as const,
      atMs,
      columns: side,
    }));
    const none = { atMs, columns: { ...side, ItemCount: 0 } };
    return [...(n === 0 ? [none] : requests), ...thrown];
  });
}

export function value(answer: MetricsAnswer) {
  if (answer.status !== "value") throw new Error(`expected a value, got ${answer.status}: ${answer.message}`);
  return answer;
}
