import { messageOf } from "../../../lib/error-message.ts";
import { logsError, tablesOf } from "../../../lib/kql/tables.ts";
import type { Runtime } from "../../../lib/runtime.ts";
import type { TokenCredential } from "../../../lib/token-credential.ts";
import type { Metrics, MetricsQuery } from "../../../ports/metrics.ts";
import type { AzureMonitorConfig } from "../../../types/azure-monitor.ts";
import type { MetricsAnswer } from "../../../types/observation.ts";
import { createLogsApi, type LogsApi } from "./logs-api.ts";
import { lookAnswer } from "./look-answer.ts";
import { lookQuery } from "./look-query.ts";

export interface AzureMonitorOptions {
  readonly config: AzureMonitorConfig;
  readonly runtime: Runtime;
  readonly credential: TokenCredential;
  /** Time limit of a query, ms; default 20 s. */
  readonly timeoutMs?: number;
}

/** Length of a bin: the query says 10s. */
const binMs = 10_000;
/** Over how long the lateness of telemetry is measured. */
const freshnessMs = 3_600_000;
/** Age of a complete bin where config says nothing: 2 min, the usual worst of Application Insights. */
const defaultLagSeconds = 120;

/**
 * Counts per version from Application Insights' tables: one query a look for both sides and all gates. Sums of
 * `ItemCount`, so that sampling changes the confidence and not the counts. A bin in which a side logged nothing is
 * absent. Never throws.
 */
export function createAzureMonitorMetrics(options: AzureMonitorOptions): Metrics {
  const { config, runtime, credential, timeoutMs = 20_000 } = options;
  const api = createLogsApi({ scope: config, endpoint: config.endpoint, credential, runtime, timeoutMs });
  return {
    name: "azure-monitor",
    observe: async (query) => {
      try {
        return await observe(config, api, query);
      } catch (error) {
        return { status: "error", message: messageOf(error) };
      }
    },
  };
}

async function observe(
  config: AzureMonitorConfig,
  api: LogsApi,
  query: MetricsQuery,
): Promise<MetricsAnswer> {
  const { cohort, role } = config;
  const { nowMs, signal } = query;
  const thresholdsMs = [...new Set([...query.thresholdsMs, ...(query.alsoThresholdsMs ?? [])])];
  const tables = tablesOf(config);
  if (cohort.stable === cohort.candidate) {
    throw logsError(
      `both sides have the ${cohort.by} ${JSON.stringify(cohort.stable)} (rollout.metrics.cohort)`,
    );
  }
  const lagMs = (config.lagSeconds ?? defaultLagSeconds) * 1000;
  const fromMs = Math.ceil(query.sinceMs / binMs) * binMs;
  const toMs = Math.floor((nowMs - lagMs) / binMs) * binMs;
  if (toMs <= fromMs) return { status: "empty", message: `no bin of ${binMs / 1000} s is complete yet` };
  const freshFromMs = nowMs - freshnessMs;
  const span = { fromMs, toMs, freshFromMs, freshToMs: nowMs };
  const kql = lookQuery({ tables, cohort, role, thresholdsMs, ...span });
  // The service intersects this with the times in the text, so it spans both of them.
  const rows = await api.query({ kql, fromMs: Math.min(fromMs, freshFromMs), toMs: nowMs, signal });
  return lookAnswer(rows, { cohort, binMs, thresholdsMs, fromMs, nowMs, lagMs });
}
