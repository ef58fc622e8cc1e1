import type { SloLimits } from "../types/gates.ts";
import type { CohortBin } from "../types/observation.ts";
import type { GateReading } from "../types/verdict.ts";
import { type SloState, sloStateOfCounts, sloTable, worstState } from "./slo.ts";
import { readSloLooks, type SloLook } from "./slo-looks.ts";
import { total, type Window } from "./windows.ts";

export interface SloInput {
  readonly slo: SloLimits;
  readonly candidate: readonly CohortBin[];
  /** Stable beside it, where there is one: is it ill too? */
  readonly stable?: readonly CohortBin[];
  /** Since when this step is watched, ms. */
  readonly confirmedAtMs: number;
  readonly nowMs: number;
  readonly watermarkMs: number;
  readonly binMs: number;
  /** A window is at least this long and holds at least that many requests. */
  readonly windowMs: number;
  readonly minRequests: number;
}

const counted = ["availability", "error-rate", "p95-latency", "p99-latency"] as const;

/** Thresholds in ms that the table judges latency by. */
export const sloThresholdsMs: readonly number[] = [sloTable["p95-latency"], sloTable["p99-latency"]].flatMap(
  ({ target, warning, critical }) => [target, warning, critical],
);

/**
 * The guide's SLO table over the windows of this step, laid end to end: a warning holds, critical turns back where it
 * isn't resolved in time. Metrics that the source doesn't count are left out. Pure.
 */
export function readSlo(input: SloInput): GateReading {
  const { slo, nowMs } = input;
  const windows = windowsOf(input);
  const base = { gate: "slo" as const, limit: slo.availabilityPercent };
  const latest = windows.at(-1);
  if (latest === undefined) {
    const message = "no window of this step is full yet that an SLO could be judged by";
    return { ...base, verdict: "no-data", reason: "BelowMinRequests", message };
  }
  if (isOld(latest, input)) {
    const message = `the newest full window of this step ended ${Math.round((input.watermarkMs - latest.toMs) / 1000)} s ago: nobody can say whether an SLO is met now`;
    return { ...base, verdict: "no-data", reason: "StaleData", message };
  }
  const looks = windows.map((window): SloLook => ({ atMs: window.toMs, state: stateOf(input, window) }));
  const ruling = readSloLooks(looks, { nowMs, resolveWithinMs: slo.resolveWithinSeconds * 1000 });
  const value = Math.round((1 - latest.errors / latest.n) * 1e6) / 1e4;
  const text = `${ruling.message}${culprits(input, latest)}`;
  const facts = { ...base, value, samples: latest.n, message: text };
  if (ruling.action === "revert")
    return { ...facts, verdict: "fail", reason: "SloNotResolved", cause: causeOf(input, latest) };
  if (ruling.action === "go-on") return { ...facts, verdict: "pass", reason: "WithinSlo" };
  const reason = ruling.criticalSinceMs === undefined ? "SloWarning" : "SloCritical";
  return { ...facts, verdict: "no-data", reason };
}

/** Silence resolves nothing, and an outage of the metrics alone never turns back: then it holds. */
function isOld({ fromMs, toMs }: Window, { watermarkMs, windowMs }: SloInput): boolean {
  return watermarkMs - toMs > Math.max(3 * windowMs, 2 * (toMs - fromMs));
}

function causeOf({ stable = [] }: SloInput, { fromMs, toMs }: Window): "canary" | "environment" {
  const beside = stable.filter(({ startMs }) => startMs >= fromMs && startMs < toMs);
  const states = countedStates(total(beside, fromMs, toMs)).map(({ state }) => state);
  return worstState(states) === "critical" ? "environment" : "canary";
}

interface MetricState {
  readonly metric: string;
  readonly state: SloState;
}

function stateOf(input: SloInput, window: Window): SloState {
  return worstState(statesOf(input, window).map(({ state }) => state));
}

function statesOf(input: SloInput, window: Window): readonly MetricState[] {
  return [...countedStates(window), ...throughputState(input, window)];
}

function countedStates(window: Window): readonly MetricState[] {
  return counted
    .map((metric) => ({ metric, state: sloStateOfCounts(metric, window) }))
    .filter(({ state }) => state !== "unknown");
}

/** Of both sides together: the weight moves requests, it makes none. */
function throughputState(
  { slo, stable = [] }: SloInput,
  { fromMs, toMs, n }: Window,
): readonly MetricState[] {
  if (slo.throughput === undefined) return [];
  const beside = stable.filter(({ startMs }) => startMs >= fromMs && startMs < toMs);
  const perSecond = ((n + total(beside, fromMs, toMs).n) * 1000) / (toMs - fromMs);
  const { target, warning, critical } = slo.throughput;
  const state =
    perSecond < critical
      ? "critical"
      : perSecond < warning
        ? "warning"
        : perSecond < target
          ? "missed"
          : "met";
  return [{ metric: "throughput", state }];
}

/** Which metrics are past a threshold, for people. */
function culprits(input: SloInput, window: Window): string {
  const bad = statesOf(input, window).flatMap(({ metric, state }) =>
    state === "warning" || state === "critical" ? [`${metric} ${state}`] : [],
  );
  return bad.length === 0 ? "" : ` (${bad.join(", ")})`;
}

/** From the beginning of the step on, so that a look later sees the same windows and perhaps one more. */
function windowsOf(input: SloInput): readonly Window[] {
  const { candidate, confirmedAtMs, watermarkMs, binMs, windowMs, minRequests } = input;
  const byStart = new Map(candidate.map((bin) => [bin.startMs, bin]));
  const windows: Window[] = [];
  let fromMs = Math.ceil(confirmedAtMs / binMs) * binMs;
  let members: CohortBin[] = [];
  let n = 0;
  for (let startMs = fromMs; startMs + binMs <= watermarkMs; startMs += binMs) {
    const bin = byStart.get(startMs);
    if (bin !== undefined) members.push(bin);
    n += bin?.n ?? 0;
    const toMs = startMs + binMs;
    if (toMs - fromMs < windowMs || n < minRequests) continue;
    windows.push(total(members, fromMs, toMs));
    [fromMs, members, n] = [toMs, [], 0];
  }
  return windows;
}
