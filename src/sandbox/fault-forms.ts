import type { GaugeName } from "../types/gauge.ts";
import type { FaultEffect } from "./faults.ts";

/** How a fault is written. */
export interface FaultForm {
  readonly example: string;
  /** What stands behind `=`; undefined refuses it. Absent: the fault takes no value. */
  readonly value?: (text: string) => FaultEffect | undefined;
  /** The effect of a fault without a value. */
  readonly effect?: FaultEffect;
  readonly lasts: boolean;
  /** Exposure where none is written; absent: 5. */
  readonly atExposure?: number;
  /** It is a flag's, wherever it is said to start. */
  readonly part?: "flag";
}

/** Every fault by its name. */
export const faultForms: Readonly<Record<string, FaultForm>> = {
  errors: {
    example: "errors=3%@20:121s | errors=3%@20+5m:121s",
    value: (text) => rate("errors", text),
    lasts: true,
  },
  "environment-errors": {
    example: "environment-errors=3%@20",
    value: (text) => rate("environment-errors", text),
    lasts: true,
  },
  latency: { example: "latency=1500ms@20", value: latency, lasts: true },
  exceptions: { example: "exceptions=11@20", value: exceptions, lasts: true },
  "slo-miss": { example: "slo-miss@20", effect: { kind: "slo-miss" }, lasts: true },
  health: {
    example: "health=503@20 | health=no-answer@20 | health=cluster-down@20",
    value: health,
    lasts: true,
  },
  "db-pool": { example: "db-pool=95%@20", value: (text) => share("db-pool", text), lasts: true },
  queue: { example: "queue=20000@20", value: queue, lasts: true },
  "queue-lag": { example: "queue-lag=400s@20", value: queueLag, lasts: true },
  memory: { example: "memory=95%@20", value: (text) => share("memory", text), lasts: true },
  "business-metric": {
    example: "business-metric=checkout-rate@20",
    value: (text) => named("business-metric", text),
    lasts: true,
  },
  integrity: { example: "integrity@20", effect: { kind: "integrity" }, lasts: true },
  budget: { example: "budget=15% | budget=-3%@20", value: budget, lasts: false, atExposure: 0 },
  "budget-burn": {
    example: "budget-burn",
    effect: { kind: "budget-burn" },
    lasts: false,
    atExposure: 0,
  },
  "gauge-outage": {
    example: "gauge-outage=db-pool@20:5m",
    value: (text) => named("gauge-outage", text),
    lasts: true,
  },
  crashloop: { example: "crashloop@20", effect: { kind: "crashloop" }, lasts: false },
  "image-pull": { example: "image-pull@5", effect: { kind: "image-pull" }, lasts: false },
  "metrics-outage": { example: "metrics-outage@20:5m", effect: { kind: "metrics-outage" }, lasts: true },
  "silent-canary": { example: "silent-canary@20", effect: { kind: "silent-canary" }, lasts: true },
  validation: {
    example: "validation=postgres",
    value: (text) => (/^[a-z-]+$/.test(text) ? { kind: "validation", check: text } : undefined),
    lasts: false,
  },
  "stuck-swap": { example: "stuck-swap", effect: { kind: "stuck-swap" }, lasts: false },
  "stuck-drain": { example: "stuck-drain", effect: { kind: "stuck-drain" }, lasts: false },
  "engine-crash": { example: "engine-crash@20", effect: { kind: "engine-crash" }, lasts: false },
  "slow-router": { example: "slow-router@20:3m", effect: { kind: "slow-router" }, lasts: true },
  "flag-edit": {
    example: "flag-edit@flag-25 | flag-edit@beta+5m",
    effect: { kind: "flag-edit" },
    lasts: false,
    part: "flag",
  },
  "flag-throttle": {
    example: "flag-throttle@flag-10:1m",
    effect: { kind: "flag-throttle" },
    lasts: true,
    part: "flag",
  },
};

/** Faults of requests and of what is measured, and an edit: those of pods and of the router begin with what makes them. */
export const delayable: ReadonlySet<FaultEffect["kind"]> = new Set([
  "errors",
  "environment-errors",
  "latency",
  "health",
  "slo-miss",
  "level",
  "business-metric",
  "integrity",
  "flag-edit",
]);
function rate(kind: "errors" | "environment-errors", text: string): FaultEffect | undefined {
  const percent = text.endsWith("%") ? numberOf(text.slice(0, -1)) : undefined;
  // Whole parts per million, so that the count of errors is integer arithmetic and 1 % is exactly 1 %.
  return percent === undefined || percent > 100 ? undefined : { kind, ratePpm: Math.round(percent * 10_000) };
}

function latency(text: string): FaultEffect | undefined {
  const p95Ms = spanOf(text);
  return p95Ms === undefined ? undefined : { kind: "latency", p95Ms };
}

function exceptions(text: string): FaultEffect | undefined {
  return /^\d+$/.test(text) ? { kind: "exceptions", count: Number(text) } : undefined;
}

function health(text: string): FaultEffect | undefined {
  if (text === "no-answer" || text === "cluster-down") return { kind: "health", answer: text };
  return /^[45]\d\d$/.test(text) ? { kind: "health", answer: Number(text) } : undefined;
}

function share(gauge: GaugeName, text: string): FaultEffect | undefined {
  const percent = text.endsWith("%") ? numberOf(text.slice(0, -1)) : undefined;
  return percent === undefined || percent > 100 ? undefined : { kind: "level", gauge, value: percent };
}

function queue(text: string): FaultEffect | undefined {
  return /^\d{1,12}$/.test(text) ? { kind: "level", gauge: "queue-depth", value: Number(text) } : undefined;
}

/** In seconds; none at all is a level too. */
function queueLag(text: string): FaultEffect | undefined {
  const lagMs = /^0(ms|s|m|h)$/.test(text) ? 0 : spanOf(text);
  return lagMs === undefined ? undefined : { kind: "level", gauge: "queue-lag", value: lagMs / 1000 };
}

/** Only a stack knows what it watches: whether there is such a name is asked where one is at hand. */
function named(kind: "business-metric" | "gauge-outage", name: string): FaultEffect | undefined {
  return name.trim() === "" ? undefined : { kind, name };
}

/** Two decimals, so that what has failed of 30 days is a whole number; no more than 100 % can be left. */
function budget(text: string): FaultEffect | undefined {
  if (!/^-?\d{1,3}(\.\d{1,2})?%$/.test(text)) return undefined;
  const remainingPercent = Number(text.slice(0, -1));
  return remainingPercent > 100 ? undefined : { kind: "budget", remainingPercent };
}

function numberOf(text: string): number | undefined {
  return /^\d+(\.\d+)?$/.test(text) ? Number(text) : undefined;
}

const unitMs: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };

/** `119s`, `2m`, `1.5h` in ms; undefined where it is no such text, or no time at all. */
export function spanOf(text: string): number | undefined {
  const { amount, unit } = /^(?<amount>\d+(?:\.\d+)?)(?<unit>ms|s|m|h)$/.exec(text)?.groups ?? {};
  const factor = unitMs[unit ?? ""];
  const span = factor === undefined ? 0 : Number(amount) * factor;
  return span > 0 ? span : undefined;
}
