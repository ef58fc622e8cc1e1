import * as z from "zod";
import { messageOf } from "../../../lib/error-message.ts";
import { logsError, type Tables, tablesOf } from "../../../lib/kql/tables.ts";
import { exceptionTypes } from "../../../plan/dashboard-queries.ts";
import type { Exceptions } from "../../../ports/exceptions.ts";
import type { AzureMonitorConfig } from "../../../types/azure-monitor.ts";
import type { AzureMonitorOptions } from "./azure-monitor.ts";
import { createLogsApi } from "./logs-api.ts";

const rows = z.array(z.object({ Type: z.string(), Exceptions: z.number().nonnegative() }));

/**
 * The candidate's exceptions by type from Application Insights' tables: the dashboard's own panel, of the step alone.
 * What was thrown in the last minutes may not have come yet. No rows are no exceptions: whether telemetry comes at all
 * is for the gates to say, which need its requests. Never throws.
 */
export function createAzureMonitorExceptions(options: AzureMonitorOptions): Exceptions {
  const { config, runtime, credential, timeoutMs = 20_000 } = options;
  const api = createLogsApi({ scope: config, endpoint: config.endpoint, credential, runtime, timeoutMs });
  return {
    name: "azure-monitor",
    list: async ({ sinceMs: fromMs, nowMs: toMs, signal }) => {
      try {
        const kql = exceptionTypesQuery({ config, tables: tablesOf(config), fromMs, toMs });
        const parsed = rows.safeParse(await api.query({ kql, fromMs, toMs, signal }));
        if (!parsed.success)
          throw logsError(`its rows are not of exceptions: ${z.prettifyError(parsed.error)}`);
        const types = parsed.data.map(({ Type, Exceptions: count }) => ({
          type: Type || "(no type)",
          count,
        }));
        return { status: "value", types };
      } catch (error) {
        return { status: "error", message: messageOf(error) };
      }
    },
  };
}

/** By type, the most frequent first. */
export function exceptionTypesQuery(query: {
  readonly config: Pick<AzureMonitorConfig, "cohort" | "role">;
  readonly tables: Tables;
  readonly fromMs: number;
  readonly toMs: number;
}): string {
  const { config, tables, fromMs, toMs } = query;
  const { by, property, candidate } = config.cohort;
  return exceptionTypes({
    tables,
    cohort: { by, ...(property === undefined ? {} : { property }), values: [candidate] },
    ...(config.role === undefined ? {} : { role: config.role }),
    span: { fromMs, toMs },
  });
}
