import { RolloutError } from "../errors/errors.ts";
import type { CohortBin } from "../types/observation.ts";
import { formatOdds, formatShare, grouped } from "./figures.ts";
import { logGamma } from "./log-gamma.ts";

/** One bin of both cohorts, and the weight that the router was told. */
export interface TrafficBin {
  /** Share of the requests that the canary should get, 0-1, as confirmed by the route over the whole bin. */
  readonly weight: number;
  readonly canary?: CohortBin | undefined;
  readonly stable?: CohortBin | undefined;
}

export interface TrafficOptions {
  /** Evidence at which the traffic counts as not matching its weight. Default 1,000 (gates.md 3). */
  readonly threshold: number;
  /**
   * By how much of itself the canary's odds of a request may be off and still match. Routers round (5 % is 13 of 256
   * in HAProxy: 1.6 % off) and connections stay open; at 10,000 requests/s that is proof within minutes, and
   * harmless. Default 0.1; 0 is the literal test.
   */
  readonly tolerance: number;
  /** How many requests the prior weighs, as much as the paper's own reference code gives it. Default 100. */
  readonly concentration: number;
}

export interface TrafficLook {
  /** Odds against "the canary gets its weight". */
  readonly e: number;
  readonly threshold: number;
  /** Holds: a mesh that misroutes, or a part of the telemetry that is missing. Never a reason to revert by itself. */
  readonly mismatch: boolean;
  /** Requests, and how many of them the canary should have had. */
  readonly canary: number;
  readonly total: number;
  readonly expected: number;
  readonly message: string;
}

export const trafficDefaults: TrafficOptions = { threshold: 1000, tolerance: 0.1, concentration: 100 };

/** No router has a finer weight; below it there is nothing to compare. */
const finest = 1e-9;
/** No sum of evidence overflows: e^69 is 1e30. */
const steepest = 69;

/**
 * Does the canary get the share of requests that its weight says? The two-sided, anytime-valid test of Lindon and
 * Malek (arXiv 2011.03567): given how many requests came, those on the canary are binomial, and a beta prior over its
 * share is held against the weight:
 *
 *   E = B(a + canary, b + stable) / B(a, b) / (w^canary (1-w)^stable)
 *
 * The weight may change from bin to bin: E goes on as a product, and what was learnt about the odds is the centre
 * of the next prior. With a tolerance, the best share within it takes the place of w, so E can only be smaller.
 * Keeps no bin.
 */
export class TrafficShare {
  readonly #options: TrafficOptions;
  /** Log evidence of earlier weights. */
  #closed = 0;
  #weight = Number.NaN;
  #a = 0;
  #b = 0;
  /** Requests at this weight, as observations: under sampling fewer than requests. */
  #onCanary = 0;
  #onStable = 0;
  #canary = 0;
  #total = 0;
  #expected = 0;

  constructor(options: Partial<TrafficOptions> = {}) {
    this.#options = { ...trafficDefaults, ...options };
    const { threshold, tolerance, concentration } = this.#options;
    if (threshold > 1 && tolerance >= 0 && concentration > 0) return;
    throw new RolloutError("The share of traffic can't be tested with these options.", {
      code: "traffic-options-invalid",
      exit: "config",
      hint: "threshold is above 1, tolerance at least 0, concentration above 0.",
    });
  }

  /** A weight of 0 or 1 has nothing to compare and is left out. @throws RolloutError `traffic-invalid`. */
  add({ weight, canary, stable }: TrafficBin): void {
    const [canaryN, stableN] = [requests(canary), requests(stable)];
    if (!(weight >= 0 && weight <= 1)) throw invalid(`a weight of ${weight}`);
    if (weight < finest || weight > 1 - finest || canaryN + stableN === 0) return;
    if (weight !== this.#weight) this.#turnTo(weight);
    const sampling = Math.max(1, meanWeight(canary), meanWeight(stable));
    this.#onCanary += canaryN / sampling;
    this.#onStable += stableN / sampling;
    this.#canary += canaryN;
    this.#total += canaryN + stableN;
    this.#expected += weight * (canaryN + stableN);
  }

  look(): TrafficLook {
    const { threshold } = this.#options;
    const e = Math.exp(Math.min(this.#closed + this.#open(), steepest));
    const counts = { canary: this.#canary, total: this.#total, expected: this.#expected };
    return { e, threshold, mismatch: e >= threshold, ...counts, message: describe(counts, e, threshold) };
  }

  #turnTo(weight: number): void {
    const { concentration } = this.#options;
    const first = Number.isNaN(this.#weight);
    this.#closed += this.#open();
    const learnt = first ? 1 : (this.#a + this.#onCanary) / (this.#b + this.#onStable) / odds(this.#weight);
    const centre = Math.min(Math.max(shareOf(learnt * odds(weight)), finest), 1 - finest);
    this.#weight = weight;
    this.#a = concentration * centre;
    this.#b = concentration * (1 - centre);
    this.#onCanary = 0;
    this.#onStable = 0;
  }

  /** Log evidence at the present weight. */
  #open(): number {
    const [a, b, canary, stable] = [this.#a, this.#b, this.#onCanary, this.#onStable];
    if (canary + stable === 0) return 0;
    const { tolerance } = this.#options;
    const nominal = odds(this.#weight);
    const lowest = shareOf(nominal / (1 + tolerance));
    const highest = shareOf(nominal * (1 + tolerance));
    const best = Math.min(Math.max(canary / (canary + stable), lowest), highest);
    const marginal = logBeta(a + canary, b + stable) - logBeta(a, b);
    return marginal - canary * Math.log(best) - stable * Math.log1p(-best);
  }
}

function odds(share: number): number {
  return share / (1 - share);
}

function shareOf(value: number): number {
  return value / (1 + value);
}

function logBeta(a: number, b: number): number {
  return logGamma(a) + logGamma(b) - logGamma(a + b);
}

function requests(bin: CohortBin | undefined): number {
  const n = bin?.n ?? 0;
  if (n >= 0 && n <= Number.MAX_SAFE_INTEGER) return n;
  throw invalid(`${n} for a count of requests`);
}

/** Requests that one record stands for: 20 of them are one observation. */
function meanWeight(bin: CohortBin | undefined): number {
  return bin && bin.n > 0 && Number.isFinite(bin.weightSquared) ? bin.weightSquared / bin.n : 1;
}

function describe(counts: Pick<TrafficLook, "canary" | "total" | "expected">, e: number, threshold: number) {
  const evidence = `evidence ${formatOdds(e)}:1, holds at ${formatOdds(threshold)}:1`;
  if (counts.total === 0) return `no requests to compare with the weight yet; ${evidence}`;
  const got = `canary got ${grouped(counts.canary)} of ${grouped(counts.total)} requests`;
  const shares = `(${formatShare(counts.canary, counts.total)} %), by its weight ${formatShare(counts.expected, counts.total)} %`;
  return `${got} ${shares}; ${evidence}`;
}

function invalid(what: string): RolloutError {
  return new RolloutError(`The share of traffic can't be tested with ${what}.`, {
    code: "traffic-invalid",
    exit: "internal",
    hint: "A weight is a share from 0 to 1, a count a number from 0.",
  });
}
