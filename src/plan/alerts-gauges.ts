import type { Issue } from "../errors/errors.ts";
import { formatDuration } from "../lib/duration.ts";
import { lintAlertQuery } from "../lib/kql/lint.ts";
import { level as kqlLevel } from "../lib/kql/service.ts";
import { level as promLevel } from "../lib/promql/service.ts";
import { promqlProblem } from "../lib/promql/whole.ts";
import type { AlertFacts, AlertLimit, AlertRule, NotAlerted } from "../types/alerts.ts";
import type { GateLimits } from "../types/gates.ts";
import type { GaugeConfig, GaugeName } from "../types/gauge.ts";
import type { NotWatched, WatchConfig } from "../types/watch.ts";
import { exact, sloWindowSeconds, thresholdsOf } from "./alerts-conditions.ts";
import { atLeast, metricWindows, minutesOf, sustained } from "./alerts-spans.ts";
import { dimensionsOf, namespaceOf } from "./metric-filter.ts";

/** What the alerts of one source come to. */
export interface AlertsOf {
  readonly rules: readonly AlertRule[];
  readonly without: readonly NotAlerted[];
  readonly issues: readonly Issue[];
}

type Level = AlertFacts & AlertLimit & { readonly forSeconds: number; readonly path: string };

const words: Readonly<Record<GaugeName, { readonly what: string; readonly unit: string }>> = {
  "db-pool": { what: "The database connection pool", unit: " %" },
  "queue-depth": { what: "The event queue", unit: " messages" },
  memory: { what: "The memory of the containers", unit: " %" },
};

/** Rules for the guide's triggers on levels, and for the queue's lag where it has an objective. Pure. */
export function gaugeAlerts(gates: GateLimits, watch: WatchConfig): AlertsOf {
  const levels = Object.entries(gates.gauges ?? {}) as [GaugeName, { limit: number; forSeconds: number }][];
  const triggers = levels.map(([name, { limit, forSeconds }]) => {
    const { what, unit } = words[name];
    const description = `${what} above ${limit}${unit} for ${formatDuration(forSeconds)}.`;
    const facts = { id: name, family: "trigger", severity: 1, description, breach: "above", limit } as const;
    return alertOf({ ...facts, forSeconds, path: `watch.gauges.${name}` }, watch.gauges[name]);
  });
  const { queueLag } = watch;
  const lag =
    gates.slo?.queueLag === undefined || queueLag === undefined
      ? []
      : thresholdsOf("queue-lag").map((facts) =>
          alertOf({ ...facts, forSeconds: sloWindowSeconds, path: "watch.queueLag" }, queueLag),
        );
  const all = [...triggers, ...lag];
  return {
    rules: all.flatMap(({ rules }) => rules),
    without: all.flatMap(({ without }) => without),
    issues: all.flatMap(({ issues }) => issues),
  };
}

function alertOf(level: Level, source: GaugeConfig | NotWatched): AlertsOf {
  const none = (why: string): AlertsOf => ({ rules: [], without: [{ id: level.id, why }], issues: [] });
  switch (source.kind) {
    case "none":
      return none(source.reason);
    case "sandbox":
      return none("it is measured in the sandbox alone");
    case "command":
      return none("it is measured by a command of the project, which no alert rule can run");
    case "prometheus":
      return promAlert(level, source.query);
    case "azure-metrics":
      return platformAlert(level, source);
    case "azure-logs":
      return logAlert(level, source);
  }
}

function promAlert({ breach, limit, forSeconds, path, ...facts }: Level, query: string): AlertsOf {
  const problem = promqlProblem(query);
  if (problem !== undefined)
    return refused(`${path}.query`, {
      rule: `PromQL that is whole: ${problem}`,
      hint: "Write it so that brackets can stand around it.",
    });
  const expression = `${promLevel(query)} ${breach === "above" ? ">" : "<"} ${limit}`;
  return rule({ kind: "prometheus", ...facts, expression, forMinutes: minutesOf(forSeconds) });
}

type AzureMetrics = Extract<GaugeConfig, { kind: "azure-metrics" }>;

/**
 * A rule compares one aggregate over its window, the gate each minute of it. Averages stay averages; of the highest and
 * the lowest value the lowest is taken, which is above a limit where all of them are; totals are added up.
 */
function platformAlert({ forSeconds, path, ...facts }: Level, source: AzureMetrics): AlertsOf {
  const { resourceId, metric, aggregation, filter, of } = source;
  const namespace = namespaceOf(resourceId);
  const dimensions = filter === undefined ? [] : dimensionsOf(filter);
  if (namespace === undefined) {
    const hint = "Copy it from the resource's properties: /subscriptions/…/providers/….";
    return refused(`${path}.resourceId`, { rule: "the ARM id of a resource", hint });
  }
  if (dimensions === undefined) {
    const rule = "conditions with eq or ne, joined by and; or between values of one dimension alone";
    return refused(`${path}.filter`, { rule, hint: "Write it like EntityName eq 'ingest'." });
  }
  const windowMinutes = atLeast(minutesOf(forSeconds), metricWindows);
  const limit = of === undefined ? facts.limit : exact((facts.limit * of) / 100);
  return rule({
    kind: "platform",
    ...facts,
    target: { resourceId },
    namespace,
    metric,
    aggregation: aggregation === "Maximum" ? "Minimum" : aggregation,
    limit: aggregation === "Total" ? exact(limit * windowMinutes) : limit,
    windowMinutes,
    dimensions,
  });
}

type AzureLogs = Extract<GaugeConfig, { kind: "azure-logs" }>;

/** At each minute where the query allows it, else each five minutes. */
function logAlert({ forSeconds, path, ...facts }: Level, source: AzureLogs): AlertsOf {
  const { query, resourceId } = source;
  const problems = lintAlertQuery(query, { everyMinutes: 5 });
  if (problems.length > 0) {
    const issues = problems.map(({ rule, message }) => ({
      path: `${path}.query`,
      rule: `a query without ${rule}`,
      hint: `Write it another way: ${message}.`,
    }));
    return { rules: [], without: [], issues };
  }
  const least = lintAlertQuery(query, { everyMinutes: 1 }).length === 0 ? 60 : 300;
  const { windowMinutes, periods } = sustained(forSeconds, least);
  return rule({
    kind: "log",
    ...facts,
    scope: resourceId === undefined ? "workspace" : { resourceId },
    query: kqlLevel({ query, minutes: windowMinutes * periods }),
    everyMinutes: windowMinutes,
    windowMinutes,
    periods,
    aggregation: facts.breach === "above" ? "Minimum" : "Maximum",
  });
}

function rule(one: AlertRule): AlertsOf {
  return { rules: [one], without: [], issues: [] };
}

function refused(path: string, { rule, hint }: Pick<Issue, "rule" | "hint">): AlertsOf {
  return { rules: [], without: [], issues: [{ path, rule: `must be ${rule}`, hint }] };
}
