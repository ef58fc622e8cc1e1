import { type BurnWindow, burnThreshold, burnWindows } from "../lib/burn-windows.ts";
import { formatDuration, writeDuration } from "../lib/duration.ts";
import { type SloMetric, sloTable } from "../lib/slo-table.ts";
import type { AlertFacts, AlertLimit } from "../types/alerts.ts";
import type { GateLimits, SloLimits } from "../types/gates.ts";

/** What is counted. `versions`: each by itself; else the service as a whole. */
export type AlertMeasure =
  | { readonly what: "error-rate" | "exceptions" }
  | { readonly what: "latency"; readonly percentile: number }
  | { readonly what: "availability" | "throughput" }
  | { readonly what: "burn"; readonly window: BurnWindow; readonly budgetPercent: number };

/** An alert before anybody has said where its numbers come from. */
export interface AlertCondition extends AlertFacts, AlertLimit {
  readonly measure: AlertMeasure;
  /** How long it has to be breached in all, and in windows of which length at least, s. */
  readonly forSeconds: number;
  readonly windowSeconds: number;
  readonly minRequests: number;
}

/** The table of objectives names no spans; this is the one of its rules, s. */
export const sloWindowSeconds = 300;

/** Everything that is counted and has a limit in the policy: triggers, then objectives, then burn rates. Pure. */
export function conditionsOf(gates: GateLimits): readonly AlertCondition[] {
  const objectives =
    gates.slo === undefined ? [] : [...sloRows(gates, gates.slo), ...burns(gates, gates.slo)];
  return [...triggers(gates), ...objectives];
}

function triggers({ errorRate, p95, exceptions, windowSeconds, minRequests }: GateLimits): AlertCondition[] {
  const base = { family: "trigger", severity: 1, breach: "above", minRequests } as const;
  const windows = (count: number) => `${count} windows of ${formatDuration(windowSeconds)}`;
  const share = { windowSeconds, ...base };
  return [
    {
      ...share,
      id: "error-rate",
      description: `Failed requests (5xx) of a version above ${errorRate.limitPercent} % in ${windows(errorRate.windows)}.`,
      measure: { what: "error-rate" },
      limit: errorRate.limitPercent,
      forSeconds: errorRate.windows * windowSeconds,
    },
    {
      ...share,
      id: "p95-latency",
      description: `P95 of a version above ${p95.limitMs} ms in ${windows(p95.windows)}.`,
      measure: { what: "latency", percentile: 95 },
      limit: p95.limitMs,
      forSeconds: p95.windows * windowSeconds,
    },
    {
      ...base,
      id: "exceptions",
      description: `More than ${exceptions.limit} exceptions of a version within ${formatDuration(exceptions.windowSeconds)}.`,
      measure: { what: "exceptions" },
      limit: exceptions.limit,
      forSeconds: exceptions.windowSeconds,
      windowSeconds: exceptions.windowSeconds,
    },
  ];
}

/** Both thresholds of a row of the table of objectives, warning first. */
export function thresholdsOf(
  metric: SloMetric,
  own?: Pick<NonNullable<SloLimits["throughput"]>, "warning" | "critical">,
): readonly (AlertFacts & AlertLimit)[] {
  const { worse, unit, warning, critical } = { ...sloTable[metric], ...own };
  const of = (level: "warning" | "critical", limit: number) => ({
    id: `slo-${metric}-${level}`,
    family: "slo" as const,
    // Too little of the service being there at all is the worst that can be.
    severity: level === "warning" ? (2 as const) : metric === "availability" ? (0 as const) : (1 as const),
    description: `SLO, ${level}: ${names[metric]} ${worse} ${limit} ${unit} over ${formatDuration(sloWindowSeconds)}.`,
    breach: worse,
    limit,
  });
  return [of("warning", warning), of("critical", critical)];
}

const names: Readonly<Record<SloMetric, string>> = {
  availability: "availability of the service",
  "error-rate": "failed requests (5xx) of a version",
  "p95-latency": "P95 of a version",
  "p99-latency": "P99 of a version",
  throughput: "throughput of the service",
  "queue-lag": "processing lag of the queue",
};

function sloRows({ minRequests }: GateLimits, { throughput }: SloLimits): AlertCondition[] {
  const span = { forSeconds: sloWindowSeconds, windowSeconds: sloWindowSeconds, minRequests };
  const row = (metric: SloMetric, measure: AlertMeasure) =>
    thresholdsOf(metric).map((facts) => ({ ...facts, measure, ...span }));
  return [
    ...row("availability", { what: "availability" }),
    ...row("error-rate", { what: "error-rate" }),
    ...row("p95-latency", { what: "latency", percentile: 95 }),
    ...row("p99-latency", { what: "latency", percentile: 99 }),
    ...(throughput === undefined
      ? []
      : thresholdsOf("throughput", throughput).map((facts) => ({
          ...facts,
          measure: { what: "throughput" as const },
          ...span,
        }))),
  ];
}

function burns({ minRequests }: GateLimits, { availabilityPercent }: SloLimits): AlertCondition[] {
  const budgetPercent = exact(100 - availabilityPercent);
  // No budget, no rate at which it burns: then each failure breaks the objective, which the triggers see.
  if (budgetPercent <= 0) return [];
  return burnWindows.map((window) => {
    const [long, short] = [window.longMs / 1000, window.shortMs / 1000];
    const limit = exact(burnThreshold(window));
    return {
      id: `burn-${writeDuration(long)}`,
      family: "burn",
      severity: window.severity === "page" ? 1 : 3,
      description: `The error budget of ${availabilityPercent} % burns more than ${limit} times too fast, over ${formatDuration(long)} and over ${formatDuration(short)}.`,
      breach: "above",
      limit,
      measure: { what: "burn", window, budgetPercent },
      forSeconds: long,
      windowSeconds: long,
      minRequests,
    };
  });
}

/** Without what binary fractions leave over: 100 - 99.9 is 0.1. */
export function exact(value: number): number {
  return Number(value.toPrecision(12));
}
