import { configError } from "../../../errors/errors.ts";
import { type CohortKey, cohortColumn, failedExpression, realTraffic } from "./fragments.ts";
import { lintAlertQuery } from "./kql-lint.ts";
import { realLiteral, textLiteral, timeLiteral } from "./kql-text.ts";
import type { Tables } from "./tables.ts";

// Checks as KQL for alert rules and by hand. Each gives `TimeGenerated`, `Cohort`, `Value` (real), a row a bin and side,
// and passes `lintAlertQuery` at one minute: no `ago()`, no join, no union. Values and names are escaped literals.

/** Whose telemetry a check reads, and in which bins. */
export interface CheckScope {
  readonly tables: Tables;
  /** How sides are told apart, and the values that are read. */
  readonly cohort: CohortKey & { readonly values: readonly string[] };
  readonly role?: string;
  /** Minutes; default 5. */
  readonly binMinutes?: number;
  /** [fromMs, toMs) for a check by hand. Absent in an alert rule: it has a window of its own. */
  readonly span?: { readonly fromMs: number; readonly toMs: number };
}

/** Bins with fewer requests say nothing: they have no row, rather than a 0 or a NaN. Default 100. */
export interface Volume {
  readonly minRequests?: number;
}

/** Failed requests, percent. */
export function errorRate(scope: CheckScope, { minRequests = 100 }: Volume = {}): string {
  const { itemCount } = scope.tables;
  return `${rowsOf(scope, scope.tables.requests)}
| summarize Total = sum(${itemCount}), Failed = sumif(${itemCount}, ${failedExpression(scope.tables)}) ${by(scope)}
| where Total >= ${minRequests}
| project TimeGenerated, Cohort, Value = 100.0 * Failed / Total`;
}

/** A percentile of the requests' durations, ms, each stored row weighed by the requests it stands for. Default: 95. */
export function latency(
  scope: CheckScope,
  { percentile = 95, minRequests = 100 }: Volume & { readonly percentile?: number } = {},
): string {
  const { itemCount, durationMs } = scope.tables;
  return `${rowsOf(scope, scope.tables.requests)}
| summarize Total = sum(${itemCount}), Value = percentilew(${durationMs}, ${itemCount}, ${percentile}) ${by(scope)}
| where Total >= ${minRequests}
| project TimeGenerated, Cohort, Value`;
}

/** Exceptions, a count. A bin without any has no row. */
export function exceptions(scope: CheckScope): string {
  return `${rowsOf(scope, scope.tables.exceptions)}
| summarize Value = toreal(sum(${scope.tables.itemCount})) ${by(scope)}
| project TimeGenerated, Cohort, Value`;
}

/** The highest value of a metric that the app tracks; percent where `of` says what 100 % is. */
export function saturation(
  scope: CheckScope,
  { metric, of }: { readonly metric: string; readonly of?: number },
): string {
  const { tables } = scope;
  const share = of === undefined ? "" : ` * 100.0 / ${realLiteral(of)}`;
  return `${rowsOf(scope, tables.metrics)}
| where ${tables.metricName} == ${textLiteral(metric)}
| summarize Highest = max(${tables.metricMax}) ${by(scope)}
| project TimeGenerated, Cohort, Value = Highest${share}`;
}

/**
 * A query of one's own with the columns `TimeGenerated` and `Value`, for a rule that runs every `everyMinutes`.
 * Throws a config error with everything that an alert rule would refuse in it.
 */
export function custom({
  query,
  everyMinutes = 5,
}: {
  readonly query: string;
  readonly everyMinutes?: number;
}): string {
  const problems = lintAlertQuery(query, { everyMinutes });
  if (problems.length > 0) {
    throw configError(
      problems.map(({ rule, message }) => ({
        path: "query",
        rule: `a query without ${rule}`,
        hint: `Write it another way: ${message}.`,
      })),
    );
  }
  return `${bare(query)}
| project TimeGenerated, Value = toreal(Value)`;
}

/** A query without the semicolons at its end, so that an operator can follow. */
export function bare(query: string): string {
  return query.trim().replace(/(?:\s*;)+$/, "");
}

function rowsOf({ tables, cohort, role, span }: CheckScope, table: string): string {
  const values = cohort.values.map(textLiteral).join(", ");
  const within =
    span === undefined
      ? ""
      : `${tables.time} >= ${timeLiteral(span.fromMs)} and ${tables.time} < ${timeLiteral(span.toMs)} and `;
  return `${table}
| where ${within}${cohortColumn(tables, cohort)} in (${values}) and ${realTraffic(tables, role)}`;
}

function by({ tables, cohort, binMinutes = 5 }: CheckScope): string {
  return `by Cohort = ${cohortColumn(tables, cohort)}, TimeGenerated = bin(${tables.time}, ${binMinutes}m)`;
}
