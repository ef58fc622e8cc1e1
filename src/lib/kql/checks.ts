import { configError } from "../../errors/errors.ts";
import { failedExpression } from "./fragments.ts";
import { lintAlertQuery } from "./lint.ts";
import { bare, type CheckScope, project, rowsOf, summarize, type Volume } from "./scope.ts";
import { realLiteral, textLiteral } from "./text.ts";

// Checks as KQL for alert rules and by hand. Each gives `TimeGenerated`, `Cohort`, `Value` (real), a row a bin and side,
// and passes `lintAlertQuery` at one minute: no `ago()`, no join, no union. Values and names are escaped literals.

/** Failed requests, percent. */
export function errorRate(scope: CheckScope, volume: Volume = {}): string {
  return shareOf(scope, volume, "100.0 * Failed / Total");
}

/** Requests that did not fail, percent. */
export function availability(scope: CheckScope, volume: Volume = {}): string {
  return shareOf(scope, volume, "100.0 * (Total - Failed) / Total");
}

function shareOf(scope: CheckScope, { minRequests = 100 }: Volume, value: string): string {
  const { tables } = scope;
  const failed = `Failed = sumif(${tables.itemCount}, ${failedExpression(tables)})`;
  return `${rowsOf(scope, tables.requests)}
${summarize(scope, [`Total = sum(${tables.itemCount})`, failed])}
| where Total >= ${minRequests}
${project(scope, value)}`;
}

/** A percentile of the requests' durations, ms, each stored row weighed by the requests it stands for. Default: 95. */
export function latency(
  scope: CheckScope,
  { percentile = 95, minRequests = 100 }: Volume & { readonly percentile?: number } = {},
): string {
  const { itemCount, durationMs } = scope.tables;
  const value = `Value = percentilew(${durationMs}, ${itemCount}, ${percentile})`;
  return `${rowsOf(scope, scope.tables.requests)}
${summarize(scope, [`Total = sum(${itemCount})`, value])}
| where Total >= ${minRequests}
${project(scope, "Value")}`;
}

/** Exceptions, a count. A bin without any has no row. */
export function exceptions(scope: CheckScope): string {
  return `${rowsOf(scope, scope.tables.exceptions)}
${summarize(scope, [`Value = toreal(sum(${scope.tables.itemCount}))`])}
${project(scope, "Value")}`;
}

/** The highest value of a metric that the app tracks; percent where `of` says what 100 % is. */
export function saturation(
  scope: CheckScope,
  { metric, of }: { readonly metric: string; readonly of?: number },
): string {
  const { tables } = scope;
  const share = of === undefined ? "" : ` * 100.0 / ${realLiteral(of)}`;
  return `${rowsOf(scope, tables.metrics)}
| where ${tables.name} == ${textLiteral(metric)}
${summarize(scope, [`Highest = max(${tables.metricMax})`])}
${project(scope, `Highest${share}`)}`;
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
