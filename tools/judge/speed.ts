import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { type PaceBin, PaceEvidence } from "../../src/analysis/pace.ts";
import { planBins } from "./rollout.ts";

/** Bins of 10 s as a service of 1,000 requests/s at 5 % has them, with errors and both latency thresholds. */
function aRollout(): readonly PaceBin[] {
  return Array.from({ length: planBins }, (_, at) => {
    const startMs = at * 10_000;
    const side = (n: number, errors: number, slow: number) => ({
      startMs,
      n,
      errors,
      slow: { 500: slow, 1000: Math.floor(slow / 8) },
      exceptions: 0,
      weightSquared: n,
    });
    return {
      startMs,
      canary: side(500, at % 3, 20 + (at % 9)),
      stable: side(9500, 7 + (at % 6), 400 + (at % 50)),
    };
  });
}

/** Bins (both cohorts, errors and latency, with the evidence after each) a second of CPU: the best of five rounds. */
export function binsPerSecond(leastBins: number): number {
  const bins = aRollout();
  let best = 0;
  for (let round = 0; round < 5; round += 1) {
    // CPU time: other work on the machine must not count.
    const before = process.cpuUsage();
    let done = 0;
    let sum = 0;
    while (done < leastBins) {
      const pace = new PaceEvidence();
      for (const bin of bins) {
        pace.add(bin);
        sum += pace.evidence();
      }
      done += bins.length;
    }
    const { user, system } = process.cpuUsage(before);
    if (!Number.isFinite(sum)) throw new Error("the evidence is no number");
    best = Math.max(best, done / ((user + system) / 1e6));
  }
  return best;
}

/** Bytes that one rollout's evidence keeps: heap and buffers of many of them, each over a whole plan of bins. */
export function bytesPerRollout(rollouts: number): number {
  setFlagsFromString("--expose-gc");
  const collect: () => void = runInNewContext("gc");
  const used = () => {
    collect();
    const { heapUsed, arrayBuffers } = process.memoryUsage();
    return heapUsed + arrayBuffers;
  };
  const bins = aRollout().slice(0, 30);
  const kept: PaceEvidence[] = [];
  const before = used();
  while (kept.length < rollouts) {
    const pace = new PaceEvidence();
    for (const bin of bins) pace.add(bin);
    kept.push(pace);
  }
  const after = used();
  // Read after the measurement, so that none of them is collected before.
  if (!kept.every((pace) => Number.isFinite(pace.evidence()))) throw new Error("the evidence is no number");
  return (after - before) / rollouts;
}
