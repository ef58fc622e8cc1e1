import type { CohortBin } from "../types/observation.ts";
import { grouped } from "./figures.ts";

/** A stretch of time in which the route was confirmed at one weight. */
export interface SilenceInput {
  /** Share of the requests that the canary should get, 0-1. */
  readonly weight: number;
  /**
   * Requests a second of canary and stable together, as they were before: the canary's silence must not lower it.
   * Undefined where nobody knows, so that nothing is said to be due.
   */
  readonly requestsPerSecond: number | undefined;
  /** How long the stretch is, seconds, up to the watermark: later telemetry isn't complete. */
  readonly seconds: number;
  /** Requests seen in it. */
  readonly canary: number;
  readonly stable: number;
}

/** Times in ms. */
export interface StretchOptions {
  /** When the route of this step was read back. */
  readonly confirmedAtMs: number;
  /** Bins that end later aren't complete. */
  readonly watermarkMs: number;
  readonly binMs: number;
}

export interface SilenceReading {
  /**
   * `heard`: the canary reports. `too-early`: so few requests were due that none is no surprise. `canary-silent`:
   * stable reports and the canary doesn't. `telemetry-outage`: nobody reports, which blames nobody.
   */
  readonly state: "heard" | "too-early" | "canary-silent" | "telemetry-outage";
  /** What it asks for; `none` is no proof of health. An outage also stops the soak's clock. */
  readonly action: "none" | "hold" | "revert";
  /** Requests that the canary should have had; absent where the rate isn't known. */
  readonly expected?: number;
  readonly message: string;
}

/** None where so many were due has a chance of e^-7, below 0.001 (gates.md 3). */
export const holdsAtExpected = 7;
/** With so many due, and for so long, the traffic goes to something that doesn't answer. */
export const revertsAtExpected = 30;
export const revertsAfterSeconds = 300;

/** No request where `weight · requests/s · seconds` were due: silence is an observation (gates.md 3). */
export function readSilence(input: SilenceInput): SilenceReading {
  const { weight, requestsPerSecond, seconds, canary, stable } = input;
  if (canary > 0)
    return { state: "heard", action: "none", message: `canary reported ${grouped(canary)} requests` };
  const nothing = "canary reported no request";
  if (requestsPerSecond === undefined || !(requestsPerSecond >= 0)) {
    return { state: "too-early", action: "none", message: `${nothing}, and how many were due isn't known` };
  }
  const all = requestsPerSecond * seconds;
  const expected = weight * all;
  const span = `${Math.floor(seconds)} s`;
  // Where stable should have been heard and wasn't either, or gets nothing by its weight, nobody can be blamed.
  if (stable === 0 && all >= holdsAtExpected) {
    const message = `neither canary nor stable reported a request in ${span}, about ${grouped(all)} were due: the telemetry is out`;
    return { state: "telemetry-outage", action: "hold", expected, message };
  }
  if (expected < holdsAtExpected) {
    const message = `${nothing}, but only about ${grouped(expected)} were due in ${span}: too early to tell`;
    return { state: "too-early", action: "none", expected, message };
  }
  const lasting = expected >= revertsAtExpected && seconds >= revertsAfterSeconds;
  const message = `${nothing} in ${span} while stable reported ${grouped(stable)}; about ${grouped(expected)} were due`;
  return { state: "canary-silent", action: lasting ? "revert" : "hold", expected, message };
}

/**
 * The stretch since the canary was last heard, or since the step was confirmed: `seconds`, `canary` and `stable` of a
 * `SilenceInput`. Bins that the source left out are silence. A gap that is only chance ends with the next request,
 * so a hold by it is short; 30 requests due and none is no chance.
 */
export function silentStretch(
  cohorts: { readonly candidate: readonly CohortBin[]; readonly stable: readonly CohortBin[] },
  { confirmedAtMs, watermarkMs, binMs }: StretchOptions,
): Pick<SilenceInput, "seconds" | "canary" | "stable"> {
  const inStep = ({ startMs }: CohortBin) => startMs >= confirmedAtMs && startMs + binMs <= watermarkMs;
  // Whole bins: what came before the first of them, or after the last, is in none.
  const endMs = Math.floor(watermarkMs / binMs) * binMs;
  const firstMs = Math.ceil(confirmedAtMs / binMs) * binMs;
  const fromMs = cohorts.candidate
    .filter((bin) => inStep(bin) && bin.n > 0)
    .reduce((latest, { startMs }) => Math.max(latest, startMs + binMs), firstMs);
  const since = (bins: readonly CohortBin[]) =>
    bins.filter((bin) => inStep(bin) && bin.startMs >= fromMs).reduce((sum, { n }) => sum + n, 0);
  const seconds = Math.max(0, (endMs - fromMs) / 1000);
  return { seconds, canary: since(cohorts.candidate), stable: since(cohorts.stable) };
}
