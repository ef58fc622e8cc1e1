import type { CohortBin } from "../types/observation.ts";
import type { GateReading } from "../types/verdict.ts";
import { grouped } from "./figures.ts";
import { pairBins } from "./pace.ts";
import { readSilence, silentStretch } from "./silence.ts";
import { TrafficShare } from "./traffic-share.ts";

export interface TrafficInput {
  readonly candidate: readonly CohortBin[];
  readonly stable: readonly CohortBin[];
  /** Share of the requests that the canary should get at this step, 0-1. */
  readonly weight: number;
  readonly exposedSinceMs: number;
  /** When the route of this step was read back, ms. */
  readonly confirmedAtMs: number;
  readonly watermarkMs: number;
  readonly binMs: number;
}

/**
 * Whether the canary gets the requests that its weight says (gates.md 3): a canary that is silent while stable reports
 * holds, and turns back where no chance explains it; traffic that doesn't match its weight, or a telemetry that is out,
 * holds. Pure.
 */
export function readTraffic(input: TrafficInput): GateReading {
  const { weight, confirmedAtMs, watermarkMs, binMs } = input;
  const base = { gate: "traffic" as const, limit: Math.round(weight * 10_000) / 100 };
  const stretch = silentStretch(input, { confirmedAtMs, watermarkMs, binMs });
  const silence = readSilence({ weight, ...stretch, requestsPerSecond: rateOf(input) });
  if (silence.action === "revert")
    return { ...base, verdict: "fail", reason: "CanarySilent", message: silence.message, cause: "canary" };
  if (silence.action === "hold") {
    const reason = silence.state === "telemetry-outage" ? "TelemetryOutage" : "CanarySilent";
    return { ...base, verdict: "no-data", reason, message: silence.message };
  }
  const heard = requestsOf(input);
  if (heard === 0)
    return { ...base, verdict: "no-data", reason: "BelowMinRequests", message: silence.message, samples: 0 };
  const share = new TrafficShare();
  const first = Math.ceil(confirmedAtMs / binMs) * binMs;
  for (const bin of pairBins(input, first)) {
    if (bin.startMs + binMs <= watermarkMs) share.add({ ...bin, weight });
  }
  const look = share.look();
  if (look.total === 0) {
    const message = `canary reported ${grouped(heard)} requests; at ${base.limit} % there is nothing to compare with`;
    return { ...base, samples: heard, verdict: "pass", reason: "TrafficMatches", message };
  }
  const value = Math.round((look.canary / look.total) * 10_000) / 100;
  const facts = { ...base, value, samples: look.total, message: look.message };
  if (look.mismatch) return { ...facts, verdict: "no-data", reason: "TrafficMismatch" };
  return { ...facts, verdict: "pass", reason: "TrafficMatches" };
}

/** The canary's own at this step. That none was due yet is no proof that it gets them. */
function requestsOf({ candidate, confirmedAtMs, watermarkMs, binMs }: TrafficInput): number {
  return candidate
    .filter(({ startMs }) => startMs >= confirmedAtMs && startMs + binMs <= watermarkMs)
    .reduce((sum, { n }) => sum + n, 0);
}

/** Requests a second of both sides since the rollout began; undefined before anything could be heard. */
function rateOf({ candidate, stable, exposedSinceMs, watermarkMs }: TrafficInput): number | undefined {
  const seconds = (watermarkMs - exposedSinceMs) / 1000;
  if (seconds <= 0) return undefined;
  const inside = [...candidate, ...stable].filter(({ startMs }) => startMs >= exposedSinceMs);
  return inside.reduce((sum, { n }) => sum + n, 0) / seconds;
}
