import { spawnSync } from "node:child_process";
import { resolve } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readShareGate } from "../../../src/analysis/share-gate.ts";
import type { CohortBin } from "../../../src/types/observation.ts";
import { promotionsOf, rates, tableOf } from "../../../tools/judge/bench.ts";
import {
  HardLimit,
  type HardLimitOptions,
  hardLimitDefaults,
  peerGates,
  type Trace,
} from "../../../tools/judge/gates.ts";
import { poisson, seeded, xoshiro } from "../../../tools/judge/random.ts";
import { report } from "../../../tools/judge/report.ts";
import { type Measured, missedTargets } from "../../../tools/judge/targets.ts";

function traceOf(bins: readonly (readonly [n: number, bad: number])[]): Trace {
  const n = new Float64Array(bins.length + 1);
  const bad = new Float64Array(bins.length + 1);
  for (const [at, [requests, failed]] of bins.entries()) {
    n[at + 1] = (n[at] ?? 0) + requests;
    bad[at + 1] = (bad[at] ?? 0) + failed;
  }
  return { n, bad };
}

describe("the hard limit of the bench is the product's (src/analysis/share-gate.ts)", () => {
  /** The product's own verdict after each bin. */
  function product(bins: readonly (readonly [number, number])[], options: HardLimitOptions): boolean[] {
    const series = bins.map(
      ([n, errors], at): CohortBin => ({
        startMs: at * 10_000,
        n,
        errors,
        slow: {},
        exceptions: 0,
        weightSquared: n,
      }),
    );
    const { limitPercent, windows, minBins, minRequests } = options;
    return bins.map((_, at) => {
      const reading = readShareGate(
        { gate: "error-rate", limitPercent, windows, bad: ({ errors }) => errors, label: "failed" },
        // A source leaves out bins without requests.
        { candidate: series.slice(0, at + 1).filter(({ n }) => n > 0), stable: [] },
        {
          binMs: 10_000,
          sinceMs: 0,
          stepSinceMs: 0,
          watermarkMs: (at + 1) * 10_000,
          minMs: minBins * 10_000,
          minRequests,
        },
      );
      return reading.verdict === "fail";
    });
  }

  function bench(bins: readonly (readonly [number, number])[], options: HardLimitOptions): boolean[] {
    const trace = traceOf(bins);
    const limit = new HardLimit(bins.length, options);
    return bins.map((_, at) => limit.breaches(trace, at));
  }

  it("in every bin of random series, from silent to busy, and for other windows", () => {
    const bin = fc.tuple(fc.oneof(fc.constant(0), fc.nat(4), fc.nat(60), fc.nat(400)), fc.nat(100));
    const series = fc
      .array(bin, { minLength: 30, maxLength: 90 })
      .map((rows) => rows.map(([n, share]) => [n, share > 90 ? n : Math.ceil((n * share) / 5000)] as const));
    const options = fc.record({
      limitPercent: fc.constantFrom(1, 5),
      windows: fc.integer({ min: 1, max: 5 }),
      minBins: fc.constantFrom(1, 6, 9),
      minRequests: fc.constantFrom(1, 50, 100),
      quietFactor: fc.constant(hardLimitDefaults.quietFactor),
    });
    let breaches = 0;
    fc.assert(
      fc.property(series, fc.oneof(fc.constant(hardLimitDefaults), options), (bins, given) => {
        const verdicts = bench(bins, given);
        expect(verdicts).toEqual(product(bins, given));
        breaches += verdicts.filter(Boolean).length;
      }),
      { numRuns: 300 },
    );
    expect(breaches).toBeGreaterThan(100);
  });

  it("in every bin of simulated rollouts around the limit", () => {
    const random = seeded(31);
    const [bad, good] = [poisson(0.4), poisson(28)];
    let breaches = 0;
    for (let rollout = 0; rollout < 30; rollout += 1) {
      const bins = Array.from({ length: 120 }, () => {
        const failed = bad(random);
        return [failed + good(random), failed] as const;
      });
      const verdicts = bench(bins, hardLimitDefaults);
      expect(verdicts).toEqual(product(bins, hardLimitDefaults));
      breaches += verdicts.filter(Boolean).length;
    }
    expect(breaches).toBeGreaterThan(100);
  });
});

describe("random numbers", () => {
  it("are those of xoshiro128** (reference: its C code with the state 1, 2, 3, 4)", () => {
    const next = xoshiro([1, 2, 3, 4]);
    expect(Array.from({ length: 6 }, () => next())).toEqual([
      11520, 0, 5927040, 70819200, 2031721883, 1637235492,
    ]);
  });

  it("are uniform, and the seed is all that they depend on", () => {
    const [random, again] = [seeded(1), seeded(1)];
    const draws = Array.from({ length: 20_000 }, () => random());
    expect(draws.slice(0, 100)).toEqual(Array.from({ length: 100 }, () => again()));
    expect(draws.every((one) => one > 0 && one < 1)).toBe(true);
    expect(draws.reduce((sum, one) => sum + one, 0) / draws.length).toBeCloseTo(0.5, 2);
    expect(seeded(2)()).not.toBe(seeded(1)());
  });

  it.each([0.083, 3, 9.99, 10, 47, 900])("Poisson counts of mean %d have its chances", (mean) => {
    const random = seeded(41);
    const draw = poisson(mean);
    const rounds = 60_000;
    const seen = new Map<number, number>();
    for (let round = 0; round < rounds; round += 1) {
      const count = draw(random);
      seen.set(count, (seen.get(count) ?? 0) + 1);
    }
    // Chi-square over all counts that are expected 20 times or more; 5 standard deviations.
    let chance = Math.exp(-mean);
    let log = -mean;
    let [distance, cells] = [0, 0];
    for (let count = 0; count < mean + 12 * Math.sqrt(mean) + 20; count += 1) {
      const expected = rounds * chance;
      if (expected >= 20) {
        distance += ((seen.get(count) ?? 0) - expected) ** 2 / expected;
        cells += 1;
      }
      log += Math.log(mean) - Math.log(count + 1);
      chance = Math.exp(log);
    }
    expect(distance).toBeLessThan(cells + 5 * Math.sqrt(2 * cells) + 5);
  });

  it("stay exact at the counts of 10,000 requests/s", () => {
    const random = seeded(42);
    const draw = poisson(99_900);
    const draws = Array.from({ length: 20_000 }, () => draw(random));
    const mean = draws.reduce((sum, one) => sum + one, 0) / draws.length;
    const variance = draws.reduce((sum, one) => sum + (one - mean) ** 2, 0) / draws.length;
    expect(Math.abs(mean - 99_900)).toBeLessThan(5 * Math.sqrt(99_900 / 20_000));
    expect(variance / 99_900).toBeCloseTo(1, 1);
    expect(poisson(0)(random)).toBe(0);
  });
});

describe("the peers' rules, after which minute they revert", () => {
  const healthy = [100, 0] as const;
  const failing = [100, 2] as const;
  function firstMinute(gate: string, bins: readonly (readonly [number, number])[]): number | undefined {
    const trace = traceOf(bins);
    const judge = peerGates.find(({ name }) => name === gate)?.start();
    if (!judge) throw new Error(`no gate ${gate}`);
    const at = bins.findIndex((_, index) => judge(trace, index));
    return at < 0 ? undefined : (at + 1) / 6;
  }
  const times = (count: number, bin: readonly [number, number]) => Array.from({ length: count }, () => bin);
  const minutes = (count: number, bin: readonly [number, number]) => times(count * 6, bin);

  it.each([
    { gate: "guide's script", bins: times(360, failing), minute: 2 },
    // One error of 7 requests in 15 min.
    { gate: "guide's script", bins: [[1, 1] as const, ...times(200, [0, 0])], minute: 2 },
    // Its looks are at 2 to 14 min of each step: what begins at 15 is seen at 17.
    { gate: "guide's script", bins: [...minutes(15, healthy), ...minutes(10, [100, 50])], minute: 17 },
    { gate: "guide's trigger list", bins: times(360, failing), minute: 2 },
    {
      gate: "guide's trigger list",
      bins: [...minutes(1, failing), ...minutes(1, healthy), ...minutes(2, failing)],
      minute: 4,
    },
    { gate: "Flagger-like", bins: times(360, failing), minute: 5 },
    { gate: "Flagger-like", bins: times(360, [0, 0]), minute: 5 },
    {
      gate: "Flagger-like",
      bins: [...minutes(4, failing), ...minutes(20, healthy), ...minutes(1, failing)],
      minute: 25,
    },
    { gate: "Argo-like", bins: times(360, failing), minute: 20 },
    { gate: "Argo-like", bins: times(360, [0, 0]), minute: undefined },
    // Exactly 1 % is within the limit of all of them.
    ...peerGates.map(({ name }) => ({ gate: name, bins: times(360, [100, 1]), minute: undefined })),
  ])("$gate: $minute", ({ gate, bins, minute }) => {
    expect(firstMinute(gate, bins)).toBe(minute);
  });
});

describe("the simulation", () => {
  it("has the false reverts of gates_sim.py (gates.md 2.1) within the error of its sample", () => {
    const rollouts = 600;
    const { rows } = tableOf(0.001, rollouts, 100);
    const perThousand: Record<string, number[]> = {
      "guide's script": [143.6, 107, 66.8, 0, 0, 0],
      "guide's trigger list": [2, 59.6, 13, 0, 0, 0],
      "Flagger-like": [998, 74.8, 0, 0, 0, 0],
    };
    for (const [gate, expected] of Object.entries(perThousand)) {
      const cells = rows.find((row) => row.gate === gate)?.cells ?? [];
      for (const [index, share] of expected.entries()) {
        const p = share / 1000;
        const error = 4 * Math.sqrt((p * (1 - p)) / rollouts) + 0.002;
        const seen = (cells[index]?.reverted ?? -1) / rollouts;
        expect(Math.abs(seen - p), `${gate} at ${rates[index]?.name}: ${seen}`).toBeLessThan(error);
      }
    }
  });

  it("finds a 2 % canary when gates_sim.py does (gates.md 2.2: 29, 5.7, 0.7, 0.2 and 0.2 min)", () => {
    const [product, script] = tableOf(0.02, 200, 300).rows;
    const found = product?.cells.map(({ medianMinutes }) => medianMinutes) ?? [];
    expect(found[1]).toBeGreaterThan(23);
    expect(found[1]).toBeLessThan(36);
    expect(found[2]).toBeGreaterThan(4.5);
    expect(found[2]).toBeLessThan(7.2);
    expect(found[3]).toBeLessThanOrEqual(1);
    expect(found.slice(4)).toEqual([1 / 6, 1 / 6]);
    expect(script?.cells.slice(2).map(({ medianMinutes }) => medianMinutes)).toEqual([2, 2, 2, 2]);
  });

  it("promotes healthy rollouts from 10/s on, never a 2 % canary, and leaves quiet services to a person", () => {
    const healthy = promotionsOf(0.001, 30, 600).ends;
    expect(healthy.slice(0, 2).map(({ promoted }) => promoted)).toEqual([0, 0]);
    expect(healthy.slice(2).every(({ promoted }) => promoted >= 28)).toBe(true);
    const bad = promotionsOf(0.02, 30, 700).ends;
    expect(bad.map(({ promoted }) => promoted)).toEqual([0, 0, 0, 0, 0, 0]);
    expect(bad.slice(3).every(({ reverted }) => reverted === 30)).toBe(true);
  });

  it("is the same for the same seeds", () => {
    expect(tableOf(0.05, 5, 1)).toEqual(tableOf(0.05, 5, 1));
    expect(tableOf(0.05, 5, 1)).not.toEqual(tableOf(0.05, 5, 7));
  });
});

describe("targets", () => {
  const cell = (reverted: number, medianMinutes: number) => ({ reverted, rollouts: 1000, medianMinutes });
  const row = (reverted: number[], medians: number[]) => ({
    rows: [
      { gate: "PACE + hard limit", cells: rates.map((_, at) => cell(reverted[at] ?? 0, medians[at] ?? 0)) },
    ],
    seeds: rates.map((_, at) => at),
  });
  const never = Number.POSITIVE_INFINITY;
  const met: Measured = {
    binsPerSecond: 1_500_000,
    bytesPerRollout: 6000,
    // 4 of 1,000 may be the luck of the sample; 7 isn't.
    healthy: { canaryShare: 0.001, ...row([0, 0, 4, 0, 0, 0], [never, never, never, never, never, never]) },
    bad: [{ canaryShare: 0.02, ...row([0, 500, 900, 1000, 1000, 1000], [never, 30, 6, 1, 0.3, 0.2]) }],
    promotions: [
      {
        canaryShare: 0.02,
        seeds: [1],
        rollouts: 10,
        ends: rates.map(() => ({ promoted: 0, reverted: 10, held: 0 })),
      },
    ],
  };

  it("are met", () => {
    expect(missedTargets(met)).toEqual([]);
    expect(report(met)).toContain("1.50 million bins a second");
  });

  const late = { canaryShare: 0.02, ...row([], [never, 30, 6, 1.1, 0.4, 0.2]) };
  const cases: Record<string, { change: Partial<Measured>; missed: readonly RegExp[] }> = {
    Slow: { change: { binsPerSecond: 999_000 }, missed: [/999000 bins/] },
    Large: { change: { bytesPerRollout: 10_001 }, missed: [/10001 bytes/] },
    FalseReverts: {
      change: { healthy: { canaryShare: 0.001, ...row([0, 0, 7], []) } },
      missed: [/10\/s: 7 of 1000 healthy/],
    },
    Late: {
      change: { bad: [late] },
      missed: [/100\/s: .* 1\.10 min, not 1/, /1 k\/s: .* 0\.40 min, not 0\.3/],
    },
    NotMeasured: { change: { bad: [] }, missed: [/100\/s/, /1 k\/s/] },
    Promoted: {
      change: {
        promotions: [
          {
            canaryShare: 0.02,
            seeds: [1],
            rollouts: 10,
            ends: rates.map((_, at) => ({ promoted: at === 2 ? 1 : 0, reverted: 9, held: 0 })),
          },
        ],
      },
      missed: [/10\/s: 1 canaries of 2 % errors promoted/],
    },
  };
  it.each(Object.entries(cases))("missed: %s", (_name, { change, missed }) => {
    const seen = missedTargets({ ...met, ...change });
    expect(seen).toHaveLength(missed.length);
    for (const [index, pattern] of missed.entries()) expect(seen[index]).toMatch(pattern);
  });
});

describe("the command", () => {
  const run = (...args: string[]) =>
    spawnSync(process.execPath, [resolve(import.meta.dirname, "../../../tools/bench-judge.ts"), ...args], {
      encoding: "utf8",
    });

  it("prints the figures with their seeds, and exits by its targets", () => {
    const { stdout, status } = run("--rollouts", "20");
    for (const text of [
      "bytes a rollout",
      "seeds 100-105",
      "Argo-like: as its documentation",
      "canary fails 0.5 %",
    ]) {
      expect(stdout).toContain(text);
    }
    expect(status).toBe(stdout.includes("missed:") ? 1 : 0);
    expect(stdout.includes("missed:") !== stdout.includes("all targets met")).toBe(true);
  });

  it("refuses what is no number of rollouts", () => {
    for (const args of [["--rollouts", "0"], ["--rollouts", "many"], ["--fast"]]) {
      const { status, stderr } = run(...args);
      expect({ status, usage: stderr.includes("usage: bench:judge") }).toEqual({ status: 2, usage: true });
    }
  });
});
