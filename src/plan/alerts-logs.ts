import { availability, errorRate, exceptions, latency } from "../lib/kql/checks.ts";
import type { CheckScope } from "../lib/kql/scope.ts";
import { burnRate, throughput } from "../lib/kql/service.ts";
import { tablesOf } from "../lib/kql/tables.ts";
import type { LogAlert, NotAlerted } from "../types/alerts.ts";
import type { AzureMonitorConfig } from "../types/azure-monitor.ts";
import type { AlertCondition } from "./alerts-conditions.ts";
import { atLeast, logFrequencies, logWindows, minutesOf, sustained } from "./alerts-spans.ts";

/** Values that stand for the versions of a rollout under way: a rule outlives it, and judges each version that there is. */
const ofRollout = /^\{(?:from|to)(?:Build)?\}$/;

/** Rows of versions, and of the service as a whole. */
interface Scopes {
  readonly versions: CheckScope;
  readonly service: CheckScope;
}

/** Whose telemetry the queries of rules read. */
export function logScopes(metrics: AzureMonitorConfig): Scopes {
  const { by, property, stable, candidate } = metrics.cohort;
  const tables = tablesOf(metrics);
  const values = [...new Set([stable, candidate])];
  const named = !values.some((value) => ofRollout.test(value));
  const own = metrics.role === undefined ? {} : { role: metrics.role };
  const cohort = { by, ...(property === undefined ? {} : { property }), ...(named ? { values } : {}) };
  // Where roles tell the sides apart, they are the service.
  const service = metrics.role === undefined && by === "role" ? { role: values } : own;
  return { versions: { tables, cohort, ...own }, service: { tables, ...service } };
}

/** Scheduled query rules for what Application Insights counts. */
export function logAlerts(
  conditions: readonly AlertCondition[],
  metrics: AzureMonitorConfig,
): { readonly rules: readonly LogAlert[]; readonly without: readonly NotAlerted[] } {
  const scopes = logScopes(metrics);
  const where = metrics.resourceId === undefined ? "workspace" : { resourceId: metrics.resourceId };
  const rules: LogAlert[] = [];
  const without: NotAlerted[] = [];
  for (const condition of conditions) {
    const { measure, forSeconds, windowSeconds: _, minRequests: __, ...facts } = condition;
    if (minutesOf(forSeconds) > Math.max(...logWindows)) {
      without.push({ id: facts.id, why: "a scheduled query rule reads at most two days back" });
      continue;
    }
    const split = measure.what === "availability" || measure.what === "throughput" || measure.what === "burn";
    const shape = shapeOf(condition, scopes);
    rules.push({ kind: "log", ...facts, scope: where, ...shape, ...(split ? {} : { split: "Cohort" }) });
  }
  return { rules, without };
}

type Shape = Pick<LogAlert, "query" | "everyMinutes" | "windowMinutes" | "periods" | "aggregation">;

function shapeOf(condition: AlertCondition, { versions, service }: Scopes): Shape {
  const { measure, forSeconds, windowSeconds, minRequests, family } = condition;
  if (measure.what === "exceptions") return exceptionsShape(forSeconds, versions);
  if (measure.what === "burn") {
    const { window, budgetPercent } = measure;
    const shortSeconds = window.shortMs / 1000;
    const query = burnRate(service, { shortSeconds, budgetPercent, minRequests });
    // Twice in the short window, so that it is seen while it burns.
    const everyMinutes = atMost(Math.max(5, minutesOf(shortSeconds) / 2));
    return { query, everyMinutes, windowMinutes: minutesOf(forSeconds), periods: 1, aggregation: "Maximum" };
  }
  const { windowMinutes, periods } = sustained(forSeconds, windowSeconds);
  const binMinutes = family === "trigger" ? windowMinutes : "whole";
  const query = shareQuery(condition, {
    versions: { ...versions, binMinutes },
    service: { ...service, binMinutes },
  });
  const aggregation = condition.breach === "above" ? "Maximum" : "Minimum";
  return { query, everyMinutes: windowMinutes, windowMinutes, periods, aggregation };
}

function shareQuery({ measure, minRequests, forSeconds }: AlertCondition, scopes: Scopes): string {
  const { versions, service } = scopes;
  if (measure.what === "latency") return latency(versions, { percentile: measure.percentile, minRequests });
  if (measure.what === "availability") return availability(service, { minRequests });
  if (measure.what === "throughput") return throughput(service, forSeconds);
  return errorRate(versions, { minRequests });
}

/** A sliding window: minutes are added up by the rule, which looks at each minute at those before it. */
function exceptionsShape(seconds: number, versions: CheckScope): Shape {
  const windowMinutes = atLeast(minutesOf(seconds), logWindows);
  const cut = windowMinutes * 60 === seconds ? {} : { lastSeconds: seconds };
  return {
    query: exceptions({ ...versions, ...cut, binMinutes: 1 }),
    everyMinutes: windowMinutes > 60 ? 5 : 1,
    windowMinutes,
    periods: 1,
    aggregation: "Total",
  };
}

function atMost(minutes: number): number {
  return logFrequencies.findLast((frequency) => frequency <= minutes) ?? 1;
}
