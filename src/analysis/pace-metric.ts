import { RolloutError } from "../errors/errors.ts";
import type { CohortBin } from "../types/observation.ts";
import { Mixture } from "./pace-mixture.ts";
import type { PaceMetric, PaceOptions } from "./pace-options.ts";

export interface BadOfN {
  readonly n: number;
  readonly bad: number;
}

/** The evidence of one metric and the counts that it stands on. */
export interface PaceMetricReading {
  readonly metric: string;
  /** Which part weighs more in `e`; the counts are of its threshold. */
  readonly part: "absolute" | "relative";
  readonly canary: BadOfN;
  readonly stable: BadOfN;
  /** Evidence that the canary is over the hard limit. */
  readonly eAbs: number;
  /** Evidence that it is worse than `tolerance` times stable and outside of the SLO: the smaller of the two. */
  readonly eRel: number;
  readonly e: number;
}

/** The three mixtures of one metric (gates.md 2.4), and running counts. Of fixed size. */
export class MetricEvidence {
  readonly #metric: PaceMetric;
  readonly #options: PaceOptions;
  /** Noise that a canary request a bin adds to the expected bad ones of a minute: bins a minute times tau². */
  readonly #noise: number;
  readonly #absolute: Mixture;
  readonly #slo: Mixture;
  readonly #ratio: Mixture;
  #canaryN = 0;
  #stableN = 0;
  #canaryAbsolute = 0;
  #stableAbsolute = 0;
  #canaryRelative = 0;
  #stableRelative = 0;

  constructor(metric: PaceMetric, options: PaceOptions) {
    this.#metric = metric;
    this.#options = options;
    this.#noise = (60_000 / options.binMs) * options.tau ** 2;
    this.#absolute = new Mixture(options.grid).against(metric.limitShare);
    this.#slo = new Mixture(options.grid).against(metric.sloShare);
    this.#ratio = new Mixture(options.grid);
  }

  /** Prior that starts before the next bin. */
  start(prior: number): void {
    this.#absolute.start(prior);
    this.#slo.start(prior);
    this.#ratio.start(prior);
  }

  /** One bin of both sides; a side without a bin had no requests. Where a count is missing, throws and adds nothing. */
  add(canary: CohortBin | undefined, stable: CohortBin | undefined): void {
    const { slow } = this.#metric;
    const canaryN = requests(canary);
    const stableN = requests(stable);
    const canaryRelative = badOf(canary, slow?.relativeMs);
    const stableRelative = badOf(stable, slow?.relativeMs);
    const canaryAbsolute = slow ? badOf(canary, slow.absoluteMs) : canaryRelative;
    const stableAbsolute = slow ? badOf(stable, slow.absoluteMs) : stableRelative;
    if (canary && canaryN > 0) {
      const weight = meanWeight(canary);
      const { limitShare, sloShare } = this.#metric;
      const noise = canaryN * this.#noise;
      const phi = (1 + noise * limitShare) * weight;
      this.#absolute.add(canaryAbsolute / phi, canaryN / phi);
      const phiSlo = (1 + noise * sloShare) * weight;
      this.#slo.add(canaryRelative / phiSlo, canaryN / phiSlo);
      // Without a bad request on either side the split of the bad ones says nothing.
      if (stable && stableN > 0 && canaryRelative + stableRelative > 0) {
        const heavier = Math.max(weight, meanWeight(stable));
        this.#compare({ n: canaryN, bad: canaryRelative }, { n: stableN, bad: stableRelative }, heavier);
      }
    }
    this.#canaryN += canaryN;
    this.#stableN += stableN;
    this.#canaryAbsolute += canaryAbsolute;
    this.#stableAbsolute += stableAbsolute;
    this.#canaryRelative += canaryRelative;
    this.#stableRelative += stableRelative;
  }

  /** `left`: prior that hasn't started. */
  evidence(left: number): number {
    const { absoluteWeight } = this.#options;
    return absoluteWeight * this.#eAbs(left) + (1 - absoluteWeight) * this.#eRel(left);
  }

  read(left: number): PaceMetricReading {
    const { absoluteWeight } = this.#options;
    const eAbs = this.#eAbs(left);
    const eRel = this.#eRel(left);
    const absolute = absoluteWeight * eAbs > (1 - absoluteWeight) * eRel;
    return {
      metric: this.#metric.metric,
      part: absolute ? "absolute" : "relative",
      canary: { n: this.#canaryN, bad: absolute ? this.#canaryAbsolute : this.#canaryRelative },
      stable: { n: this.#stableN, bad: absolute ? this.#stableAbsolute : this.#stableRelative },
      eAbs,
      eRel,
      e: this.evidence(left),
    };
  }

  #eAbs(left: number): number {
    return this.#absolute.mean + left;
  }

  #eRel(left: number): number {
    return Math.min(this.#ratio.mean, this.#slo.mean) + left;
  }

  /** Canary against stable, at this bin's split of requests and the noise known before this bin. */
  #compare(canary: BadOfN, stable: BadOfN, weight: number): void {
    const { tolerance, priorRequests } = this.#options;
    // The counts so far are of earlier bins: a dispersion that looked at its own bin would void the guarantee.
    const stableShare =
      (priorRequests * this.#metric.sloShare + this.#stableRelative) / (priorRequests + this.#stableN);
    const stablePart = stable.n / (canary.n + stable.n);
    const phi = (1 + canary.n * this.#noise * stablePart * stableShare) * weight;
    const tolerated = tolerance * canary.n;
    this.#ratio
      .against(tolerated / (tolerated + stable.n))
      .add(canary.bad / phi, (canary.bad + stable.bad) / phi);
  }
}

/** @throws RolloutError `threshold-missing` where the source doesn't count it: that is not "none was slow". */
function badOf(bin: CohortBin | undefined, thresholdMs: number | undefined): number {
  if (!bin) return 0;
  if (thresholdMs === undefined) return Math.min(count(bin.errors, bin), bin.n);
  const slow = bin.slow[thresholdMs];
  if (slow !== undefined) return Math.min(count(slow, bin), bin.n);
  throw new RolloutError(`The metrics source has no count of requests slower than ${thresholdMs} ms.`, {
    code: "threshold-missing",
    exit: "config",
    hint: "Let the source count that threshold, or judge by one that it counts.",
  });
}

function requests(bin: CohortBin | undefined): number {
  return bin ? count(bin.n, bin) : 0;
}

/** Mean sample weight of a request, sum(w²)/sum(w): 20 requests that one record stands for are one observation. */
function meanWeight(bin: CohortBin): number {
  return Math.max(1, count(bin.weightSquared, bin) / bin.n);
}

function count(value: number, bin: CohortBin): number {
  if (value >= 0 && value <= Number.MAX_SAFE_INTEGER) return value;
  throw new RolloutError(`The bin at ${bin.startMs} ms has ${value} for a count of requests.`, {
    code: "bin-invalid",
    exit: "internal",
    hint: "A count is a number from 0. The metrics adapter must report trouble as an error, not as a count.",
  });
}
