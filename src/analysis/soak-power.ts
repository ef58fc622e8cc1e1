import { requestsToDetect } from "./harm.ts";
import { errorsMetric } from "./pace-options.ts";

/** One step as it meets the traffic. */
export interface Soak {
  /** Share of the requests on the canary, above 0, at most 1. */
  readonly weight: number;
  /** Requests a second of canary and stable together. */
  readonly requestsPerSecond: number;
  readonly soakSeconds: number;
}

/** Canary requests that are expected in the soak. */
export function requestsIn({ weight, requestsPerSecond, soakSeconds }: Soak): number {
  return weight * requestsPerSecond * soakSeconds;
}

/**
 * By how many times the canary has to be worse than a stable of `stableShare` (above 0, at most 1; default the SLO's 0.1 %) for one
 * soak to see it, at a chance of about one half (gates.md 5). Infinite where even a canary that fails every request
 * would not be seen, and at weight 1 for all below the hard limit.
 */
export function smallestVisibleRatio(soak: Soak, stableShare: number = errorsMetric.sloShare): number {
  const requests = requestsIn(soak);
  const sees = (ratio: number) =>
    requestsToDetect(soak.weight, { canaryShare: Math.min(1, ratio * stableShare), stableShare }) <= requests;
  let [unseen, seen] = [1, 1 / stableShare];
  if (!sees(seen)) return Number.POSITIVE_INFINITY;
  // The worse, the fewer requests: halve until the figure that is printed no longer changes.
  while (seen - unseen > 1e-6 * seen) {
    const middle = (unseen + seen) / 2;
    if (sees(middle)) seen = middle;
    else unseen = middle;
  }
  return seen;
}

/** Requests without a single error that prove a share below the limit: 299 for 1 % at 95 % (gates.md 1.6). */
export function requestsToCertify(limitShare: number = errorsMetric.limitShare, confidence = 0.95): number {
  return Math.ceil(Math.log(1 - confidence) / Math.log1p(-limitShare));
}

/** Minutes until a canary without an error has proved itself at this weight; infinite without traffic. */
export function minutesToCertify({ weight, requestsPerSecond }: Omit<Soak, "soakSeconds">): number {
  return requestsToCertify() / (weight * requestsPerSecond) / 60;
}

/**
 * The least first weight (0-1) that can be proved within its soak, `299 / (requests · soak)` (gates.md 5). Above 1 it
 * is impossible: longer soaks, probes or a person have to decide.
 */
export function leastFirstWeight({ requestsPerSecond, soakSeconds }: Omit<Soak, "weight">): number {
  return requestsToCertify() / (requestsPerSecond * soakSeconds);
}
