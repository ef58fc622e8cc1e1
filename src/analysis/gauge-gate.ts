import type { GaugeAnswer, GaugeName, GaugeSample } from "../types/gauge.ts";
import type { GateReading } from "../types/verdict.ts";

/** The limit of a gauge: strictly above it, in every sample of `forSeconds`, breaches. */
export interface GaugeLimit {
  readonly limit: number;
  readonly forSeconds: number;
}

export interface GaugeLook {
  readonly answer: GaugeAnswer;
  readonly limit: GaugeLimit;
  /** When the route was first read back with an exposure, ms: nothing older is evidence of this rollout. */
  readonly exposedSinceMs: number;
  readonly nowMs: number;
}

/** Share of the expected samples that a window needs (gates.md 2.5). */
const enoughSamples = 0.8;
/** Data older than this many windows says nothing about now. */
const maxLagWindows = 3;

const words: Readonly<Record<GaugeName, { readonly what: string; readonly unit: string }>> = {
  "db-pool": { what: "the database connection pool is", unit: " %" },
  "queue-depth": { what: "the queue holds", unit: " messages" },
  memory: { what: "memory is", unit: " %" },
};

/**
 * The guide's triggers on levels: `fail` when every sample of the window is strictly above the limit and the window is
 * whole, `pass` when it is whole and its newest sample is within the limit. Anything else proves nothing. Pure.
 */
export function readGaugeGate(gate: GaugeName, look: GaugeLook): GateReading {
  const { answer, limit, nowMs } = look;
  const base = { gate, limit: limit.limit };
  if (answer.status === "error")
    return { ...base, verdict: "error", reason: "SourceError", message: answer.message };
  if (answer.status === "empty")
    return { ...base, verdict: "no-data", reason: "NoData", message: answer.message };
  const lagMs = nowMs - answer.watermarkMs;
  if (lagMs > limit.forSeconds * 1000 * maxLagWindows) {
    const message = `${gate}: the newest complete sample is ${Math.round(lagMs / 1000)} s old`;
    return { ...base, verdict: "no-data", reason: "StaleData", message };
  }
  return ofWindow(gate, look, answer);
}

function ofWindow(
  gate: GaugeName,
  { limit, exposedSinceMs }: GaugeLook,
  { samples, watermarkMs, everyMs }: Extract<GaugeAnswer, { readonly status: "value" }>,
): GateReading {
  const windowMs = limit.forSeconds * 1000;
  const fromMs = watermarkMs - windowMs;
  const inside = samples.filter(({ atMs }) => atMs > fromMs && atMs >= exposedSinceMs && atMs <= watermarkMs);
  const newest = inside.at(-1);
  const base = { gate, limit: limit.limit, samples: inside.length };
  const wanted = Math.max(1, Math.ceil((windowMs / everyMs) * enoughSamples));
  if (newest === undefined || inside.length < wanted) {
    const message = `${gate}: ${inside.length} samples since the rollout began; a verdict needs ${wanted} in ${limit.forSeconds} s`;
    return { ...base, verdict: "no-data", reason: "TooFewSamples", message };
  }
  const text = textOf(gate, newest, limit);
  if (newest.value <= limit.limit)
    return { ...base, value: newest.value, verdict: "pass", reason: "WithinLimit", message: text };
  // A sample stands for the time up to the next: what a young rollout lacks of its window is no breach in it.
  const whole = watermarkMs + everyMs - exposedSinceMs >= windowMs;
  if (!whole || !inside.every(({ value }) => value > limit.limit)) {
    const message = `${text}: over it, but not yet for ${limit.forSeconds} s`;
    return { ...base, value: newest.value, verdict: "no-data", reason: "BreachNotSustained", message };
  }
  const message = `${text}, in each of ${inside.length} samples over ${limit.forSeconds} s`;
  return { ...base, value: newest.value, verdict: "fail", reason: "LimitBreached", message, cause: "canary" };
}

function textOf(gate: GaugeName, { value }: GaugeSample, { limit }: GaugeLimit): string {
  const { what, unit } = words[gate];
  return `${what} at ${Math.round(value * 100) / 100}${unit}, limit ${limit}${unit}`.replace(
    "holds at",
    "holds",
  );
}
