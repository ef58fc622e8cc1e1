import { burnWindows } from "../lib/burn-windows.ts";
import { writeDuration } from "../lib/duration.ts";
import { cohortColumn, failedExpression } from "../lib/kql/fragments.ts";
import { type CheckScope, rowsOf } from "../lib/kql/scope.ts";
import { realLiteral } from "../lib/kql/text.ts";
import type { SloLimits } from "../types/gates.ts";
import { exact } from "./alerts-conditions.ts";

// What the dashboard asks beside the checks that it has in common with the alerts. No query has a time filter of its
// own: the workbook's range is the query's, but where a panel has a fixed one.

/** Which version is a row's. */
function cohortOf({ tables, cohort }: CheckScope): string {
  return cohort === undefined ? '"all"' : cohortColumn(tables, cohort);
}

const minute = (scope: CheckScope) => `TimeGenerated = bin(${scope.tables.time}, 1m)`;

/** Share of the requests that each version got, percent, by minute: the exposure as it was, whatever was asked for. */
export function shareOfRequests(scope: CheckScope): string {
  const { requests, itemCount } = scope.tables;
  return `let Rows = ${rowsOf(scope, requests)};
Rows
| summarize Requests = sum(${itemCount}) by Cohort = ${cohortOf(scope)}, ${minute(scope)}
| join kind=inner (Rows
  | summarize Together = sum(${itemCount}) by ${minute(scope)}) on TimeGenerated
| where Together > 0
| project TimeGenerated, Cohort, Value = 100.0 * Requests / Together`;
}

/** A row for each version: what it served, how well, on how many instances, since when. */
export function versions(scope: CheckScope): string {
  const { requests, itemCount, durationMs, instance, time } = scope.tables;
  const percentile = (percent: number) =>
    `P${percent}Ms = percentilew(${durationMs}, ${itemCount}, ${percent})`;
  return `${rowsOf(scope, requests)}
| summarize Requests = sum(${itemCount}), Failed = sumif(${itemCount}, ${failedExpression(scope.tables)}), ${percentile(95)}, ${percentile(99)}, Instances = dcount(${instance}), First = min(${time}), Newest = max(${time}) by Version = ${cohortOf(scope)}
| where Requests > 0
| project Version, Requests, ErrorPercent = 100.0 * Failed / Requests, P95Ms, P99Ms, Instances, First, Newest
| order by First desc`;
}

/** Exceptions by type and version, the most frequent first. */
export function exceptionTypes(scope: CheckScope): string {
  const { exceptions, itemCount, exceptionType, time } = scope.tables;
  return `${rowsOf(scope, exceptions)}
| summarize Exceptions = sum(${itemCount}), Newest = max(${time}) by Type = ${exceptionType}, Version = ${cohortOf(scope)}
| top 20 by Exceptions desc`;
}

/** Instances that answered requests, by version and minute: the replicas that really serve. */
export function instances(scope: CheckScope): string {
  const { requests, instance } = scope.tables;
  return `${rowsOf(scope, requests)}
| summarize Value = dcount(${instance}) by Cohort = ${cohortOf(scope)}, ${minute(scope)}
| project TimeGenerated, Cohort, Value`;
}

/** The error budget of the objective: of counts, over the whole span. No traffic is null, never a full budget. */
export function errorBudget(scope: CheckScope, { availabilityPercent, window }: SloLimits): string {
  const { requests, itemCount, time } = scope.tables;
  const month = window === "calendar-month" ? `\n| where ${time} >= startofmonth(now())` : "";
  const known = (value: string) => `iff(Total == 0, real(null), ${value})`;
  const budget = realLiteral(exact(100 - availabilityPercent));
  return `${rowsOf(scope, requests)}${month}
| summarize Total = sum(${itemCount}), Failed = sumif(${itemCount}, ${failedExpression(scope.tables)}), Since = min(${time})
| project ObjectivePercent = ${realLiteral(availabilityPercent)}, AvailabilityPercent = ${known("100.0 * (Total - Failed) / Total")}, BudgetPercent = ${budget}, UsedPercent = ${known("100.0 * Failed / Total")}, RemainingOfBudgetPercent = ${known(`100.0 * (1.0 - 100.0 * Failed / Total / ${budget})`)}, Total, Failed, Since`;
}

/** Burn rates over every window of the alerts. Without requests in one, null. */
export function burnRates(scope: CheckScope, { availabilityPercent }: SloLimits): string {
  const { requests, itemCount, time } = scope.tables;
  const budget = realLiteral(exact(100 - availabilityPercent));
  const spans = burnWindows.flatMap(({ longMs, shortMs }) => [longMs, shortMs]).map((ms) => ms / 1000);
  const distinct = [...new Set(spans)].sort((a, b) => a - b);
  const sums = distinct.flatMap((seconds) => {
    const since = `${time} >= now(-${seconds}s)`;
    const name = writeDuration(seconds);
    return [
      `Total${name} = sumif(${itemCount}, ${since})`,
      `Failed${name} = sumif(${itemCount}, ${since} and Bad)`,
    ];
  });
  const rates = distinct.map((seconds) => {
    const name = writeDuration(seconds);
    return `Burn${name} = iff(Total${name} == 0, real(null), 100.0 * Failed${name} / Total${name} / ${budget})`;
  });
  return `${rowsOf(scope, requests)}
| extend Bad = ${failedExpression(scope.tables)}
| summarize ${sums.join(", ")}
| project ${rates.join(", ")}`;
}

/** The pool of a node, as AKS labels it: Container Insights keeps the labels as a JSON text. */
const poolOfNode = 'Pool = tostring(parse_json(Labels)[0]["agentpool"])';

/** Nodes of each pool, by version of their kubelet and by state. */
export function nodes(): string {
  return `KubeNodeInventory
| extend ${poolOfNode}
| summarize Value = dcount(Computer) by Cohort = strcat(Pool, " ", KubeletVersion, " ", Status), TimeGenerated = bin(TimeGenerated, 5m)
| project TimeGenerated, Cohort, Value`;
}

/** Pods on the nodes of each pool. */
export function podsOfPools(): string {
  return `KubePodInventory
| summarize Pods = dcount(PodUid) by Computer, TimeGenerated = bin(TimeGenerated, 5m)
| join kind=inner (KubeNodeInventory
  | extend ${poolOfNode}
  | summarize Seen = count() by Computer, Pool) on Computer
| summarize Value = sum(Pods) by Cohort = Pool, TimeGenerated
| project TimeGenerated, Cohort, Value`;
}
