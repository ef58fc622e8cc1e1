import type { EvidenceLimits, GateLimits } from "../types/gates.ts";
import type { CohortBin } from "../types/observation.ts";
import type { GateReading } from "../types/verdict.ts";
import { upperBound } from "./clopper-pearson.ts";
import { formatOdds, grouped } from "./figures.ts";
import { foldPace, type PaceLook, uncountedThresholds } from "./pace.ts";
import {
  coldStartMs,
  errorsMetric,
  latencyMetric,
  type PaceMetric,
  type PaceOptions,
  paceDefaults,
} from "./pace-options.ts";
import { total, type Window } from "./windows.ts";

/** Both sides since the rollout began; bins that are complete. */
export interface EvidenceInput {
  readonly gates: GateLimits;
  readonly evidence: EvidenceLimits;
  readonly candidate: readonly CohortBin[];
  readonly stable: readonly CohortBin[];
  readonly exposedSinceMs: number;
  readonly watermarkMs: number;
  readonly binMs: number;
}

/** What the guide wants of P95, ms: slower requests than that are compared with stable's. */
const sloP95Ms = 500;
/** With so much evidence nothing is promoted yet (gates.md 2.5). */
const unclearOdds = 3;
const confidence = 0.95;

/** The threshold that the comparison counts slow requests by, beside the hard limit's own. */
export function comparedMs({ p95 }: Pick<GateLimits, "p95">): number {
  return Math.min(sloP95Ms, p95.limitMs);
}

/**
 * PACE (gates.md 2.4) with the promotion rule of 2.5: `fail` at the odds that were asked for; `pass` where the evidence
 * is below 3:1 and the shares are proved to be within their limits with 95 % confidence; else nothing is proved. A
 * limit of 0 lets no evidence be: it is stricter than any. Pure.
 */
export function readEvidence(input: EvidenceInput): GateReading | undefined {
  const metrics = metricsOf(input);
  if (metrics.length === 0) return undefined;
  const closed = { ...input, ...completeOf(input) };
  const look = foldPace(closed, optionsOf(input, metrics));
  const samples = look.metrics[0]?.canary.n ?? 0;
  const base = { gate: "evidence" as const, limit: input.evidence.odds, value: round(look.e), samples };
  if (look.reverts)
    return { ...base, verdict: "fail", reason: "EvidenceAgainst", ...accused(closed, look.message) };
  if (look.e >= unclearOdds) {
    const message = `${look.message}: too much to go on, too little to turn back`;
    return { ...base, verdict: "no-data", reason: "EvidenceUnclear", message };
  }
  return certificate(closed, look, base);
}

/** How far back stable is asked whether it is ill too, ms. */
const lately = 30_000;

/** Where stable is past the limit too, it isn't the canary alone: turned back all the same, and worth a retry. */
function accused(input: EvidenceInput, message: string): Pick<GateReading, "message" | "cause"> {
  const { gates, stable, watermarkMs } = input;
  const recent = stable.filter(({ startMs }) => startMs >= watermarkMs - lately);
  const { n, errors, slow } = total(recent, watermarkMs - lately, watermarkMs);
  const late = slow[gates.p95.limitMs] ?? 0;
  const ill = errors * 100 > gates.errorRate.limitPercent * n || late * 20 > n;
  return ill
    ? { message: `${message}; stable breaches it too`, cause: "environment" }
    : { message, cause: "canary" };
}

/** What PACE is computed with for this input, for those who follow it bin by bin; undefined where no evidence can be. */
export function paceOptionsOf(input: EvidenceInput): Partial<PaceOptions> | undefined {
  const metrics = metricsOf(input);
  return metrics.length === 0 ? undefined : optionsOf(input, metrics);
}

function optionsOf(input: EvidenceInput, metrics: readonly PaceMetric[]): Partial<PaceOptions> {
  const { evidence, exposedSinceMs, stable } = input;
  return {
    metrics,
    alpha: alphaOf(evidence.odds),
    tolerance: evidence.tolerance,
    tau: evidence.noise,
    binMs: input.binMs,
    // One side serves at a time: nothing stands beside it to compare with.
    absoluteWeight: stable.length === 0 ? 1 : paceDefaults.absoluteWeight,
    latencySkipUntilMs: exposedSinceMs + coldStartMs,
    originMs: exposedSinceMs,
  } as Partial<PaceOptions>;
}

/** 1 / (1 / 105) is a bit below 105, and would read as 104. */
function alphaOf(odds: number): number {
  const alpha = 1 / odds;
  return 1 / alpha < odds ? alpha * (1 - Number.EPSILON) : alpha;
}

function metricsOf({ gates, ...cohorts }: EvidenceInput): readonly PaceMetric[] {
  const { errorRate, p95 } = gates;
  if (errorRate.limitPercent <= 0 || errorRate.limitPercent >= 100) return [];
  const promised = 1 - (gates.slo?.availabilityPercent ?? 99.9) / 100;
  const limitShare = errorRate.limitPercent / 100;
  const errors = { ...errorsMetric, limitShare, sloShare: Math.min(promised, limitShare) };
  const latency = latencyMetric(p95.limitMs, comparedMs(gates));
  // A source that doesn't count a threshold has not said that none was slow: errors alone are compared then.
  return uncountedThresholds(cohorts, [latency]).length > 0 ? [errors] : [errors, latency];
}

function completeOf({ candidate, stable, watermarkMs, binMs }: EvidenceInput) {
  const closed = (bins: readonly CohortBin[]) => bins.filter(({ startMs }) => startMs + binMs <= watermarkMs);
  return { candidate: closed(candidate), stable: closed(stable) };
}

/** Proof that the shares are within their limits, on this rollout's own requests. */
function certificate(
  input: EvidenceInput,
  look: PaceLook,
  base: Pick<GateReading, "gate" | "limit" | "value" | "samples">,
): GateReading {
  const { gates, candidate, exposedSinceMs, watermarkMs } = input;
  const all = candidate.filter(({ startMs }) => startMs >= exposedSinceMs);
  const window = total(all, exposedSinceMs, watermarkMs);
  const sampling = samplingOf(all, window);
  const errors = boundOf(window.errors, window.n, sampling);
  const slow = window.slow[gates.p95.limitMs];
  const late = slow === undefined ? undefined : boundOf(slow, window.n, sampling);
  const proved = errors < gates.errorRate.limitPercent / 100 && (late === undefined || late < 0.05);
  const text = `canary ${grouped(window.errors)} of ${grouped(window.n)} failed: at most ${percent(errors)} with 95 % confidence; evidence ${formatOdds(look.e)}:1`;
  if (proved) return { ...base, verdict: "pass", reason: "Certified", message: text };
  const message = `${text}; proof needs less than ${gates.errorRate.limitPercent} % failed and 5 % slower than ${gates.p95.limitMs} ms (at most ${late === undefined ? "unknown" : percent(late)})`;
  return { ...base, verdict: "no-data", reason: "NotCertified", message };
}

/** A stored record that stands for twenty requests is one observation. */
function samplingOf(bins: readonly CohortBin[], { n }: Window): number {
  const squares = bins.reduce((sum, { weightSquared }) => sum + weightSquared, 0);
  return n === 0 ? 1 : Math.max(1, squares / n);
}

function boundOf(bad: number, n: number, sampling: number): number {
  if (n === 0) return 1;
  const seen = Math.floor(n / sampling);
  return upperBound({ bad: Math.min(seen, Math.ceil(bad / sampling)), n: seen }, confidence);
}

function percent(share: number): string {
  return `${(share * 100).toFixed(2)} %`;
}

/** Down, as odds are written: evidence short of a threshold never reads as having reached it. */
function round(value: number): number {
  return Math.floor(value * 100 + 1e-9) / 100;
}
