import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { budgetCost, natsNeeded, planHarm, requestsToDetect } from "../../../src/analysis/harm.ts";
import {
  leastFirstWeight,
  minutesToCertify,
  requestsIn,
  requestsToCertify,
  smallestVisibleRatio,
} from "../../../src/analysis/soak-power.ts";

const steps = [0.05, 0.2, 0.5, 1].map((weight) => ({ weight, soakSeconds: 900 }));
const delays = { lagSeconds: 60, lookSeconds: 10, revertSeconds: 30 };
const none = { lagSeconds: 0, lookSeconds: 0, revertSeconds: 0 };
const stableShare = 0.001;

describe("requests until PACE finds a canary (gates.md 5, n*; gates_sim.py table_facts, table_vectors)", () => {
  it("needs 5.02 nats", () => {
    expect(natsNeeded).toBeCloseTo(5.0174, 4);
  });

  it.each([
    { canaryShare: 0.002, requests: [72_385] },
    { canaryShare: 0.003, requests: [9541, 12_822, 25_159] },
    { canaryShare: 0.005, requests: [2243, 3160, 6541] },
    { canaryShare: 0.01, requests: [563, 852, 1877] },
    { canaryShare: 0.02, requests: [188, 305, 705] },
    { canaryShare: 0.05, requests: [55, 97, 233] },
    { canaryShare: 0.5, requests: [4, 8, 20] },
  ])("$canaryShare: $requests at 5, 20 and 50 %", ({ canaryShare, requests }) => {
    const seen = [0.05, 0.2, 0.5]
      .slice(0, requests.length)
      .map((weight) => requestsToDetect(weight, { canaryShare, stableShare }));
    expect(seen.map(Math.round)).toEqual(requests);
  });

  it("at 100 % it is the hard limit alone", () => {
    expect(requestsToDetect(1, { canaryShare: 0.02, stableShare })).toBeCloseTo(1282, 0);
    expect(requestsToDetect(1, { canaryShare: 0.01, stableShare })).toBe(Number.POSITIVE_INFINITY);
  });

  it("never finds what is tolerated: 1.5 times stable, or within the SLO", () => {
    expect(requestsToDetect(0.05, { canaryShare: 0.0015, stableShare })).toBe(Number.POSITIVE_INFINITY);
    expect(requestsToDetect(0.05, { canaryShare: 0.001, stableShare: 0 })).toBe(Number.POSITIVE_INFINITY);
    expect(requestsToDetect(0.05, { canaryShare: 0.002, stableShare: 0 })).toBeLessThan(20_000);
  });
});

describe("time and harm with lag 60 s, look 10 s, revert 30 s (gates.md 5; gates_sim.py plan_hurt)", () => {
  // By 10 k/s, 1 k/s, 100/s, 10/s: minutes, extra failed requests.
  it.each([
    {
      canaryShare: 0.005,
      rows: [
        [2.19085, 262.902],
        [2.86379, 34.3655],
        [9.59321, 11.5118],
        [37.1167, 17.5401],
      ],
    },
    {
      canaryShare: 0.02,
      rows: [
        [1.63418, 931.485],
        [1.69051, 96.3591],
        [2.25378, 12.8465],
        [7.88643, 4.49527],
      ],
    },
    {
      canaryShare: 0.05,
      rows: [
        [1.59817, 2349.31],
        [1.61461, 237.347],
        [1.77896, 26.1507],
        [3.4225, 5.03107],
      ],
    },
    {
      canaryShare: 1,
      rows: [
        [1.58387, 47468.6],
        [1.58447, 4748.65],
        [1.59044, 476.654],
        [1.65012, 49.4542],
      ],
    },
  ])("$canaryShare", ({ canaryShare, rows }) => {
    for (const [index, requestsPerSecond] of [10_000, 1000, 100, 10].entries()) {
      const { minutesToRevert, extraFailures } = planHarm(
        { requestsPerSecond, canaryShare, stableShare },
        steps,
        delays,
      );
      const [minutes = 0, failed = 0] = rows[index] ?? [];
      expect(minutesToRevert / minutes, `${requestsPerSecond}/s`).toBeCloseTo(1, 4);
      expect(extraFailures / failed, `${requestsPerSecond}/s`).toBeCloseTo(1, 4);
    }
  });

  it("without any lag at 100/s: the formula's column beside the simulation, 9.6, 5.4, 3.8 and 2.9", () => {
    const failed = [0.005, 0.01, 0.02, 0.05].map(
      (canaryShare) =>
        planHarm({ requestsPerSecond: 100, canaryShare, stableShare }, steps, none).extraFailures,
    );
    expect(failed.map((count) => Number(count.toFixed(1)))).toEqual([9.6, 5.4, 3.8, 2.9]);
  });

  it("of what is never found is the whole plan: 1,575 s at full weight", () => {
    const { minutesToRevert, extraFailures } = planHarm(
      { requestsPerSecond: 10_000, canaryShare: 0.0014, stableShare },
      steps,
      delays,
    );
    expect(minutesToRevert).toBe(Number.POSITIVE_INFINITY);
    expect(extraFailures).toBeCloseTo(0.0004 * 10_000 * 1575, 6);
  });

  it("carries unfinished evidence into the next step: 0.3 % at 100/s is found in the second", () => {
    const { minutesToRevert, extraFailures } = planHarm(
      { requestsPerSecond: 100, canaryShare: 0.003, stableShare },
      steps,
      delays,
    );
    expect(minutesToRevert).toBeCloseTo(24, 1);
    expect(Math.round(extraFailures)).toBe(31);
  });

  it("a totally broken canary at 5 % costs 4.8 budget seconds, 0.18 % of the month; a direct deploy 3.7 %", () => {
    const situation = { requestsPerSecond: 1000, canaryShare: 1, stableShare: 0 };
    // 0.05 · 95 s of 2,592; gates.md counts the way back alone, without the time that the evidence takes.
    expect(budgetCost(0.05 * 95 * 1000, 1000)).toBeCloseTo(4.75 / 2592, 6);
    expect(budgetCost(95 * 1000, 1000)).toBeCloseTo(0.0367, 4);
    expect(budgetCost(planHarm(situation, steps, delays).extraFailures, 1000)).toBeCloseTo(0.0018, 4);
  });

  it("costs nothing where nothing fails, and more than there is where there is no budget", () => {
    expect(budgetCost(0, 0)).toBe(0);
    expect(budgetCost(1, 0)).toBe(Number.POSITIVE_INFINITY);
  });

  it("never has more minutes, nor a NaN, for a worse canary", () => {
    const share = fc.double({ min: 0, max: 1, noNaN: true });
    fc.assert(
      fc.property(
        fc.tuple(share, share, share),
        fc.integer({ min: 1, max: 100_000 }),
        (shares, requestsPerSecond) => {
          const [stable = 0, better = 0, worse = 0] = shares.toSorted((a, b) => a - b);
          const minutes = (canaryShare: number) => {
            const harm = planHarm({ requestsPerSecond, canaryShare, stableShare: stable }, steps, delays);
            expect(harm.extraFailures).toBeGreaterThanOrEqual(0);
            return harm.minutesToRevert;
          };
          expect(minutes(worse)).toBeLessThanOrEqual(minutes(better) * (1 + 1e-9));
        },
      ),
    );
  });
});

describe("what a soak can see (gates.md 5: 5, 20 and 50 %, 15 min, half the time, independent requests)", () => {
  // The table steps by 0.05: 11.45, 6.60, 6.05 at 10/s, …
  it.each([
    { requestsPerSecond: 10, ratios: [11.45, 6.6, 6.05] },
    { requestsPerSecond: 100, ratios: [3.85, 2.75, 2.6] },
    { requestsPerSecond: 1000, ratios: [2.15, 1.9, 1.85] },
    { requestsPerSecond: 10_000, ratios: [1.7, 1.65, 1.6] },
  ])("$requestsPerSecond/s: $ratios times", ({ requestsPerSecond, ratios }) => {
    for (const [index, weight] of [0.05, 0.2, 0.5].entries()) {
      const seen = smallestVisibleRatio({ weight, requestsPerSecond, soakSeconds: 900 });
      expect(seen).toBeLessThanOrEqual((ratios[index] ?? 0) + 1e-9);
      expect(seen).toBeGreaterThan((ratios[index] ?? 0) - 0.05);
    }
  });

  it("is nothing at all where even a dead canary stays unseen", () => {
    expect(smallestVisibleRatio({ weight: 0.05, requestsPerSecond: 1 / 600, soakSeconds: 900 })).toBe(
      Number.POSITIVE_INFINITY,
    );
  });
});

describe("requests of a step, and the first weight (gates.md 1.6, 5)", () => {
  it.each([
    { requestsPerSecond: 10_000, soakSeconds: 120, requests: 60_000 },
    { requestsPerSecond: 1, soakSeconds: 900, requests: 45 },
    { requestsPerSecond: 1 / 6, soakSeconds: 900, requests: 7.5 },
  ])(
    "5 % of $requestsPerSecond/s in $soakSeconds s: $requests",
    ({ requestsPerSecond, soakSeconds, requests }) => {
      expect(requestsIn({ weight: 0.05, requestsPerSecond, soakSeconds })).toBeCloseTo(requests, 9);
    },
  );

  it("299 requests prove less than 1 %: 100 min at 5 % of 1/s, 10 h at 10/min", () => {
    expect(requestsToCertify()).toBe(299);
    expect(minutesToCertify({ weight: 0.05, requestsPerSecond: 1 })).toBeCloseTo(99.67, 2);
    expect(minutesToCertify({ weight: 0.05, requestsPerSecond: 1 / 6 }) / 60).toBeCloseTo(9.97, 2);
    expect(minutesToCertify({ weight: 1, requestsPerSecond: 1 / 6 })).toBeCloseTo(29.9, 1);
    expect(minutesToCertify({ weight: 0.05, requestsPerSecond: 0 })).toBe(Number.POSITIVE_INFINITY);
  });

  it("the first weight at 15 min: 3.3 % at 10/s, 33 % at 1/s, impossible at 10/min", () => {
    const least = (requestsPerSecond: number) => leastFirstWeight({ requestsPerSecond, soakSeconds: 900 });
    expect(least(10)).toBeCloseTo(0.0332, 4);
    expect(least(1)).toBeCloseTo(0.3322, 4);
    expect(least(1 / 6)).toBeGreaterThan(1);
  });
});
