import { peerGates } from "./gates.ts";
import { type Outcome, runToEnd } from "./promote.ts";
import { seeded } from "./random.ts";
import { drawsOf, firstReverts } from "./rollout.ts";

/** Requests a second of canary and stable together. */
export const rates: readonly { readonly name: string; readonly perSecond: number }[] = [
  { name: "10/min", perSecond: 1 / 6 },
  { name: "1/s", perSecond: 1 },
  { name: "10/s", perSecond: 10 },
  { name: "100/s", perSecond: 100 },
  { name: "1 k/s", perSecond: 1000 },
  { name: "10 k/s", perSecond: 10_000 },
];
export const badShares: readonly number[] = [0.005, 0.02, 0.05];
const stableShare = 0.001;

/** Of one gate at one rate. */
export interface Cell {
  readonly reverted: number;
  readonly rollouts: number;
  /** Over all rollouts; infinite where most never reverted. */
  readonly medianMinutes: number;
}

/** Canary share by gate (the product first) by rate. */
export interface Table {
  readonly canaryShare: number;
  readonly seeds: readonly number[];
  readonly rows: readonly { readonly gate: string; readonly cells: readonly Cell[] }[];
}

export interface PromotionRow {
  readonly canaryShare: number;
  readonly seeds: readonly number[];
  readonly rollouts: number;
  /** Counts of each end, by rate. */
  readonly ends: readonly Readonly<Record<Outcome, number>>[];
}

/** All gates on the same rollouts. `base`: of the seeds, one a rate. */
export function tableOf(canaryShare: number, rollouts: number, base: number): Table {
  const gates = ["PACE + hard limit", ...peerGates.map(({ name }) => name)];
  const seeds = rates.map((_, index) => base + index);
  const byRate = rates.map(({ perSecond }, index) => {
    const random = seeded(seeds[index] ?? 0);
    const draws = drawsOf({ requestsPerSecond: perSecond, canaryShare, stableShare });
    const found = gates.map(() => new Float64Array(rollouts));
    for (let rollout = 0; rollout < rollouts; rollout += 1) {
      for (const [gate, at] of firstReverts(draws, peerGates, random).entries()) {
        const ofGate = found[gate];
        if (ofGate) ofGate[rollout] = at;
      }
    }
    return found.map(cellOf);
  });
  const rows = gates.map((gate, row) => ({ gate, cells: byRate.flatMap((cells) => cells[row] ?? []) }));
  return { canaryShare, seeds, rows };
}

function cellOf(firstBins: Float64Array): Cell {
  const sorted = firstBins.slice().sort();
  const middle = sorted[Math.floor((sorted.length - 1) / 2)] ?? Number.POSITIVE_INFINITY;
  return {
    reverted: sorted.filter(Number.isFinite).length,
    rollouts: sorted.length,
    medianMinutes: ((middle + 1) * 10) / 60,
  };
}

export function promotionsOf(canaryShare: number, rollouts: number, base: number): PromotionRow {
  const seeds = rates.map((_, index) => base + index);
  const ends = rates.map(({ perSecond }, index) => {
    const random = seeded(seeds[index] ?? 0);
    const counts = { promoted: 0, reverted: 0, held: 0 };
    for (let rollout = 0; rollout < rollouts; rollout += 1) {
      counts[runToEnd({ requestsPerSecond: perSecond, canaryShare, stableShare }, random)] += 1;
    }
    return counts;
  });
  return { canaryShare, seeds, rollouts, ends };
}
