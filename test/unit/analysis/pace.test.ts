import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { foldPace, type PaceBin, PaceEvidence, uncountedThresholds } from "../../../src/analysis/pace.ts";
import {
  coldStartMs,
  errorsMetric,
  latencyMetric,
  type PaceOptions,
  paceDefaults,
} from "../../../src/analysis/pace-options.ts";
import { RolloutError } from "../../../src/errors/errors.ts";
import type { CohortBin } from "../../../src/types/observation.ts";
import { poisson, type Sampler, seeded } from "../../../tools/judge/random.ts";
import { bytesPerRollout } from "../../../tools/judge/speed.ts";

const t0 = 1_790_000_000_000;
const onlyErrors = { metrics: [errorsMetric] };

interface Side {
  readonly n: number;
  readonly errors?: number;
  readonly slow500?: number;
  readonly slow1000?: number;
  readonly weightSquared?: number;
}

function bin(startMs: number, side: Side): CohortBin {
  const { n, errors = 0, slow500 = 0, slow1000 = 0, weightSquared = n } = side;
  return { startMs, n, errors, slow: { 500: slow500, 1000: slow1000 }, exceptions: 0, weightSquared };
}

/** Consecutive 10 s bins as gates.md writes them: canary n, stable n, canary failed, stable failed. */
function errorBins(rows: readonly (readonly [number, number, number, number])[], fromMs = t0): PaceBin[] {
  return rows.map(([canaryN, stableN, canaryBad, stableBad], index) => {
    const startMs = fromMs + index * 10_000;
    return {
      startMs,
      canary: bin(startMs, { n: canaryN, errors: canaryBad }),
      stable: bin(startMs, { n: stableN, errors: stableBad }),
    };
  });
}

function gather(bins: readonly PaceBin[], options: Partial<PaceOptions> = onlyErrors): PaceEvidence {
  const evidence = new PaceEvidence(options);
  for (const one of bins) evidence.add(one);
  return evidence;
}

function seriesOf(bins: readonly PaceBin[]) {
  return {
    candidate: bins.flatMap(({ canary }) => canary ?? []),
    stable: bins.flatMap(({ stable }) => stable ?? []),
  };
}

describe("reference vectors (gates.md 2.4; gates_sim.py table_vectors): E_abs, E_rel, E after each bin", () => {
  const vectors: Record<string, { bin: readonly [number, number, number, number]; after: number[][] }> = {
    "healthy, 100/s": {
      bin: [50, 950, 0, 1],
      after: [
        [0.5934, 0.7801, 0.7054],
        [0.5293, 0.6962, 0.6295],
        [0.4967, 0.645, 0.5857],
      ],
    },
    "2 %, 100/s": {
      bin: [50, 950, 1, 1],
      after: [
        [0.7346, 1.8479, 1.4026],
        [0.7183, 4.174, 2.7917],
        [0.7229, 10.837, 6.7913],
        [0.7368, 30.5244, 18.6093],
        [0.7565, 90.0004, 54.3029],
        [0.7811, 272.5857, 163.8638],
      ],
    },
    "low traffic, all fail": {
      bin: [1, 9, 1, 0],
      after: [
        [7.6541, 2.6979, 4.6804],
        [176.4051, 11.1362, 77.2438],
        [5374.4903, 56.5203, 2183.7083],
      ],
    },
    "no canary data": {
      bin: [0, 950, 0, 1],
      after: [
        [1, 1, 1],
        [1, 1, 1],
      ],
    },
  };
  it.each(Object.entries(vectors))("%s", (_name, { bin: row, after }) => {
    const seen = after.map((_, index) => {
      const { eAbs, eRel, e } = gather(errorBins(Array.from({ length: index + 1 }, () => row))).look();
      return [eAbs, eRel, e].map((value) => Number(value.toFixed(4)));
    });
    expect(seen).toEqual(after);
  });
});

describe("errors and latency over ten minutes and a change of weight, with silent bins (gates_sim.py e_paths, combine)", () => {
  const mixed = Array.from({ length: 60 }, (_, t): PaceBin => {
    const startMs = t0 + t * 10_000;
    const canaryN = t % 17 === 5 ? 0 : t < 30 ? 40 + ((t * 7) % 21) : 180 + ((t * 11) % 41);
    const stableN = t % 19 === 7 ? 0 : 900 + ((t * 13) % 101);
    const canary = {
      n: canaryN,
      errors: (t * t) % 3,
      slow500: 2 + ((t * 3) % 5) + (t > 40 ? 6 : 0),
      slow1000: t % 4 === 0 ? 1 : 0,
    };
    const stable = { n: stableN, errors: (t * 5) % 4, slow500: 30 + ((t * 17) % 23), slow1000: (t * 3) % 6 };
    return {
      startMs,
      canary: canaryN > 0 ? bin(startMs, canary) : undefined,
      stable: stableN > 0 ? bin(startMs, stable) : undefined,
    };
  });
  // After bin t: errors E_abs, E_rel, latency E_abs, E_rel, E. The script keeps single precision: 6 digits.
  const cases: Record<string, { options: Partial<PaceOptions>; rows: number[][] }> = {
    defaults: {
      options: {},
      rows: [
        [0, 0.606769, 0.8023177, 0.5760273, 0.6163926, 0.6621723],
        [5, 0.5759616, 3.572871, 0.4377053, 0.5587166, 1.44221],
        [6, 0.5342172, 2.383639, 0.4232894, 0.5930315, 1.084502],
        [29, 0.5337701, 22246.2, 0.374562, 0.6236037, 6674.23],
        [45, 0.3660665, 1677.855, 0.3560173, 0.3651353, 503.6104],
        [59, 0.3453898, 215.1786, 0.3441079, 0.3456234, 64.79516],
      ],
    },
    "tau 0": {
      options: { tau: 0 },
      rows: [
        [0, 0.5610711, 0.7961449, 0.47006, 0.5201384, 0.6011112],
        [6, 0.5130334, 2.617917, 0.3941102, 0.7327317, 1.186623],
        [59, 0.3438688, 328.0834, 0.3438483, 0.3438483, 98.66572],
      ],
    },
    "tolerance 2, tau 1": {
      options: { tolerance: 2, tau: 1 },
      rows: [
        [0, 0.6859413, 0.8187644, 0.6974773, 0.6929443, 0.7301964],
        [29, 0.5296591, 164.5239, 0.3911255, 0.4320999, 49.67095],
        [59, 0.3713369, 6.087894, 0.3476616, 0.3522772, 2.075851],
      ],
    },
  };
  it.each(Object.entries(cases))("%s", (_name, { options, rows }) => {
    for (const [t = 0, ...expected] of rows) {
      const { metrics, e, eAbs, eRel } = gather(mixed.slice(0, t + 1), options).look();
      const seen = [...metrics.flatMap((one) => [one.eAbs, one.eRel]), e];
      for (const [index, value] of seen.entries()) {
        expect(value / (expected[index] ?? Number.NaN), `bin ${t}, value ${index}`).toBeCloseTo(1, 5);
      }
      expect(eAbs).toBeCloseTo(((metrics[0]?.eAbs ?? 0) + (metrics[1]?.eAbs ?? 0)) / 2, 10);
      expect(0.4 * eAbs + 0.6 * eRel).toBeCloseTo(e, 8);
    }
  });

  it("comes out of a fold in whatever order the source lists the bins, and after a restart", () => {
    const { candidate, stable } = seriesOf(mixed);
    const streamed = gather(mixed, {}).look();
    expect(foldPace({ candidate, stable })).toEqual(streamed);
    expect(
      foldPace({ candidate: candidate.toReversed(), stable: [...stable.slice(20), ...stable.slice(0, 20)] }),
    ).toEqual(streamed);
  });
});

describe("what a bin is", () => {
  it("counts a missing side as no requests", () => {
    const with0 = errorBins([
      [50, 950, 1, 1],
      [50, 0, 1, 0],
      [0, 950, 0, 1],
      [50, 950, 1, 1],
    ]);
    const { candidate, stable } = seriesOf(with0);
    const without0 = {
      candidate: candidate.filter(({ n }) => n > 0),
      stable: stable.filter(({ n }) => n > 0),
    };
    expect(foldPace(without0, onlyErrors)).toEqual(gather(with0).look());
  });

  it("lets minutes pass in which neither side has a bin", () => {
    const start = errorBins([[50, 950, 1, 1]]);
    const silent = errorBins(
      Array.from({ length: 20 }, () => [0, 0, 0, 0] as const),
      t0 + 10_000,
    );
    const later = errorBins([[50, 950, 1, 1]], t0 + 210_000);
    const { e } = gather([...start, ...later]).look();
    expect(e).toBeCloseTo(gather([...start, ...silent, ...later]).look().e, 12);
    expect(e).not.toBeCloseTo(
      gather(
        errorBins([
          [50, 950, 1, 1],
          [50, 950, 1, 1],
        ]),
      ).look().e,
      3,
    );
  });

  it("leaves out what was before the rollout, and counts its minutes from there", () => {
    const bins = errorBins(Array.from({ length: 12 }, () => [50, 950, 1, 1] as const));
    const look = foldPace(seriesOf(bins), { ...onlyErrors, originMs: t0 + 55_000 });
    expect(look.metrics[0]?.canary).toEqual({ n: 300, bad: 6 });
    expect(look.e).toBeCloseTo(gather(bins.slice(0, 6)).look().e, 12);
  });

  it("may be of another length: six bins of 10 s are one of 60 s where requests are independent", () => {
    const minute = Array.from({ length: 6 }, () => [50, 950, 1, 1] as const);
    const one = [
      { startMs: t0, canary: bin(t0, { n: 300, errors: 6 }), stable: bin(t0, { n: 5700, errors: 6 }) },
    ];
    const options = { ...onlyErrors, tau: 0 };
    expect(gather(one, { ...options, binMs: 60_000 }).look().e).toBeCloseTo(
      gather(errorBins(minute), options).look().e,
      8,
    );
  });

  it("has its order within a minute only where the noise is known before it", () => {
    const rows: [number, number, number, number][] = [
      [50, 950, 0, 9],
      [60, 900, 3, 0],
      [40, 990, 1, 2],
      [70, 100, 0, 1],
    ];
    const e = (order: number[], tau: number) =>
      gather(errorBins(order.map((at) => rows[at] ?? [0, 0, 0, 0])), { ...onlyErrors, tau }).look();
    const independent = e([0, 1, 2, 3], 0);
    expect(e([3, 1, 0, 2], 0).e).toBeCloseTo(independent.e, 8);
    // With noise, stable's share so far decides how much a bin of the comparison counts; the absolute part has no such memory.
    expect(e([3, 1, 0, 2], 0.5).eAbs).toBeCloseTo(e([0, 1, 2, 3], 0.5).eAbs, 10);
    expect(Math.abs(e([3, 1, 0, 2], 0.5).eRel - e([0, 1, 2, 3], 0.5).eRel)).toBeGreaterThan(1e-3);
  });

  it("has its order over minutes: a defect at the end is more than one at the beginning", () => {
    const bad = Array.from({ length: 6 }, () => [50, 950, 2, 1] as [number, number, number, number]);
    const good = Array.from({ length: 60 }, () => [50, 950, 0, 1] as [number, number, number, number]);
    expect(gather(errorBins([...good, ...bad])).evidence()).toBeGreaterThan(
      2 * gather(errorBins([...bad, ...good])).evidence(),
    );
  });
});

describe("latency", () => {
  const slowBins = (count: number) =>
    Array.from({ length: count }, (_, index): PaceBin => {
      const startMs = t0 + index * 10_000;
      return {
        startMs,
        canary: bin(startMs, { n: 100, errors: 1, slow500: 60, slow1000: 50 }),
        stable: bin(startMs, { n: 1900, errors: 19, slow500: 80, slow1000: 2 }),
      };
    });

  it("of a cold pod set is left out, its errors aren't", () => {
    const cold = { latencySkipUntilMs: t0 + coldStartMs };
    const skipped = gather(slowBins(12), cold).look();
    expect(skipped.metrics[1]).toMatchObject({ canary: { n: 0, bad: 0 }, stable: { n: 0, bad: 0 } });
    expect(skipped.metrics[1]?.e).toBeCloseTo(1, 12);
    expect(skipped.metrics[0]).toEqual(gather(slowBins(12), {}).look().metrics[0]);
    const after = gather(slowBins(13), cold).look();
    expect(after.metrics[1]).toMatchObject({ canary: { n: 100 } });
    expect(after.reverts).toBe(true);
  });

  it("reads other thresholds where it is told so", () => {
    const startMs = t0;
    const of = (n: number, slow: number): CohortBin => ({
      ...bin(startMs, { n }),
      slow: { 250: slow, 2000: 0 },
    });
    const look = gather([{ startMs, canary: of(100, 60), stable: of(1900, 50) }], {
      metrics: [latencyMetric(2000, 250)],
    }).look();
    expect(look.message).toContain("canary 60 of 100 slower than 250 ms (60.00 %)");
    expect(look.metrics[0]?.eAbs).toBeLessThan(1);
  });

  it("that the source doesn't count is an error, not a 0", () => {
    const bare = { ...bin(t0, { n: 10 }), slow: { 1000: 0 } };
    expect(uncountedThresholds({ candidate: [bare], stable: [] })).toEqual([500]);
    expect(uncountedThresholds({ candidate: [bin(t0, { n: 10 })], stable: [] })).toEqual([]);
    expect(() => foldPace({ candidate: [bare], stable: [] })).toThrow(
      expect.objectContaining({ code: "threshold-missing", exit: "config" }),
    );
  });
});

describe("at exposure 100 there is no stable", () => {
  const alone = (count: number, failed: number) =>
    errorBins(
      Array.from({ length: count }, () => [1000, 0, failed, 0] as const),
      t0 + 100_000,
    );

  it("the comparison keeps what it had, and the absolute part gathers alone", () => {
    const before = errorBins(Array.from({ length: 10 }, () => [50, 950, 0, 1] as const));
    const until = gather(before).look();
    const bad = gather([...before, ...alone(30, 30)]).look();
    expect(bad.eRel).toBeLessThanOrEqual(until.eRel + 1e-12);
    expect(bad.eAbs).toBeGreaterThan(100);
    expect(bad.reverts).toBe(true);
    expect(bad.message).toContain("canary 900 of 30,500 failed (2.95 %)");
  });

  it("0.5 % is within the hard limit, and nothing says that it is worse than stable", () => {
    expect(gather(alone(90, 5)).look().e).toBeLessThan(1);
  });

  it("a rollout that never has a control is judged by the absolute part alone with absoluteWeight 1", () => {
    const { e, eAbs } = gather(alone(3, 20), { ...onlyErrors, absoluteWeight: 1 }).look();
    expect(e).toBe(eAbs);
  });
});

describe("the sentence (gates.md 2.4, as CAS advises)", () => {
  const sentence = (rows: [number, number, number, number][], options = onlyErrors) =>
    gather(errorBins(rows), options).look().message;

  it("has counts, shares, ratio, odds and threshold", () => {
    expect(sentence([[2410, 45_790, 12, 46]])).toMatch(
      /^canary 12 of 2,410 failed \(0\.50 %\), stable 0\.10 %: 5\.0 times worse; evidence [\d,.]+:1, reverts at 20:1$/,
    );
  });

  const cases: Record<string, { rows: [number, number, number, number][]; says: string }> = {
    NoCanary: { rows: [[0, 950, 0, 1]], says: "canary has no requests yet; evidence 1:1, reverts at 20:1" },
    NoStable: {
      rows: [[50, 0, 0, 0]],
      says: "canary 0 of 50 failed (0.00 %), no stable requests to compare with; ",
    },
    StableWithoutError: {
      rows: [[50, 9500, 1, 0]],
      says: "canary 1 of 50 failed (2.00 %), stable none of 9,500; ",
    },
    NoWorse: {
      rows: [[100, 1000, 1, 10]],
      says: "canary 1 of 100 failed (1.00 %), stable 1.00 %: no worse; ",
    },
    NeverReadsAsZero: {
      rows: [[1_000_000, 1000, 1, 1]],
      says: "canary 1 of 1,000,000 failed (< 0.01 %), stable 0.10 %",
    },
    Endless: { rows: [[1000, 1000, 1000, 0]], says: "evidence more than 1,000,000:1" },
  };
  it.each(Object.entries(cases))("%s", (_name, { rows, says }) => {
    expect(sentence(rows)).toContain(says);
  });

  it("rounds odds down: what is short of the threshold doesn't read as having reached it", () => {
    const look = gather(errorBins(Array.from({ length: 4 }, () => [50, 950, 1, 1] as const))).look();
    expect(look).toMatchObject({ reverts: false, threshold: 20 });
    expect(look.message).toContain("evidence 18.6:1, reverts at 20:1");
  });

  it("is of the metric that weighs most, and of the threshold of its heavier part", () => {
    const startMs = t0;
    const canary = bin(startMs, { n: 400, slow500: 40, slow1000: 400 });
    const stable = bin(startMs, { n: 9600, errors: 9, slow500: 400, slow1000: 30 });
    const look = gather([{ startMs, canary, stable }], {}).look();
    expect(look.metrics[1]).toMatchObject({
      metric: "latency",
      part: "absolute",
      canary: { n: 400, bad: 400 },
    });
    expect(look.message).toContain(
      "canary 400 of 400 slower than 1000 ms (100.00 %), stable 0.31 %: 320.0 times worse",
    );
  });
});

describe("sampling (gates.md 3): evidence is of records, not of what they stand for", () => {
  it("twenty requests that one record stands for are one observation", () => {
    const one = errorBins(Array.from({ length: 5 }, () => [50, 950, 1, 1] as const));
    const heavy = (side: CohortBin | undefined): CohortBin | undefined =>
      side && { ...side, n: side.n * 20, errors: side.errors * 20, weightSquared: side.n * 400 };
    const sampled = one.map((pair) => ({ ...pair, canary: heavy(pair.canary), stable: heavy(pair.stable) }));
    const e = (bins: PaceBin[], tau: number) => gather(bins, { ...onlyErrors, tau }).look().e;
    expect(e(sampled, 0)).toBeCloseTo(e(one, 0), 8);
    expect(e(sampled, 0.5)).toBeLessThan(e(one, 0.5));
    expect(e(sampled.map(unsampled), 0.5)).toBeGreaterThan(1e6);
  });

  it("where only one side is sampled, the heavier weight counts for the comparison", () => {
    const startMs = t0;
    const of = (weightSquared: number): PaceBin => ({
      startMs,
      canary: bin(startMs, { n: 50, errors: 3 }),
      stable: bin(startMs, { n: 9500, errors: 9, weightSquared }),
    });
    const e = (weightSquared: number) => gather([of(weightSquared)], { ...onlyErrors, tau: 0 }).look();
    expect(e(190_000).eRel).toBeLessThan(e(9500).eRel);
    expect(e(190_000).eAbs).toBe(e(9500).eAbs);
  });

  function unsampled(pair: PaceBin): PaceBin {
    const bare = (side: CohortBin | undefined) => side && { ...side, weightSquared: side.n };
    return { ...pair, canary: bare(pair.canary), stable: bare(pair.stable) };
  }
});

describe("numbers", () => {
  const count = fc.oneof(fc.constant(0), fc.nat(30), fc.nat(1e6), fc.nat(Number.MAX_SAFE_INTEGER));
  const side = fc
    .record({
      n: count,
      bad: fc.double({ min: 0, max: 1, noNaN: true }),
      weight: fc.integer({ min: 1, max: 1000 }),
    })
    .map(({ n, bad, weight }) => {
      const few = Math.floor(n * bad);
      const squares = Math.min(n * weight, Number.MAX_SAFE_INTEGER);
      return { n, errors: few, slow500: few, slow1000: Math.floor(few / 2), weightSquared: squares };
    });
  const pairs = fc.array(fc.tuple(fc.option(side), fc.option(side), fc.integer({ min: 1, max: 40 })), {
    maxLength: 40,
  });

  it("are never NaN, never below 0, and the same for the same bins", () => {
    fc.assert(
      fc.property(pairs, fc.double({ min: 0, max: 5, noNaN: true }), (made, tau) => {
        let startMs = t0;
        const bins = made
          .filter(([canary, stable]) => canary || stable)
          .map(([canary, stable, later]): PaceBin => {
            startMs += later * 10_000;
            return {
              startMs,
              canary: canary ? bin(startMs, canary) : undefined,
              stable: stable ? bin(startMs, stable) : undefined,
            };
          });
        const look = gather(bins, { tau }).look();
        const all = [
          look.e,
          look.eAbs,
          look.eRel,
          ...look.metrics.flatMap(({ e, eAbs, eRel }) => [e, eAbs, eRel]),
        ];
        for (const value of all) expect(value).toSatisfy((number: number) => number >= 0 && number <= 2e30);
        expect(look.message).not.toMatch(/NaN|Infinity|undefined/);
        expect(foldPace(seriesOf(bins), { tau })).toEqual(look);
      }),
    );
  });

  it("more failures of the canary in a bin are never less evidence", () => {
    fc.assert(
      fc.property(fc.nat(200), fc.nat(199), (n, bad) => {
        const e = (failed: number) =>
          gather(errorBins([[n + 1, 950, Math.min(failed, n + 1), 1]])).evidence();
        expect(e(bad + 1)).toBeGreaterThanOrEqual(e(bad));
      }),
    );
  });

  it("a bin that says more failed than came has all failed", () => {
    expect(gather(errorBins([[5, 95, 9, 0]])).look().metrics[0]?.canary).toEqual({ n: 5, bad: 5 });
  });

  const broken: Record<string, CohortBin> = {
    NotANumber: bin(t0, { n: Number.NaN }),
    Negative: bin(t0, { n: 10, errors: -1 }),
    Endless: bin(t0, { n: Number.POSITIVE_INFINITY }),
    WeightNotANumber: bin(t0, { n: 10, weightSquared: Number.NaN }),
  };
  it.each(Object.entries(broken))("refuses %s", (_name, canary) => {
    expect(() => gather([{ startMs: t0, canary }])).toThrow(
      expect.objectContaining({ code: "bin-invalid", exit: "internal" }),
    );
  });

  it("refuses bins out of order, and one bin twice", () => {
    const [first, second] = errorBins([
      [1, 9, 0, 0],
      [1, 9, 0, 0],
    ]);
    const both = [second, first].flatMap((one) => one ?? []);
    expect(() => gather(both)).toThrow(expect.objectContaining({ code: "bin-order" }));
    expect(() => foldPace({ candidate: [bin(t0, { n: 1 }), bin(t0, { n: 2 })], stable: [] })).toThrow(
      RolloutError,
    );
  });

  const options: Record<string, Partial<PaceOptions>> = {
    alpha: { alpha: 0 },
    tolerance: { tolerance: 0.9 },
    tau: { tau: Number.NaN },
    grid: { grid: [1] },
    start: { start: 0 },
    metrics: { metrics: [] },
    binMs: { binMs: 0 },
    shares: { metrics: [{ ...errorsMetric, limitShare: 1 }] },
  };
  it.each(Object.entries(options))("refuses the option %s", (name, given) => {
    expect(() => new PaceEvidence(given)).toThrow(
      expect.objectContaining({ code: "pace-options-invalid", message: expect.stringContaining(`${name}:`) }),
    );
  });
});

describe("the guarantee, on simulated rollouts with fixed seeds", () => {
  interface Arm {
    readonly bad: Sampler;
    readonly good: Sampler;
  }
  const arm = (requests: number, share: number): Arm => ({
    bad: poisson(requests * share),
    good: poisson(requests * (1 - share)),
  });

  /** E after the last of `bins`, and whether it ever reached 20, of many rollouts. */
  function many(
    rollouts: number,
    bins: number,
    arms: { canary: Arm; stable: Arm; seed: number; tau: number },
  ) {
    const random = seeded(arms.seed);
    const last: number[] = [];
    let crossed = 0;
    for (let rollout = 0; rollout < rollouts; rollout += 1) {
      const evidence = new PaceEvidence({ ...onlyErrors, tau: arms.tau });
      let highest = 0;
      for (let at = 0; at < bins; at += 1) {
        const side = ({ bad, good }: Arm) => {
          const errors = bad(random);
          return bin(at * 10_000, { n: errors + good(random), errors });
        };
        evidence.add({ startMs: at * 10_000, canary: side(arms.canary), stable: side(arms.stable) });
        highest = Math.max(highest, evidence.evidence());
      }
      last.push(evidence.evidence());
      if (highest >= 1 / paceDefaults.alpha) crossed += 1;
    }
    const mean = last.reduce((sum, e) => sum + e, 0) / rollouts;
    const variance = last.reduce((sum, e) => sum + (e - mean) ** 2, 0) / (rollouts - 1);
    return { mean, error: Math.sqrt(variance / rollouts), crossed: crossed / rollouts };
  }

  it("healthy: E is 1 or less on average, and 20 in at most 5 %", () => {
    const arms = { canary: arm(50, 0.001), stable: arm(950, 0.001), seed: 11, tau: 0.5 };
    const { mean, error, crossed } = many(4000, 60, arms);
    expect(mean).toBeLessThanOrEqual(1 + 4 * error);
    expect(mean).toBeGreaterThan(0.2);
    expect(crossed).toBeLessThan(0.005);
  });

  it("at the very edge, 1 % beside 1 % of stable: still no more than 1 on average, and 5 %", () => {
    const arms = { canary: arm(50, 0.01), stable: arm(950, 0.01), seed: 12, tau: 0 };
    const { mean, error, crossed } = many(4000, 60, arms);
    expect(mean).toBeLessThanOrEqual(1 + 4 * error);
    // gates.md 2.3: at most 2.1 % by the absolute part, 1.8 % by the relative one.
    expect(crossed).toBeLessThan(0.05);
    expect(crossed).toBeGreaterThan(0);
  });

  it("1.5 times stable is tolerated, 5 times isn't", () => {
    const at = (share: number, seed: number) =>
      many(500, 90, { canary: arm(500, share), stable: arm(9500, 0.002), seed, tau: 0.5 });
    expect(at(0.003, 13).crossed).toBeLessThan(0.05);
    expect(at(0.01, 14).crossed).toBeGreaterThan(0.99);
  });
});

describe("size", () => {
  it("is at most 10 KB a rollout", () => {
    expect(bytesPerRollout(2000)).toBeLessThan(10_000);
  });

  it("doesn't grow with the bins", () => {
    const evidence = new PaceEvidence();
    const of = (at: number): PaceBin => ({
      startMs: at * 10_000,
      canary: bin(at * 10_000, { n: 50, errors: at % 2, slow500: at % 3 }),
      stable: bin(at * 10_000, { n: 950, errors: 1, slow500: 30 }),
    });
    for (let at = 0; at < 1000; at += 1) evidence.add(of(at));
    const before = heap();
    for (let at = 1000; at < 200_000; at += 1) evidence.add(of(at));
    expect(heap() - before).toBeLessThan(1_000_000);
    expect(evidence.look().metrics[0]?.canary.n).toBe(200_000 * 50);
  });

  /** After a collection; a bin that was kept would be 200 bytes or more, 40 MB over the run. */
  function heap(): number {
    bytesPerRollout(1);
    return process.memoryUsage().heapUsed;
  }
});
