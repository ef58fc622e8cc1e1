/** Far above any threshold: only first crossings are read, and nothing overflows (gates.md 2.4). */
const ceiling = 1e30;
/** No single bin multiplies by more than e^60. */
const steepest = 60;

/**
 * Evidence against "the share of bad requests is at most p0" (gates.md 2.4, `process` and `lrBern`): a mean over
 * alternatives whose odds are g times those of p0, each started at the beginning or later (Shiryaev-Roberts).
 *
 * With odds g·p0/(1-p0) the log likelihood ratio of x bad ones in n is x·ln(g) - n·ln(1 + (g-1)·p0). The test against
 * stable is the same one: of all bad requests, the share on the canary is at most th0.
 */
export class Mixture {
  readonly #logOdds: readonly number[];
  readonly #excess: readonly number[];
  readonly #drift: Float64Array;
  readonly #mass: Float64Array;
  #p0 = Number.NaN;
  #mean = 0;

  constructor(grid: readonly number[]) {
    this.#logOdds = grid.map((odds) => Math.log(odds));
    this.#excess = grid.map((odds) => odds - 1);
    this.#drift = new Float64Array(grid.length);
    this.#mass = new Float64Array(grid.length);
  }

  /** Mean over the alternatives; what of the prior hasn't started yet comes on top. */
  get mean(): number {
    return this.#mean;
  }

  /** The share that is still fine, 0-1 exclusive. Costs logarithms, so only where it changes. */
  against(p0: number): this {
    if (p0 === this.#p0) return this;
    this.#p0 = p0;
    for (let at = 0; at < this.#drift.length; at += 1) {
      this.#drift[at] = -Math.log1p((this.#excess[at] ?? 0) * p0);
    }
    return this;
  }

  /** Prior mass that starts now. */
  start(prior: number): void {
    if (prior === 0) return;
    for (let at = 0; at < this.#mass.length; at += 1) this.#mass[at] = (this.#mass[at] ?? 0) + prior;
    this.#mean += prior;
  }

  /** `bad` of `n`, both already divided by the dispersion. */
  add(bad: number, n: number): void {
    const mass = this.#mass;
    let sum = 0;
    for (let at = 0; at < mass.length; at += 1) {
      const logRatio = bad * (this.#logOdds[at] ?? 0) + n * (this.#drift[at] ?? 0);
      const grown = (mass[at] ?? 0) * Math.exp(Math.min(logRatio, steepest));
      mass[at] = Math.min(grown, ceiling);
      sum += mass[at] ?? 0;
    }
    this.#mean = sum / mass.length;
  }
}

/** When prior mass starts, the same for every mixture: `start` with the first bin, then a share of the rest each minute. */
export class Schedule {
  readonly #start: number;
  readonly #hazard: number;
  #left = 1;
  #minute = -1;

  constructor(start: number, hazardPerMinute: number) {
    this.#start = start;
    this.#hazard = hazardPerMinute;
  }

  /** Prior that hasn't started. */
  get left(): number {
    return this.#left;
  }

  /** Prior that starts by this minute since the rollout began; minutes without a bin count. */
  startsBy(minute: number): number {
    if (minute <= this.#minute) return 0;
    const before = this.#left;
    let passed = minute - this.#minute;
    if (this.#minute < 0) {
      this.#left -= this.#start;
      passed -= 1;
    }
    this.#minute = minute;
    this.#left *= (1 - this.#hazard) ** passed;
    return before - this.#left;
  }
}
