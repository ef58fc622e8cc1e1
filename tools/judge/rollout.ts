import { PaceEvidence } from "../../src/analysis/pace.ts";
import { errorsMetric, paceDefaults } from "../../src/analysis/pace-options.ts";
import { HardLimit, type PeerGate, soakBins, type Trace } from "./gates.ts";
import { poisson, type Random, type Sampler } from "./random.ts";

/** Traffic and error shares of one simulated rollout (gates.md 2: Poisson requests, no telemetry lag). */
export interface Scenario {
  /** Requests a second of canary and stable together. */
  readonly requestsPerSecond: number;
  /** Shares of failed requests, 0-1. */
  readonly canaryShare: number;
  readonly stableShare: number;
}

/** Weights of the four steps. */
export const weights: readonly number[] = [0.05, 0.2, 0.5, 1];
export const planBins = weights.length * soakBins;

interface Draws {
  readonly canaryBad: Sampler;
  readonly canaryGood: Sampler;
  readonly stableBad: Sampler;
  readonly stableGood: Sampler;
}

/** Samplers of the 10 s bins of each weight. */
export function drawsOf({ requestsPerSecond, canaryShare, stableShare }: Scenario): readonly Draws[] {
  return weights.map((weight) => {
    const canary = weight * requestsPerSecond * 10;
    const stable = (1 - weight) * requestsPerSecond * 10;
    return {
      canaryBad: poisson(canary * canaryShare),
      canaryGood: poisson(canary * (1 - canaryShare)),
      stableBad: poisson(stable * stableShare),
      stableGood: poisson(stable * (1 - stableShare)),
    };
  });
}

/** One rollout under way: what each bin brings, and what the product says about it. Keeps totals, for the peers. */
export class SimulatedRollout {
  readonly trace: Trace;
  readonly pace = new PaceEvidence({ metrics: [errorsMetric], originMs: 0 });
  readonly #hardLimit: HardLimit;
  readonly #canary = { startMs: 0, n: 0, errors: 0, slow: {}, exceptions: 0, weightSquared: 0 };
  readonly #stable = { startMs: 0, n: 0, errors: 0, slow: {}, exceptions: 0, weightSquared: 0 };

  constructor(mostBins: number = planBins) {
    this.trace = { n: new Float64Array(mostBins + 1), bad: new Float64Array(mostBins + 1) };
    this.#hardLimit = new HardLimit(mostBins);
  }

  /** The requests of one bin. */
  draw({ canaryBad, canaryGood, stableBad, stableGood }: Draws, at: number, random: Random): void {
    fill(this.#canary, canaryBad(random), canaryGood(random));
    fill(this.#stable, stableBad(random), stableGood(random));
    const { n, bad } = this.trace;
    n[at + 1] = (n[at] ?? 0) + this.#canary.n;
    bad[at + 1] = (bad[at] ?? 0) + this.#canary.errors;
  }

  /** The product's verdict after the bin just drawn: the hard limit or the evidence. */
  reverts(at: number): boolean {
    this.pace.add({ startMs: at * 10_000, canary: this.#canary, stable: this.#stable });
    return this.#hardLimit.breaches(this.trace, at) || this.pace.evidence() >= 1 / paceDefaults.alpha;
  }
}

function fill(bin: { n: number; errors: number; weightSquared: number }, bad: number, good: number): void {
  bin.n = bad + good;
  bin.errors = bad;
  bin.weightSquared = bin.n;
}

/** The first bin after which each gate reverts, the product first; infinite for never. */
export function firstReverts(
  draws: readonly Draws[],
  peers: readonly PeerGate[],
  random: Random,
): readonly number[] {
  const rollout = new SimulatedRollout();
  const judges = peers.map(({ start }) => start());
  const found = new Array<number>(peers.length + 1).fill(Number.POSITIVE_INFINITY);
  for (let at = 0; at < planBins; at += 1) {
    const drawn = draws[Math.floor(at / soakBins)];
    if (!drawn) break;
    rollout.draw(drawn, at, random);
    if (found[0] === Number.POSITIVE_INFINITY && rollout.reverts(at)) found[0] = at;
    for (let peer = 0; peer < judges.length; peer += 1) {
      if (found[peer + 1] !== Number.POSITIVE_INFINITY) continue;
      if (judges[peer]?.(rollout.trace, at)) found[peer + 1] = at;
    }
    if (found.every(Number.isFinite)) break;
  }
  return found;
}
