import { errorRate, exceptions, latency, type PromRequests, type PromVolume } from "../lib/promql/checks.ts";
import type { PromScope } from "../lib/promql/scope.ts";
import { msPerUnit } from "../lib/promql/selector.ts";
import { burning, present, probesFailed, throughput } from "../lib/promql/service.ts";
import type { PromAlert } from "../types/alerts.ts";
import type { HealthConfig, MetricsConfig } from "../types/policy.ts";
import { type AlertCondition, exact } from "./alerts-conditions.ts";
import { minutesOf } from "./alerts-spans.ts";

export type PrometheusConfig = Extract<MetricsConfig, { kind: "prometheus" }>;

/** Rates of fewer scrapes than this are no rates; a lag is two of them. */
const scrapesInWindow = 4;

/** Prometheus rules for what an app counts itself, by its versions or altogether. */
export function promAlerts(
  conditions: readonly AlertCondition[],
  metrics: PrometheusConfig,
): readonly PromAlert[] {
  return conditions.map((condition) => {
    const { id, family, severity, description } = condition;
    const { expression, forMinutes } = shapeOf(condition, metrics);
    return { kind: "prometheus", id, family, severity, description, expression, forMinutes };
  });
}

function versionsOf({ match, cohort }: PrometheusConfig): PromScope {
  const values = [...new Set([cohort.stable, cohort.candidate])];
  return { match, cohort: { label: cohort.label, values } };
}

function shapeOf(
  condition: AlertCondition,
  metrics: PrometheusConfig,
): Pick<PromAlert, "expression" | "forMinutes"> {
  const { measure, forSeconds, windowSeconds, minRequests } = condition;
  const { metric, codeLabel } = metrics.requests;
  const requests = { metric, codeLabel, minRequests };
  if (measure.what === "burn") {
    const { window, budgetPercent } = measure;
    const expression = burning(
      { match: metrics.match },
      {
        ...requests,
        longMinutes: window.longMs / 60_000,
        shortMinutes: window.shortMs / 60_000,
        abovePercent: exact(condition.limit * budgetPercent),
      },
    );
    return { expression, forMinutes: 0 };
  }
  const scrapes = (scrapesInWindow * (metrics.lagSeconds ?? 30)) / 2;
  const windowMinutes = minutesOf(Math.max(windowSeconds, scrapes));
  // It is evaluated each minute; a second window later it has been breached for two.
  const forMinutes = Math.max(0, Math.ceil(forSeconds / 60 - windowMinutes));
  return { expression: comparison(condition, metrics, { windowMinutes, requests }), forMinutes };
}

interface Reading {
  readonly windowMinutes: number;
  readonly requests: PromRequests & PromVolume & { readonly metric: string };
}

function comparison(
  { measure, breach, limit }: AlertCondition,
  metrics: PrometheusConfig,
  { windowMinutes, requests }: Reading,
): string {
  const versions = { ...versionsOf(metrics), windowMinutes };
  const service = { match: metrics.match, windowMinutes };
  switch (measure.what) {
    case "error-rate":
      return `(\n${errorRate(versions, requests)}\n) > ${limit}`;
    case "availability":
      return `(\n100 - (\n${errorRate(service, requests)}\n)) < ${limit}`;
    case "latency": {
      const { metric } = metrics.latency;
      const options = { metric, percentile: measure.percentile, minRequests: requests.minRequests ?? 1 };
      return `(\n${latency(versions, options)}\n) > ${exact(limit / msPerUnit(metric))}`;
    }
    case "exceptions":
      return `${exceptions(versions, { metric: metrics.exceptions.metric })} > ${limit}`;
    default:
      return `${throughput(service, requests)} ${breach === "above" ? ">" : "<"} ${limit}`;
  }
}

/**
 * Health endpoints as Prometheus' Blackbox exporter sees them. The candidate's are judged only while it has targets:
 * between rollouts nothing is there that could answer.
 */
export function probeAlerts(
  { candidate, stable }: Extract<HealthConfig, { kind: "http" }>,
  metrics: PrometheusConfig,
  tries: number,
): readonly PromAlert[] {
  const { label, candidate: value } = metrics.cohort;
  const there = present(
    { match: metrics.match, cohort: { label, values: [value] } },
    metrics.requests.metric,
  );
  const alert = (id: string, urls: readonly string[], more = ""): PromAlert[] =>
    urls.length === 0
      ? []
      : [
          {
            kind: "prometheus",
            id,
            family: "trigger",
            severity: 1,
            description: `A health endpoint does not answer with 200, ${tries} times in a row.`,
            expression: `${probesFailed(urls)}${more}`,
            forMinutes: tries - 1,
          },
        ];
  return [...alert("health", candidate, `\nand on() (${there})`), ...alert("health-stable", stable)];
}
