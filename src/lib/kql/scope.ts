import { type CohortKey, cohortColumn, realTraffic } from "./fragments.ts";
import type { Tables } from "./tables.ts";
import { textLiteral, timeLiteral } from "./text.ts";

/** Whose telemetry a check reads, and in which bins. */
export interface CheckScope {
  readonly tables: Tables;
  /** How sides are told apart, and the values that are read; without values, each that there is. Absent: all together. */
  readonly cohort?: CohortKey & { readonly values?: readonly string[] };
  readonly role?: string | readonly string[];
  /** Minutes; default 5. `whole`: all that is read is one bin, as long as the window of the rule that reads it. */
  readonly binMinutes?: number | "whole";
  /** Only what is at most this old, s: for a window that no rule can have. */
  readonly lastSeconds?: number;
  /** [fromMs, toMs) for a check by hand. Absent in an alert rule: it has a window of its own. */
  readonly span?: { readonly fromMs: number; readonly toMs: number };
}

/** Bins with fewer requests say nothing: they have no row, rather than a 0 or a NaN. Default 100. */
export interface Volume {
  readonly minRequests?: number;
}

/** A table's rows of the scope. */
export function rowsOf(scope: CheckScope, table: string): string {
  const { tables, cohort, role } = scope;
  const sides =
    cohort?.values === undefined
      ? []
      : [`${cohortColumn(tables, cohort)} in (${cohort.values.map(textLiteral).join(", ")})`];
  return `${table}\n| where ${[...within(scope), ...sides, realTraffic(tables, role)].join(" and ")}`;
}

function within({ tables: { time }, span, lastSeconds }: CheckScope): string[] {
  if (span !== undefined)
    return [`${time} >= ${timeLiteral(span.fromMs)} and ${time} < ${timeLiteral(span.toMs)}`];
  return lastSeconds === undefined ? [] : [`${time} >= now(-${lastSeconds}s)`];
}

/** `summarize` by side and bin; with a bin that is whole, `TimeGenerated` is that of the newest row. */
export function summarize(
  { tables, cohort, binMinutes = 5 }: CheckScope,
  columns: readonly string[],
): string {
  const whole = binMinutes === "whole";
  const newest = whole ? [`TimeGenerated = max(${tables.time})`] : [];
  const by = [
    ...(cohort === undefined ? [] : [`Cohort = ${cohortColumn(tables, cohort)}`]),
    ...(whole ? [] : [`TimeGenerated = bin(${tables.time}, ${binMinutes}m)`]),
  ];
  return `| summarize ${[...columns, ...newest].join(", ")}${by.length === 0 ? "" : ` by ${by.join(", ")}`}`;
}

/** `project` of what a rule reads: time, side where there are sides, and the value. */
export function project({ cohort }: CheckScope, value: string): string {
  const side = cohort === undefined ? "" : "Cohort, ";
  return `| project TimeGenerated, ${side}${value === "Value" ? value : `Value = ${value}`}`;
}

/** A query without the semicolons at its end, so that an operator can follow. */
export function bare(query: string): string {
  return query.trim().replace(/(?:\s*;)+$/, "");
}
