import type { SloLimits } from "../types/gates.ts";
import type { GaugeAnswer } from "../types/gauge.ts";
import type { CohortBin } from "../types/observation.ts";
import type { GateReading } from "../types/verdict.ts";
import { type SloState, sloStateOfCounts, sloTable, worstState } from "./slo.ts";
import { lagSilence, lagState, withLag } from "./slo-lag.ts";
import { readSloLooks, type SloLook, type SloRuling } from "./slo-looks.ts";
import { total, type Window } from "./windows.ts";

export interface SloInput {
  readonly slo: SloLimits;
  readonly candidate: readonly CohortBin[];
  /** Stable beside it, where there is one: is it ill too? */
  readonly stable?: readonly CohortBin[];
  /** What the source of the queue's lag says, s; read where `slo.queueLag` is set. Absent: it was not asked. */
  readonly queueLag?: GaugeAnswer;
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
 * isn't resolved in time. Metrics that the source doesn't count are left out; of the queue's lag, which has a source of
 * its own where it is watched, silence holds, and turns nothing back. Pure.
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
  const looks = looksOf(input, windows);
  const ruling = readSloLooks(looks, { nowMs, resolveWithinMs: slo.resolveWithinSeconds * 1000 });
  const value = Math.round((1 - latest.errors / latest.n) * 1e6) / 1e4;
  const facts = { ...base, value, samples: latest.n, message: `${ruling.message}${culprits(input, latest)}` };
  const silence = silenceOf(input, latest);
  if (silence !== undefined && !(ruling.action === "revert" && looks.at(-1)?.state === "critical")) {
    const message = `nobody can say how long events wait in the queue: ${silence.why}`;
    if (ruling.action === "go-on") return { ...facts, verdict: "no-data", reason: silence.reason, message };
    const both = `${facts.message}; ${message}`;
    return { ...facts, verdict: "no-data", reason: held(ruling), message: both };
  }
  if (ruling.action === "revert")
    return { ...facts, verdict: "fail", reason: "SloNotResolved", cause: causeOf(input, latest) };
  if (ruling.action === "go-on") return { ...facts, verdict: "pass", reason: "WithinSlo" };
  return { ...facts, verdict: "no-data", reason: held(ruling) };
}

function held({ criticalSinceMs }: SloRuling): string {
  return criticalSinceMs === undefined ? "SloWarning" : "SloCritical";
}

const unasked = { status: "error", message: "its source was not asked" } as const;

function looksOf(input: SloInput, windows: readonly Window[]): readonly SloLook[] {
  const counted = windows.map((window) => stateOf(input, window));
  const states = input.slo.queueLag
    ? withLag(
        counted,
        windows.map((window) => lagOf(input, window)),
      )
    : counted;
  return windows.map(({ toMs }, index) => ({ atMs: toMs, state: states[index] ?? "unknown" }));
}

function lagOf({ queueLag = unasked, confirmedAtMs }: SloInput, window: Window): SloState {
  return lagState(queueLag, window, confirmedAtMs);
}

/** Why the lag of a window is unknown; undefined where it isn't, or isn't watched. */
function silenceOf(input: SloInput, window: Window): ReturnType<typeof lagSilence> | undefined {
  const silent = input.slo.queueLag && lagOf(input, window) === "unknown";
  return silent ? lagSilence(input.queueLag ?? unasked) : undefined;
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
  const lag: readonly MetricState[] = input.slo.queueLag
    ? [{ metric: "queue-lag", state: lagOf(input, window) }]
    : [];
  const bad = [...statesOf(input, window), ...lag].flatMap(({ metric, state }) =>
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
