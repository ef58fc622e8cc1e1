import * as z from "zod";
import { messageOf } from "../../../lib/error-message.ts";
import { failedExpression, realTraffic } from "../../../lib/kql/fragments.ts";
import { logsError, type Tables, tablesOf } from "../../../lib/kql/tables.ts";
import { timeLiteral } from "../../../lib/kql/text.ts";
import type { Totals } from "../../../ports/gauge.ts";
import type { AzureMonitorConfig } from "../../../types/azure-monitor.ts";
import type { TotalsAnswer } from "../../../types/gauge.ts";
import type { AzureMonitorOptions } from "./azure-monitor.ts";
import { createLogsApi, type LogsRow } from "./logs-api.ts";

const row = z.object({ Rows: z.number().int().nonnegative(), Total: z.unknown(), Failed: z.unknown() });
const count = z.number().int().nonnegative();

/**
 * Requests and failures of the service, all of its versions together: `sum(ItemCount)` over `AppRequests`. A budget
 * spans many versions, so the service is told by its role, or by the resource; a workspace without a role could be
 * anybody's and is an `error`. Never throws.
 */
export function createAzureMonitorTotals(options: AzureMonitorOptions): Totals {
  // 30 days of rows take longer than a look; the service itself gives up after 3 min.
  const { config, runtime, credential, timeoutMs = 120_000 } = options;
  const api = createLogsApi({ scope: config, endpoint: config.endpoint, credential, runtime, timeoutMs });
  return {
    name: "azure-monitor",
    count: async ({ fromMs, toMs, signal }) => {
      try {
        const kql = totalsQuery({ tables: tablesOf(config), roles: rolesOf(config), fromMs, toMs });
        return totalsAnswer(await api.query({ kql, fromMs, toMs, signal }));
      } catch (error) {
        return { status: "error", message: messageOf(error) };
      }
    },
  };
}

/** One row, also where there is nothing: `Rows` tells nothing from no failures. */
export function totalsQuery(query: {
  readonly tables: Tables;
  /** Roles that are the service; none: all of them. */
  readonly roles: readonly string[];
  readonly fromMs: number;
  readonly toMs: number;
}): string {
  const { tables, roles } = query;
  return `let t0 = ${timeLiteral(query.fromMs)};
let t1 = ${timeLiteral(query.toMs)};
${tables.requests}
| where ${tables.time} >= t0 and ${tables.time} < t1 and ${realTraffic(tables, roles)}
| summarize Rows = count(), Total = sum(${tables.itemCount}), Failed = sumif(${tables.itemCount}, ${failedExpression(tables)})`;
}

function rolesOf({ role, cohort, workspaceId }: AzureMonitorConfig): readonly string[] {
  if (role !== undefined) return [role];
  if (cohort.by === "role") return [...new Set([cohort.stable, cohort.candidate])];
  if (workspaceId === undefined) return [];
  throw logsError(
    "several apps may share the workspace, and without rollout.metrics.role none of them is known to be this service",
  );
}

function totalsAnswer(rows: readonly LogsRow[]): TotalsAnswer {
  const [first] = rows;
  if (first === undefined) return nothing;
  const parsed = row.safeParse(first);
  if (!parsed.success) throw logsError(`its row is not of counts: ${z.prettifyError(parsed.error)}`);
  if (parsed.data.Rows === 0) return nothing;
  const sums = z.object({ Total: count, Failed: count }).safeParse(first);
  if (!sums.success) throw logsError(`its row is not of counts: ${z.prettifyError(sums.error)}`);
  return { status: "value", total: sums.data.Total, bad: sums.data.Failed };
}

const nothing: TotalsAnswer = { status: "empty", message: "no requests in the span that was asked for" };
