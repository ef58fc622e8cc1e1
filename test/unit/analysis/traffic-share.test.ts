import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { lowerBound } from "../../../src/analysis/clopper-pearson.ts";
import { type TrafficBin, type TrafficOptions, TrafficShare } from "../../../src/analysis/traffic-share.ts";
import type { CohortBin } from "../../../src/types/observation.ts";
import { poisson, seeded } from "../../../tools/judge/random.ts";

const literal = { tolerance: 0 };

function cohort(n: number, weightSquared = n): CohortBin {
  return { startMs: 0, n, errors: 0, slow: {}, exceptions: 0, weightSquared };
}

function traffic(weight: number, canary: number, stable: number): TrafficBin {
  return { weight, canary: cohort(canary), stable: cohort(stable) };
}

function look(bins: readonly TrafficBin[], options: Partial<TrafficOptions> = literal) {
  const share = new TrafficShare(options);
  for (const bin of bins) share.add(bin);
  return share.look();
}

describe("evidence of Lindon and Malek, with a prior of 100 requests (scipy 1.17, betaln)", () => {
  it.each([
    { weight: 0.05, canary: 30, stable: 970, e: 29.19389472 },
    { weight: 0.05, canary: 500, stable: 9500, e: 0.09787311755 },
    { weight: 0.5, canary: 0, stable: 12, e: 1.809350877 },
    { weight: 0.05, canary: 5, stable: 0, e: 4.38439486 },
  ])("weight $weight, $canary on the canary, $stable on stable", ({ weight, canary, stable, e }) => {
    expect(look([traffic(weight, canary, stable)]).e / e).toBeCloseTo(1, 8);
  });

  it("is the same in one bin or in many, in whatever order", () => {
    const parts = [traffic(0.05, 10, 200), traffic(0.05, 0, 470), traffic(0.05, 20, 300)];
    expect(look(parts).e).toBeCloseTo(look([traffic(0.05, 30, 970)]).e, 8);
    expect(look(parts.toReversed()).e).toBeCloseTo(look(parts).e, 8);
  });

  it("goes on over a change of weight, from the odds that it has learnt", () => {
    // ln B and the next centre by hand in scipy: odds 35/1065 of 5/95, times 20/80.
    const { e } = look([traffic(0.05, 30, 970), traffic(0.2, 130, 870)]);
    expect(e / 207_151_483.65819097).toBeCloseTo(1, 7);
  });

  it("finds half of the canary's telemetry missing while the weight changes in every bin", () => {
    const bins = Array.from({ length: 60 }, (_, at) => {
      const weight = 0.05 + (at % 7) / 100;
      const canary = Math.round((weight / 2) * 1000);
      return traffic(weight, canary, Math.round((1 - weight) * 1000));
    });
    expect(look(bins, {}).mismatch).toBe(true);
    const matching = bins.map(({ weight }) =>
      traffic(weight, Math.round(weight * 1000), Math.round((1 - weight) * 1000)),
    );
    expect(look(matching, {}).e).toBeLessThan(1);
  });
});

describe("verdict", () => {
  const cases: Record<string, { bins: TrafficBin[]; mismatch: boolean }> = {
    Matches: { bins: [traffic(0.05, 5000, 95_000)], mismatch: false },
    HalfMissing: { bins: [traffic(0.05, 250, 9500)], mismatch: true },
    TwiceTheWeight: { bins: [traffic(0.05, 1000, 9000)], mismatch: true },
    TooFewToTell: { bins: [traffic(0.05, 0, 50)], mismatch: false },
    NothingOfTheCanary: { bins: [traffic(0.05, 0, 950)], mismatch: true },
    NothingOfStable: { bins: [traffic(0.5, 60, 0)], mismatch: true },
    // 13 of 256: how HAProxy writes 5 %.
    RoundedByTheRouter: { bins: [traffic(0.05, 5_078_125, 94_921_875)], mismatch: false },
    AllOnTheCanary: { bins: [traffic(1, 5000, 20)], mismatch: false },
    NoneOnTheCanary: { bins: [traffic(0, 3, 5000)], mismatch: false },
    NoRequests: { bins: [traffic(0.05, 0, 0)], mismatch: false },
  };
  it.each(Object.entries(cases))("%s", (_name, { bins, mismatch }) => {
    expect(look(bins, {}).mismatch).toBe(mismatch);
  });

  it("has a tolerance for what routers round; the literal test hasn't", () => {
    const rounded = [traffic(0.05, 5_078_125, 94_921_875)];
    expect(look(rounded, { tolerance: 0 }).mismatch).toBe(true);
    expect(look(rounded, {}).e).toBeLessThan(1);
    // scipy: the marginal over the likelihood at odds 5/95/1.1.
    expect(look([traffic(0.05, 300, 9700)], {}).e / 4_936_007_528_645.3).toBeCloseTo(1, 6);
  });

  it("says what came, what was due, and how sure it is", () => {
    expect(look([traffic(0.05, 256, 9744)], {})).toMatchObject({
      canary: 256,
      total: 10_000,
      expected: 500,
      threshold: 1000,
      message:
        "canary got 256 of 10,000 requests (2.56 %), by its weight 5.00 %; evidence more than 1,000,000:1, holds at 1,000:1",
    });
    expect(look([]).message).toBe(
      "no requests to compare with the weight yet; evidence 1:1, holds at 1,000:1",
    );
  });

  it("takes twenty sampled requests of one record for one observation", () => {
    const sampled = { weight: 0.05, canary: cohort(600, 12_000), stable: cohort(19_400, 388_000) };
    expect(look([sampled]).e).toBeCloseTo(look([traffic(0.05, 30, 970)]).e, 8);
    expect(look([{ ...sampled, canary: cohort(600) }]).e).toBeCloseTo(look([sampled]).e, 8);
  });
});

describe("numbers", () => {
  it("are never NaN", () => {
    const count = fc.oneof(fc.constant(0), fc.nat(50), fc.nat(Number.MAX_SAFE_INTEGER));
    const bin = fc.tuple(fc.double({ min: 0, max: 1, noNaN: true }), count, count);
    fc.assert(
      fc.property(
        fc.array(bin, { maxLength: 30 }),
        fc.double({ min: 0, max: 2, noNaN: true }),
        (rows, tolerance) => {
          const { e, message } = look(
            rows.map(([weight, canary, stable]) => traffic(weight, canary, stable)),
            { tolerance },
          );
          expect(e).toSatisfy((value: number) => value >= 0 && value <= 1e30);
          expect(message).not.toMatch(/NaN|undefined/);
        },
      ),
    );
  });

  it("a tolerance never adds evidence", () => {
    fc.assert(
      fc.property(
        fc.nat(300),
        fc.nat(3000),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (canary, stable, tolerance) => {
          const bins = [traffic(0.05, canary, stable), traffic(0.2, canary, stable)];
          // The second prior is the same: it is centred on what came, not on what is tolerated.
          expect(look(bins, { tolerance }).e).toBeLessThanOrEqual(look(bins, literal).e * (1 + 1e-9));
        },
      ),
    );
  });

  it("refuses what is no weight, no count, no option", () => {
    expect(() => look([traffic(1.5, 1, 1)])).toThrow(expect.objectContaining({ code: "traffic-invalid" }));
    expect(() => look([traffic(0.5, Number.NaN, 1)])).toThrow(
      expect.objectContaining({ code: "traffic-invalid" }),
    );
    expect(() => new TrafficShare({ threshold: 1 })).toThrow(
      expect.objectContaining({ code: "traffic-options-invalid", exit: "config" }),
    );
  });

  it("matching traffic: 1 or less on average, and 1,000 ever in no more than 1 of 1,000 rollouts", () => {
    const random = seeded(21);
    let sum = 0;
    let held = 0;
    for (let rollout = 0; rollout < 4000; rollout += 1) {
      const share = new TrafficShare(literal);
      let ever = false;
      for (const weight of [0.05, 0.2, 0.5]) {
        const [canary, stable] = [poisson(weight * 100), poisson((1 - weight) * 100)];
        for (let at = 0; at < 20; at += 1) share.add(traffic(weight, canary(random), stable(random)));
        ever ||= share.look().mismatch;
      }
      if (ever) held += 1;
      sum += share.look().e;
    }
    expect(sum / 4000).toBeLessThan(1.2);
    expect(lowerBound({ bad: held, n: 4000 })).toBeLessThanOrEqual(0.001);
  });
});
