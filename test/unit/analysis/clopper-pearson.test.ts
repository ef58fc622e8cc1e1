import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { certifies, lowerBound, upperBound } from "../../../src/analysis/clopper-pearson.ts";
import { incompleteBeta, inverseIncompleteBeta } from "../../../src/analysis/incomplete-beta.ts";
import { logGamma, stirlingError } from "../../../src/analysis/log-gamma.ts";

describe("bounds of a share", () => {
  // mpmath 1.3 at 40 digits; those above 60,000 requests from scipy 1.17 (beta.ppf).
  it.each([
    { bad: 1, n: 10, confidence: 0.95, low: 0.0051161968918237, high: 0.394163302436505 },
    { bad: 5, n: 10, confidence: 0.95, low: 0.222441101008129, high: 0.777558898991871 },
    { bad: 12, n: 2410, confidence: 0.95, low: 0.00287555133795847, high: 0.00805499787032937 },
    { bad: 12, n: 2410, confidence: 0.99, low: 0.00225496617760278, high: 0.00944797742405667 },
    { bad: 3, n: 773, confidence: 0.95, low: 0.00105862578583684, high: 0.00999979877180713 },
    { bad: 1, n: 473, confidence: 0.95, low: 0.000108436603175438, high: 0.00998970747422469 },
    { bad: 60, n: 60_000, confidence: 0.95, low: 0.0007976127551404, high: 0.00123967849016381 },
    { bad: 400, n: 10_000, confidence: 0.999, low: 0.0342033785813661, high: 0.0464198677121121 },
    { bad: 9999, n: 10_000, confidence: 0.95, low: 0.999525702340835, high: 0.999994870683716 },
    { bad: 1, n: 2, confidence: 0.5, low: 1 - Math.SQRT1_2, high: Math.SQRT1_2 },
    { bad: 500_000, n: 1_000_000, confidence: 0.95, low: 0.499177073949477, high: 0.500822926050523 },
    { bad: 36_000, n: 36_000_000, confidence: 0.95, low: 0.000991350957508394, high: 0.00100870840585794 },
    { bad: 7, n: 1_000_000_000, confidence: 0.95, low: 3.285315696353971e-9, high: 1.31481137e-8 },
  ])("$bad of $n at $confidence", ({ bad, n, confidence, low, high }) => {
    // To 1e-10 absolute, and relative where the share is small.
    expect(Math.abs(lowerBound({ bad, n }, confidence) - low)).toBeLessThan(1e-12);
    expect(Math.abs(upperBound({ bad, n }, confidence) - high)).toBeLessThan(1e-12);
    expect(lowerBound({ bad, n }, confidence) / low).toBeCloseTo(1, 8);
    expect(upperBound({ bad, n }, confidence) / high).toBeCloseTo(1, 8);
  });

  it("is exact in the corners", () => {
    expect(upperBound({ bad: 0, n: 299 })).toBe(1 - 0.05 ** (1 / 299));
    expect(lowerBound({ bad: 0, n: 299 })).toBe(0);
    expect(upperBound({ bad: 7, n: 7 })).toBe(1);
    expect(lowerBound({ bad: 7, n: 7 }, 0.9)).toBeCloseTo(0.1 ** (1 / 7), 15);
  });

  it("knows nothing of silence", () => {
    expect(lowerBound({ bad: 0, n: 0 })).toBe(0);
    expect(upperBound({ bad: 0, n: 0 })).toBe(1);
  });

  it("fires on one error only in a single request, at 99 % above 1 % (gates.md 1.6)", () => {
    const fires = [1, 2, 3, 5, 13, 50].filter((n) => lowerBound({ bad: 1, n }, 0.99) >= 0.01 - 1e-12);
    expect(fires).toEqual([1]);
  });

  const counts = fc
    .integer({ min: 1, max: 5000 })
    .chain((n) => fc.tuple(fc.constant(n), fc.integer({ min: 0, max: n })));
  const confidence = fc.double({ min: 0.5, max: 0.9999, noNaN: true });

  it("encloses the share, mirrors, and turns back into its chance", () => {
    fc.assert(
      fc.property(counts, confidence, ([n, bad], sure) => {
        const [low, high] = [lowerBound({ bad, n }, sure), upperBound({ bad, n }, sure)];
        expect(low).toBeLessThanOrEqual(bad / n);
        expect(high).toBeGreaterThanOrEqual(bad / n);
        expect(low).toBeCloseTo(1 - upperBound({ bad: n - bad, n }, sure), 10);
        // At the bound, as few as these had exactly the chance that is left.
        if (bad < n) expect(atMost(bad, n, high)).toBeCloseTo(1 - sure, 8);
      }),
      { numRuns: 200 },
    );
  });

  it("refuses counts and confidences that are none", () => {
    for (const count of [
      { bad: 2, n: 1 },
      { bad: -1, n: 5 },
      { bad: 0.5, n: 5 },
      { bad: 0, n: Number.NaN },
    ]) {
      expect(() => upperBound(count)).toThrow(expect.objectContaining({ code: "share-invalid" }));
      expect(() => lowerBound(count)).toThrow(expect.objectContaining({ code: "share-invalid" }));
      expect(() => certifies(count, 0.01)).toThrow(expect.objectContaining({ code: "share-invalid" }));
    }
    expect(() => upperBound({ bad: 0, n: 5 }, 1)).toThrow(expect.objectContaining({ code: "share-invalid" }));
  });
});

describe("proof of less than a limit (gates.md 1.6 and 2.5 item 4)", () => {
  it("takes 299, 473, 628 and 773 requests with 0, 1, 2 and 3 errors for 1 % at 95 %", () => {
    const least = [0, 1, 2, 3].map((bad) => {
      let n = bad;
      while (!certifies({ bad, n }, 0.01)) n += 1;
      return n;
    });
    expect(least).toEqual([299, 473, 628, 773]);
  });

  it("is the upper bound below the limit", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 3000 }),
        fc.nat(40),
        fc.double({ min: 0.001, max: 0.5, noNaN: true }),
        (n, few, limit) => {
          const count = { bad: Math.min(few, n), n };
          const bound = upperBound(count);
          fc.pre(Math.abs(bound - limit) > 1e-9);
          expect(certifies(count, limit)).toBe(bound < limit);
        },
      ),
    );
  });

  it("isn't given by silence, by all failing, or for no limit at all", () => {
    expect(certifies({ bad: 0, n: 0 }, 0.01)).toBe(false);
    expect(certifies({ bad: 400, n: 400 }, 0.01)).toBe(false);
    expect(certifies({ bad: 0, n: 400 }, 0)).toBe(false);
    expect(certifies({ bad: 0, n: 400 }, Number.NaN)).toBe(false);
  });

  it("is wrong about a canary of exactly the limit in at most 5 %", () => {
    // The chance that 1,000 requests at 1 % come out as proof of less.
    const proves = Array.from({ length: 30 }, (_, bad) => bad).filter((bad) =>
      certifies({ bad, n: 1000 }, 0.01),
    );
    expect(atMost(Math.max(...proves), 1000, 0.01)).toBeLessThan(0.05);
    expect(atMost(Math.max(...proves) + 1, 1000, 0.01)).toBeGreaterThan(0.05);
  });
});

describe("the functions below", () => {
  // mpmath 1.3, loggamma at 40 digits.
  it.each([
    [1e-3, 6.90717888538385],
    [0.5, 0.5723649429247],
    [1, 0],
    [1.5, -0.120782237635245],
    [2, 0],
    [5, 3.17805383034795],
    [11.9, 17.2584774505955],
    [12, 17.5023078458739],
    [100.25, 360.284559637764],
    [1e6, 12815504.5691476],
    [3.6e7, 590365054.090558],
  ])("ln gamma(%d)", (z, value) => {
    expect(Math.abs(logGamma(z) - value)).toBeLessThanOrEqual(1e-14 * Math.max(1, Math.abs(value)));
  });

  it("Stirling's error goes on smoothly where the series takes over", () => {
    expect(stirlingError(12 - 1e-9)).toBeCloseTo(stirlingError(12), 11);
    expect(stirlingError(1)).toBeCloseTo(1 - 0.5 * Math.log(2 * Math.PI), 14);
  });

  it("the incomplete beta function is a binomial tail, and its inverse undoes it", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 400 }),
        fc.integer({ min: 1, max: 400 }),
        fc.double({ min: 1e-6, max: 1 - 1e-6, noNaN: true }),
        (a, b, x) => {
          expect(incompleteBeta(a, b, x)).toBeCloseTo(1 - atMost(a - 1, a + b - 1, x), 9);
          expect(incompleteBeta(a, b, inverseIncompleteBeta(a, b, x))).toBeCloseTo(x, 9);
        },
      ),
    );
    expect([incompleteBeta(2, 3, 0), incompleteBeta(2, 3, 1)]).toEqual([0, 1]);
  });
});

/** Chance of at most `most` hits in n tries, term by term. */
function atMost(most: number, n: number, chance: number): number {
  let sum = 0;
  let log = n * Math.log1p(-chance);
  for (let hits = 0; hits <= most; hits += 1) {
    sum += Math.exp(log);
    log += Math.log((n - hits) / (hits + 1)) + Math.log(chance) - Math.log1p(-chance);
  }
  return sum;
}
