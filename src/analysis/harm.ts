import { errorsMetric, paceDefaults } from "./pace-options.ts";

/** What is assumed of canary and stable. Shares are 0-1. */
export interface HarmCase {
  /** Requests a second of canary and stable together. */
  readonly requestsPerSecond: number;
  readonly canaryShare: number;
  readonly stableShare: number;
}

/** One step of the plan. */
export interface HarmStep {
  /** Share of the requests on the canary, above 0, at most 1. */
  readonly weight: number;
  readonly soakSeconds: number;
}

/** Seconds between a defect's request and the way back that PACE doesn't see. */
export interface HarmDelays {
  /** Until a request is in the counts. */
  readonly lagSeconds: number;
  /** Between two looks; half of it on average is waited. */
  readonly lookSeconds: number;
  /** From the verdict until no user meets the canary. */
  readonly revertSeconds: number;
}

export interface Harm {
  /** Minutes from the first step until users are off the canary; infinite where PACE doesn't find it. */
  readonly minutesToRevert: number;
  /** Requests that fail and would not have, until then or over the whole plan. */
  readonly extraFailures: number;
}

const { alpha, start, absoluteWeight, tolerance, tau } = paceDefaults;
const { limitShare, sloShare } = errorsMetric;

/** Evidence that the relative part needs, in nats: threshold, its prior mass, its weight, and 1 for the grid: 5.02. */
export const natsNeeded = Math.log(1 / (alpha * start * (1 - absoluteWeight))) + 1;

/**
 * Canary requests until the comparison with stable reverts, by Wald's approximation for independent requests (gates.md 5, `n*`
 * without phi). Infinite for what is tolerated: up to 1.5 times stable, or within the SLO of 0.1 %. At weight 1 there is
 * no stable: the limit of 1 % alone.
 */
export function requestsToDetect(
  weight: number,
  { canaryShare, stableShare }: Pick<HarmCase, "canaryShare" | "stableShare">,
): number {
  if (weight >= 1)
    return canaryShare > limitShare
      ? natsNeeded / divergence(canaryShare, limitShare)
      : Number.POSITIVE_INFINITY;
  if (canaryShare <= Math.max(tolerance * stableShare, sloShare)) return Number.POSITIVE_INFINITY;
  // The share on the canary of all bad requests: tolerated, and in this case.
  const tolerated = (tolerance * weight) / (tolerance * weight + 1 - weight);
  const actual = (canaryShare * weight) / (canaryShare * weight + stableShare * (1 - weight));
  const bad = natsNeeded / divergence(actual, tolerated);
  return Math.max((bad * actual) / canaryShare, natsNeeded / divergence(canaryShare, sloShare));
}

/** Time and harm of a bad canary over the steps, in order (gates.md 5, `plan_hurt`). Print 1.5 times the harm: its error. */
export function planHarm(
  situation: HarmCase,
  steps: readonly HarmStep[],
  { lagSeconds, lookSeconds, revertSeconds }: HarmDelays,
): Harm {
  const after = lookSeconds / 2 + lagSeconds + revertSeconds;
  const worse = situation.canaryShare - situation.stableShare;
  // Evidence still missing, as a share of what is needed: a step that is too short leaves its part to the next one.
  let missing = 1;
  let seconds = 0;
  let extraFailures = 0;
  for (const { weight, soakSeconds } of steps) {
    const canaryPerSecond = weight * situation.requestsPerSecond;
    const needed = (requestsToDetect(weight, situation) * dispersion(weight, situation)) / canaryPerSecond;
    const remaining = missing * needed;
    if (remaining <= soakSeconds) {
      return {
        minutesToRevert: (seconds + remaining + after) / 60,
        extraFailures: extraFailures + worse * canaryPerSecond * (remaining + after),
      };
    }
    if (Number.isFinite(needed)) missing -= soakSeconds / needed;
    seconds += soakSeconds;
    extraFailures += worse * canaryPerSecond * soakSeconds;
  }
  return { minutesToRevert: Number.POSITIVE_INFINITY, extraFailures };
}

/**
 * Share of the error budget (0-1, above 1 where it isn't enough) that so many failed requests cost: of the requests of
 * `days` (default 30) the SLO lets 0.1 % fail. Infinite where there is no traffic to have a budget from.
 */
export function budgetCost(extraFailures: number, requestsPerSecond: number, days = 30): number {
  if (extraFailures === 0) return 0;
  return extraFailures / (sloShare * requestsPerSecond * days * 86_400);
}

/** phi: how much weaker a request counts where a minute has many expected bad ones. */
function dispersion(weight: number, { requestsPerSecond, stableShare }: HarmCase): number {
  const expected = weight < 1 ? (1 - weight) * stableShare : limitShare;
  return 1 + 60 * weight * requestsPerSecond * expected * tau ** 2;
}

/** Relative entropy of two shares in nats, with 0 · ln 0 = 0. */
function divergence(actual: number, assumed: number): number {
  const part = (p: number, q: number) => (p === 0 ? 0 : p * Math.log(p / q));
  return part(actual, assumed) + part(1 - actual, 1 - assumed);
}
