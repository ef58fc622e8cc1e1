import { failedExpression } from "./fragments.ts";
import { bare, type CheckScope, project, rowsOf, summarize } from "./scope.ts";
import type { Tables } from "./tables.ts";
import { realLiteral, textLiteral } from "./text.ts";

// What alert rules ask of a service as a whole, beside the checks of its versions. Each gives `Value` (real).

/** Requests a second over a span that is read whole. One row, also where there was no request: then 0, as it is. */
export function throughput(scope: CheckScope, seconds: number): string {
  const { tables } = scope;
  return `${rowsOf(scope, tables.requests)}
| summarize Total = sum(${tables.itemCount})
| project Value = coalesce(Total, 0) / ${realLiteral(seconds)}`;
}

/**
 * Burn rate: how many times faster than the objective allows requests fail, the lower of a long window (the rule's) and
 * a short one at its end. So it is above a threshold where both are. Too few requests in the short one: no row.
 */
export function burnRate(
  scope: CheckScope,
  options: { readonly shortSeconds: number; readonly budgetPercent: number; readonly minRequests: number },
): string {
  const { tables } = scope;
  const { time, itemCount } = tables;
  const columns = [
    `Total = sum(${itemCount})`,
    `Failed = sumif(${itemCount}, Bad)`,
    `NewTotal = sumif(${itemCount}, New)`,
    `NewFailed = sumif(${itemCount}, New and Bad)`,
  ];
  const rate = (bad: string, total: string) => `100.0 * ${bad} / ${total}`;
  return `${rowsOf(scope, tables.requests)}
| extend Bad = ${failedExpression(tables)}, New = ${time} >= now(-${options.shortSeconds}s)
${summarize({ ...scope, binMinutes: "whole" }, columns)}
| where NewTotal >= ${options.minRequests}
${project(scope, `min_of(${rate("Failed", "Total")}, ${rate("NewFailed", "NewTotal")}) / ${realLiteral(options.budgetPercent)}`)}`;
}

/** Results of availability tests that failed, a count for each test. */
export function failedTests(tables: Tables, names: readonly string[]): string {
  return `${tables.availability}
| where ${tables.name} in (${names.map(textLiteral).join(", ")})
| summarize Value = toreal(sumif(${tables.itemCount}, ${tables.success} == false)), TimeGenerated = max(${tables.time}) by Test = ${tables.name}
| project TimeGenerated, Test, Value`;
}

/**
 * A gauge's own query (columns `at` and `value`) in an alert rule: `t0` and `t1`, which it may use, are whole minutes up
 * to now. On lines of their own, so that a comment ends.
 */
export function level({ query, minutes }: { readonly query: string; readonly minutes: number }): string {
  return `let t1 = bin(now(), 1m);
let t0 = t1 - ${minutes}m;
${bare(query)}
| project TimeGenerated = at, Value = toreal(value)`;
}
