import type { GaugeAnswer, GaugeSample } from "../types/gauge.ts";
import { type Found, met, unmet } from "./checklist-status.ts";

export interface QueueLook {
  readonly answer: GaugeAnswer;
  /** Messages: the trigger's limit, which gives the trend its scale. */
  readonly limit: number;
  /** When the step was read back, ms: older levels are another step's. */
  readonly sinceMs: number;
  readonly nowMs: number;
}

/** A trend is that of the last part of the step, ms: what grew once and has stopped holds nobody up for hours. */
const windowMs = 900_000;
/** So long, and in so many samples, a level has to be seen before it has a trend. */
const leastMs = 180_000;
const leastSamples = 6;
/** A rise of more than this share of the limit counts. */
const riseShare = 0.1;
/** Kendall's tau from which growth is sustained: three of four pairs rise. */
const leastTau = 0.5;
/** One-sided 5 %, of the normal approximation of Kendall's score. */
const leastZ = 1.645;
/** Pairs grow with the square. */
const mostSamples = 180;
/** A newest level that is older says nothing about now: ms, and in samples. */
const silentMs = 300_000;
const silentSamples = 5;

const asks = "See whether the queue is read: rollout.watch.queue.";

/**
 * Whether a backlog builds up: the levels of this step rise, most of them over those before (Kendall's tau at least 0.5,
 * and significant), and by Theil and Sen's slope the rise is more than 10 % of the limit. Both stand a spike and a
 * sample that is wrong. Before a trend can be told, the newest level has to be there. Pure.
 */
export function readQueueTrend({ answer, limit, sinceMs, nowMs }: QueueLook): Found {
  if (answer.status !== "value") return unmet(`the queue can't be read: ${answer.message}`, asks);
  const { samples, everyMs, watermarkMs } = answer;
  const newest = samples.at(-1);
  if (newest === undefined) return unmet("the queue has no level yet", asks);
  const ageMs = nowMs - newest.atMs;
  if (ageMs > Math.max(silentMs, silentSamples * everyMs))
    return unmet(`the queue's newest level is ${Math.round(ageMs / 1000)} s old`, asks);
  const ofStep = samples.filter(
    ({ atMs }) => atMs >= Math.max(sinceMs, watermarkMs - windowMs) && atMs <= watermarkMs,
  );
  const level = `the queue holds ${rounded(newest.value)} messages`;
  const spanMs = (ofStep.at(-1)?.atMs ?? 0) - (ofStep[0]?.atMs ?? 0);
  if (ofStep.length < leastSamples || spanMs < leastMs) {
    // A minute's grace for samples that are late by one.
    const early = watermarkMs - sinceMs < Math.max(leastMs, leastSamples * everyMs) + everyMs;
    const few = `${ofStep.length} levels of this step so far`;
    return early
      ? met(`${level}; too early for a trend: ${few}`)
      : unmet(`${few} in ${Math.round((watermarkMs - sinceMs) / 1000)} s: too few for a trend`, asks);
  }
  return ofTrend(trendOf(ofStep), { level, limit, spanMs });
}

function ofTrend(
  { tau, z, perMs }: Trend,
  { level, limit, spanMs }: { readonly level: string; readonly limit: number; readonly spanMs: number },
): Found {
  const rise = perMs * spanMs;
  const minutes = Math.round(spanMs / 6_000) / 10;
  const change = `${rise < 0 ? "" : "+"}${rounded(rise)} in ${minutes} min`;
  const builds = tau >= leastTau && z >= leastZ && rise > limit * riseShare;
  if (!builds) return met(`${level}, ${change}`);
  return unmet(
    `a backlog builds up: ${level}, ${change}, and it keeps rising`,
    "Find out why it isn't worked off: the step goes on once it no longer grows, `rollouts abort` takes it back.",
  );
}

interface Trend {
  /** Kendall's tau-a, -1 to 1: ties count as no rise. */
  readonly tau: number;
  /** The score over its standard deviation without a trend. */
  readonly z: number;
  /** Theil and Sen's slope: the median of those between all pairs. */
  readonly perMs: number;
}

function trendOf(all: readonly GaugeSample[]): Trend {
  const samples = thinned(all);
  const slopes: number[] = [];
  let score = 0;
  for (const [index, later] of samples.entries()) {
    for (const earlier of samples.slice(0, index)) {
      score += Math.sign(later.value - earlier.value);
      if (later.atMs > earlier.atMs) slopes.push((later.value - earlier.value) / (later.atMs - earlier.atMs));
    }
  }
  const n = samples.length;
  const deviation = Math.sqrt((n * (n - 1) * (2 * n + 5)) / 18);
  // One of them is chance: the correction for a score of whole steps.
  const z = (score - Math.sign(score)) / deviation;
  return { tau: score / ((n * (n - 1)) / 2), z, perMs: median(slopes) };
}

/** Evenly, with the newest one. */
function thinned(samples: readonly GaugeSample[]): readonly GaugeSample[] {
  const step = Math.ceil(samples.length / mostSamples);
  return samples.filter((_, index) => (samples.length - 1 - index) % step === 0);
}

function median(values: number[]): number {
  const sorted = values.sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? 0;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? upper) + upper) / 2;
}

function rounded(value: number): number {
  return Math.round(value * 100) / 100;
}
