import { lowerBound } from "../../src/analysis/clopper-pearson.ts";
import { type PromotionRow, rates, type Table } from "./bench.ts";

/** Everything that a run of the bench finds out. */
export interface Measured {
  readonly binsPerSecond: number;
  readonly bytesPerRollout: number;
  readonly healthy: Table;
  readonly bad: readonly Table[];
  readonly promotions: readonly PromotionRow[];
}

/** Median minutes to find a 2 % canary, by rate. */
const slowest: Readonly<Record<string, number>> = { "100/s": 1, "1 k/s": 0.3 };
const mostFalse = 2 / 1000;

/** What misses its target, one sentence each; empty when all is met. */
export function missedTargets(measured: Measured): readonly string[] {
  const missed: string[] = [];
  if (measured.binsPerSecond < 1e6)
    missed.push(`${Math.round(measured.binsPerSecond)} bins a second, not 1,000,000`);
  if (measured.bytesPerRollout > 10_000)
    missed.push(`${Math.round(measured.bytesPerRollout)} bytes a rollout, over 10,000`);
  for (const [index, { name }] of rates.entries()) {
    const cell = measured.healthy.rows[0]?.cells[index];
    // A sample says more than 2 per 1,000 only where that is proved; else it is the luck of the seeds.
    if (!cell || lowerBound({ bad: cell.reverted, n: cell.rollouts }) > mostFalse) {
      missed.push(
        `${name}: ${cell?.reverted} of ${cell?.rollouts} healthy rollouts reverted, over 2 per 1,000`,
      );
    }
    const most = slowest[name];
    const found = measured.bad.find(({ canaryShare }) => canaryShare === 0.02)?.rows[0]?.cells[index];
    if (most !== undefined && !(found && found.medianMinutes <= most)) {
      missed.push(`${name}: a 2 % canary found in ${found?.medianMinutes.toFixed(2)} min, not ${most}`);
    }
    const promoted = measured.promotions.find(({ canaryShare }) => canaryShare === 0.02)?.ends[index]
      ?.promoted;
    if (promoted !== 0) missed.push(`${name}: ${promoted} canaries of 2 % errors promoted`);
  }
  return missed;
}
