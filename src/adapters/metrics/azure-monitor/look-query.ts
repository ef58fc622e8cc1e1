import { cohortColumn, failedExpression, realTraffic } from "../../../lib/kql/fragments.ts";
import type { Tables } from "../../../lib/kql/tables.ts";
import { realLiteral, slowColumn, textLiteral, timeLiteral } from "../../../lib/kql/text.ts";
import type { AzureMonitorConfig } from "../../../types/azure-monitor.ts";

export interface LookQuery {
  readonly tables: Tables;
  readonly cohort: AzureMonitorConfig["cohort"];
  readonly role?: string | undefined;
  readonly thresholdsMs: readonly number[];
  /** Bins: [fromMs, toMs), ms since the epoch. */
  readonly fromMs: number;
  readonly toMs: number;
  /** How late telemetry is, is measured over [freshFromMs, freshToMs). */
  readonly freshFromMs: number;
  readonly freshToMs: number;
}

/**
 * One query for both sides and all gates: counts by side and bin of 10 s, and how fresh each side's telemetry is.
 * Counts are sums of `ItemCount`, as a stored row stands for that many requests. Times leave as whole ms, because the
 * client makes a datetime that is null into 1970. `union` keeps the kinds apart: what isn't theirs is null in a row.
 */
export function lookQuery(query: LookQuery): string {
  const { tables } = query;
  const key = cohortColumn(tables, query.cohort);
  const where = `${key} in (stable, candidate) and ${realTraffic(tables, query.role)}`;
  const of = (table: string, from: string, to: string) =>
    `${table}\n  | where ${tables.time} >= ${from} and ${tables.time} < ${to} and ${where}`;
  const slow = query.thresholdsMs.map((threshold) => slowColumn(threshold));
  const by = `by Cohort = ${key}, Start = bin(${tables.time}, 10s)`;
  return `let t0 = ${timeLiteral(query.fromMs)};
let t1 = ${timeLiteral(query.toMs)};
let fresh0 = ${timeLiteral(query.freshFromMs)};
let fresh1 = ${timeLiteral(query.freshToMs)};
let stable = ${textLiteral(query.cohort.stable)};
let candidate = ${textLiteral(query.cohort.candidate)};
union
  (${of(tables.requests, "t0", "t1")}
  | summarize ${counts(query).join(",\n      ")}
      ${by}
  | extend Kind = "requests"),
  (${of(tables.exceptions, "t0", "t1")}
  | summarize Exceptions = sum(${tables.itemCount}) ${by}
  | extend Kind = "exceptions"),
  (${of(tables.requests, "fresh0", "fresh1")}
  | extend Lag = (ingestion_time() - ${tables.time}) / 1s
  | summarize LagSeconds = percentile(Lag, 95), Newest = max(${tables.time}) by Cohort = ${key}
  | extend Kind = "freshness")
| project Kind, Cohort, StartMs = tolong((Start - datetime(1970-01-01)) / 1ms),
    ${["Requests", "Weight2", "Errors", ...slow, "Exceptions", "LagSeconds"].join(", ")},
    NewestMs = tolong((Newest - datetime(1970-01-01)) / 1ms)`;
}

function counts({ tables, thresholdsMs }: LookQuery): string[] {
  const { itemCount, durationMs } = tables;
  return [
    `Requests = sum(${itemCount})`,
    `Weight2 = sum(tolong(${itemCount}) * ${itemCount})`,
    `Errors = sumif(${itemCount}, ${failedExpression(tables)})`,
    ...thresholdsMs.map(
      (threshold) =>
        `${slowColumn(threshold)} = sumif(${itemCount}, ${durationMs} > ${realLiteral(threshold)})`,
    ),
  ];
}
