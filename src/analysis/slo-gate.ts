import type { SloLimits } from "../types/gates.ts";
import type { CohortBin } from "../types/observation.ts";
import type { GateReading } from "../types/verdict.ts";
import { type SloState, sloStateOfCounts, sloTable, worstState } from "./slo.ts";
import { readSloLooks, type SloLook } from "./slo-looks.ts";
import { total, type Window } from "./windows.ts";

export interface SloInput {
  readonly slo: SloLimits;
  readonly candidate: readonly CohortBin[];
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
  const looks = windows.map((window): SloLook => ({ atMs: window.toMs, state: stateOf(window) }));
  const ruling = readSloLooks(looks, { nowMs, resolveWithinMs: slo.resolveWithinSeconds * 1000 });
  const value = Math.round((1 - latest.errors / latest.n) * 1e6) / 1e4;
  const text = `${ruling.message}${culprits(latest)}`;
  const facts = { ...base, value, samples: latest.n, message: text };
  if (ruling.action === "revert")
    return { ...facts, verdict: "fail", reason: "SloNotResolved", cause: "canary" };
  if (ruling.action === "go-on") return { ...facts, verdict: "pass", reason: "WithinSlo" };
  const reason = ruling.criticalSinceMs === undefined ? "SloWarning" : "SloCritical";
  return { ...facts, verdict: "no-data", reason };
}

function stateOf(window: Window): SloState {
  const states = counted.map((metric) => sloStateOfCounts(metric, window));
  const known = states.filter((state) => state !== "unknown");
  return worstState(known);
}

/** Which metrics are past a threshold, for people. */
function culprits(window: Window): string {
  const bad = counted.flatMap((metric) => {
    const state = sloStateOfCounts(metric, window);
    return state === "warning" || state === "critical" ? [`${metric} ${state}`] : [];
  });
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
