import type { GateLimits, GaugeLimits } from "../types/gates.ts";
import type { GaugeAnswer, GaugeName } from "../types/gauge.ts";
import type { CohortBin, HealthAnswer, MetricsAnswer } from "../types/observation.ts";
import type { GateReading } from "../types/verdict.ts";
import type { IntegrityAnswer } from "../types/watch.ts";
import { comparedMs, readEvidence } from "./evidence-gate.ts";
import { readGaugeGate } from "./gauge-gate.ts";
import { type Cohorts, readShareGate, type ShareGate, type ShareOptions } from "./share-gate.ts";
import { readSlo, sloThresholdsMs } from "./slo-gate.ts";
import { readTraffic } from "./traffic-gate.ts";
import { readIntegrity, readReview } from "./watch-gates.ts";

export interface LookInput {
  readonly gates: GateLimits;
  readonly metrics: MetricsAnswer;
  readonly health: HealthAnswer;
  /** When the route was first read back with an exposure, ms: nothing older is evidence. */
  readonly exposedSinceMs: number;
  /** When the route of this step was read back, ms: health and promotion look at this step. */
  readonly confirmedAtMs: number;
  readonly nowMs: number;
  /** Share of the requests that the candidate should get at this step, 0-1; absent where none can be told. */
  readonly weight?: number;
  /** What levels, business metrics and the integrity check say, where they were asked. */
  readonly gauges?: Readonly<Partial<Record<GaugeName, GaugeAnswer>>>;
  readonly reviews?: Readonly<Record<string, GaugeAnswer>>;
  readonly integrity?: IntegrityAnswer;
  /** Seconds that events wait in the queue; judged where the objectives have it. */
  readonly queueLag?: GaugeAnswer;
}

/** The share of requests that a P95 lets be slower, percent. */
const slowPercent = 5;
/** Data older than this many windows is no evidence about now. */
const maxLagWindows = 3;

/**
 * One look at all gates: a pure function of the counts since the rollout began, so a restarted driver reads
 * the same verdicts from the backend. Hard limits as gates.md 2.5 item 1.
 */
export function judge(input: LookInput): readonly GateReading[] {
  return [readHealth(input), ...readMetrics(input), ...readLevels(input), ...readCompared(input)];
}

/** Hard limits first: what they say needs no reckoning. */
function readLevels(input: LookInput): readonly GateReading[] {
  const { gates, gauges = {}, reviews = {}, integrity } = input;
  const levels = Object.entries(gates.gauges ?? {}) as [GaugeName, GaugeLimits[GaugeName]][];
  return [
    ...(gates.integrity === undefined ? [] : [readIntegrity(integrity ?? unasked)]),
    ...levels
      .filter(([, { source }]) => source !== "none")
      .map(([name, limit]) => readGaugeGate(name, { ...input, limit, answer: gauges[name] ?? unasked })),
    ...(gates.reviews ?? []).map((metric) => readReview(metric, reviews[metric.name] ?? unasked)),
  ];
}

const unasked = { status: "error", message: "its source was not asked" } as const;

/** What the counts say beside the hard limits: of a source that says nothing, those speak already. */
function readCompared(input: LookInput): readonly GateReading[] {
  const { gates, metrics, weight } = input;
  if (metrics.status !== "value") return [];
  const counts = {
    ...input,
    candidate: metrics.candidate.bins,
    stable: metrics.stable.bins,
    watermarkMs: metrics.watermarkMs,
    binMs: metrics.binMs,
  };
  const evidence = gates.evidence && readEvidence({ ...counts, evidence: gates.evidence });
  const windowMs = gates.windowSeconds * 1000;
  return [
    ...(evidence === undefined ? [] : [evidence]),
    ...(gates.evidence === undefined || weight === undefined ? [] : [readTraffic({ ...counts, weight })]),
    ...(gates.slo === undefined
      ? []
      : [readSlo({ ...counts, slo: gates.slo, windowMs, minRequests: gates.minRequests })]),
  ];
}

/** Thresholds in ms that a look asks for: those that must be counted, and those that are judged where they are. */
export function thresholdsOf(gates: GateLimits): {
  readonly thresholdsMs: readonly number[];
  readonly alsoThresholdsMs: readonly number[];
} {
  const also = [
    ...(gates.evidence === undefined ? [] : [comparedMs(gates)]),
    ...(gates.slo === undefined ? [] : sloThresholdsMs),
  ];
  const { limitMs } = gates.p95;
  return { thresholdsMs: [limitMs], alsoThresholdsMs: [...new Set(also)].filter((ms) => ms !== limitMs) };
}

function readMetrics(input: LookInput): readonly GateReading[] {
  const { gates, metrics } = input;
  if (metrics.status === "error")
    return silent(input, { verdict: "error", reason: "SourceError", message: metrics.message });
  if (metrics.status === "empty")
    return silent(input, { verdict: "no-data", reason: "NoData", message: metrics.message });
  const lagMs = input.nowMs - metrics.watermarkMs;
  if (lagMs > gates.windowSeconds * 1000 * maxLagWindows) {
    const message = `the newest complete data is ${Math.round(lagMs / 1000)} s old`;
    return silent(input, { verdict: "no-data", reason: "StaleData", message });
  }
  const options = {
    binMs: metrics.binMs,
    sinceMs: input.exposedSinceMs,
    stepSinceMs: input.confirmedAtMs,
    watermarkMs: metrics.watermarkMs,
    minMs: gates.windowSeconds * 1000,
    minRequests: gates.minRequests,
  };
  const cohorts = { candidate: metrics.candidate.bins, stable: metrics.stable.bins };
  const { errorRate } = gates;
  const errors: ShareGate = {
    gate: "error-rate",
    limitPercent: errorRate.limitPercent,
    windows: errorRate.windows,
    bad: (window) => window.errors,
    label: "failed",
  };
  return [
    readShareGate(errors, cohorts, options),
    readLatency(input, cohorts, options),
    readExceptions(input, cohorts.candidate, options),
  ];
}

/** P95 <= T is exactly: at most 5 % of the requests are slower than T. */
function readLatency(input: LookInput, cohorts: Cohorts, options: ShareOptions): GateReading {
  const { limitMs, windows } = input.gates.p95;
  // A backend that doesn't count this threshold has not said "none was slow".
  const counted = [...cohorts.candidate, ...cohorts.stable].every((bin) => bin.slow[limitMs] !== undefined);
  if (!counted) {
    const message = `the source has no count of requests slower than ${limitMs} ms`;
    return { gate: "p95-latency", verdict: "error", reason: "ThresholdMissing", message, limit: slowPercent };
  }
  const gate: ShareGate = {
    gate: "p95-latency",
    limitPercent: slowPercent,
    windows,
    bad: (window) => window.slow[limitMs] ?? 0,
    label: `slower than ${limitMs} ms`,
  };
  return readShareGate(gate, cohorts, options);
}

/** A literal count in a sliding window, as the guide writes it; the count stands on its own, but silence is no zero. */
function readExceptions(
  input: LookInput,
  bins: readonly CohortBin[],
  options: { readonly binMs: number; readonly watermarkMs: number },
): GateReading {
  const { limit, windowSeconds } = input.gates.exceptions;
  const from = Math.max(input.exposedSinceMs, options.watermarkMs - windowSeconds * 1000);
  const inside = bins.filter(
    (bin) => bin.startMs >= from && bin.startMs + options.binMs <= options.watermarkMs,
  );
  const count = inside.reduce((sum, bin) => sum + bin.exceptions, 0);
  // The count reaches back over the steps; proof of this step are its own requests.
  const ofThisStep = inside.filter((bin) => bin.startMs >= input.confirmedAtMs);
  const samples = ofThisStep.reduce((sum, bin) => sum + bin.n, 0);
  const base = { gate: "exceptions" as const, limit, samples };
  const message = `canary threw ${count} exceptions in ${Math.round((options.watermarkMs - from) / 1000)} s, limit ${limit} in ${windowSeconds} s`;
  if (count > limit)
    return { ...base, value: count, verdict: "fail", reason: "LimitBreached", message, cause: "canary" };
  if (samples < input.gates.minRequests) {
    return {
      ...base,
      verdict: "no-data",
      reason: "BelowMinRequests",
      message: `canary has ${samples} requests at this step so far; a verdict needs ${input.gates.minRequests}`,
    };
  }
  return { ...base, value: count, verdict: "pass", reason: "WithinLimit", message };
}

function readHealth({ health, gates }: LookInput): GateReading {
  const base = { gate: "health" as const, limit: 0 };
  const { candidate, stable } = health;
  const tries = `${gates.health.tries} tries`;
  if (candidate.status === "ok")
    return {
      ...base,
      value: 0,
      verdict: "pass",
      reason: "Healthy",
      message: "canary answers its health checks",
    };
  if (candidate.status === "no-answer" && stable.status === "no-answer") {
    return {
      ...base,
      verdict: "error",
      reason: "NobodyAnswers",
      message: `neither canary nor stable answers: ${candidate.message}`,
    };
  }
  const cause = stable.status === "ok" ? "canary" : "environment";
  const what =
    candidate.status === "no-answer"
      ? `no answer (${candidate.message})`
      : `HTTP ${candidate.httpStatus} from ${candidate.path}`;
  return {
    ...base,
    value: 1,
    verdict: "fail",
    reason: "Unhealthy",
    message: `canary's health check fails after ${tries}: ${what}`,
    cause,
  };
}

/** The same silence for every gate that needs metrics. */
function silent(
  input: LookInput,
  what: Pick<GateReading, "verdict" | "reason" | "message">,
): readonly GateReading[] {
  const { gates } = input;
  const limits = {
    "error-rate": gates.errorRate.limitPercent,
    "p95-latency": slowPercent,
    exceptions: gates.exceptions.limit,
  };
  return (["error-rate", "p95-latency", "exceptions"] as const).map((gate) => ({
    gate,
    ...what,
    limit: limits[gate],
  }));
}
