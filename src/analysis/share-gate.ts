import type { GateName } from "../types/gates.ts";
import type { CohortBin } from "../types/observation.ts";
import type { GateReading } from "../types/verdict.ts";
import { latestWindows, total, type Window, type WindowOptions } from "./windows.ts";

/** A gate on the share of bad requests: errors, or requests slower than a threshold. */
export interface ShareGate {
  readonly gate: GateName;
  /** Share of bad requests that is still allowed, in percent. Strictly greater breaches. */
  readonly limitPercent: number;
  /** Consecutive windows that have to breach. */
  readonly windows: number;
  readonly bad: (window: Window) => number;
  /** What a bad request is called: "failed", "slower than 1000 ms". */
  readonly label: string;
}

/** How windows are cut, and since when they are proof of this step. */
export interface ShareOptions extends Omit<WindowOptions, "count"> {
  /** When the route of this step was read back, ms: an older window can fail the step, but never pass it. */
  readonly stepSinceMs: number;
}

export interface Cohorts {
  readonly candidate: readonly CohortBin[];
  readonly stable: readonly CohortBin[];
}

/**
 * `fail` when the last `windows` windows all breach; `pass` when the last window is within the limit and
 * full; otherwise `no-data`: too few requests, or a breach that has not lasted long enough to act on, and
 * neither is proof enough to advance.
 */
export function readShareGate(gate: ShareGate, cohorts: Cohorts, options: ShareOptions): GateReading {
  const windows = latestWindows(cohorts.candidate, { ...options, count: gate.windows });
  const latest = windows[0];
  const base = { gate: gate.gate, limit: gate.limitPercent };
  if (latest === undefined) return tooFew(gate, cohorts.candidate, options);
  const share = percentBad(gate, latest);
  const facts = { value: round(share), samples: latest.n };
  const numbers = `${gate.bad(latest)} of ${latest.n} requests ${gate.label} (${format(share)} %) in ${seconds(latest)} s, limit ${gate.limitPercent} %`;
  if (!breaches(gate, latest) && latest.fromMs < firstBin(options)) return tooYoung(gate, latest, options);
  if (!breaches(gate, latest)) {
    return { ...base, ...facts, verdict: "pass", reason: "WithinLimit", message: `canary ${numbers}` };
  }
  if (windows.length < gate.windows || !windows.every((window) => breaches(gate, window))) {
    const message = `canary ${numbers}: over the limit, but not yet in ${gate.windows} windows in a row`;
    return { ...base, ...facts, verdict: "no-data", reason: "BreachNotSustained", message };
  }
  const cause = stableBreaches(gate, cohorts.stable, latest) ? "environment" : "canary";
  const message = `canary ${numbers}, in ${gate.windows} windows in a row${cause === "environment" ? "; stable breaches it too" : ""}`;
  return { ...base, ...facts, verdict: "fail", reason: "LimitBreached", message, cause };
}

function firstBin({ stepSinceMs, binMs }: ShareOptions): number {
  return Math.ceil(stepSinceMs / binMs) * binMs;
}

/** Within the limit, but on requests from before this step had its weight: no proof of this step. */
function tooYoung(gate: ShareGate, latest: Window, options: ShareOptions): GateReading {
  const { watermarkMs, stepSinceMs, minMs } = options;
  const seconds = Math.max(0, Math.floor((watermarkMs - stepSinceMs) / 1000));
  return {
    gate: gate.gate,
    verdict: "no-data",
    reason: "StepTooYoung",
    message: `canary has been at this step for ${seconds} s; a window needs ${minMs / 1000} s of it`,
    limit: gate.limitPercent,
    samples: latest.n,
  };
}

function tooFew(gate: ShareGate, bins: readonly CohortBin[], options: ShareOptions): GateReading {
  const samples = bins.filter((bin) => bin.startMs >= options.sinceMs).reduce((sum, bin) => sum + bin.n, 0);
  return {
    gate: gate.gate,
    verdict: "no-data",
    reason: "BelowMinRequests",
    message: `canary has ${samples} requests so far; a window needs ${options.minRequests} in at least ${options.minMs / 1000} s`,
    limit: gate.limitPercent,
    samples,
  };
}

/** Where stable breaches in the newest window too, the cause is not the canary alone. */
function stableBreaches(gate: ShareGate, bins: readonly CohortBin[], { fromMs, toMs }: Window): boolean {
  const inside = bins.filter((bin) => bin.startMs >= fromMs && bin.startMs < toMs);
  return breaches(gate, total(inside, fromMs, toMs));
}

/** In whole counts, so that exactly the limit is exactly the limit: bad/n > limit/100 without a rounded quotient. */
function breaches(gate: ShareGate, window: Window): boolean {
  return window.n > 0 && gate.bad(window) * 100 > gate.limitPercent * window.n;
}

function percentBad(gate: ShareGate, window: Window): number {
  return (gate.bad(window) * 100) / window.n;
}

function seconds(window: Window): number {
  return Math.round((window.toMs - window.fromMs) / 1000);
}

function round(value: number): number {
  return Math.round(value * 1e4) / 1e4;
}

function format(value: number): string {
  return value.toFixed(2);
}
