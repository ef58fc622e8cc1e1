import { describe, expect, it } from "vitest";
import { comparedMs, type EvidenceInput, readEvidence } from "../../../src/analysis/evidence-gate.ts";
import { foldPace } from "../../../src/analysis/pace.ts";
import { errorsMetric } from "../../../src/analysis/pace-options.ts";
import type { GateLimits } from "../../../src/types/gates.ts";
import type { CohortBin } from "../../../src/types/observation.ts";
import { aPolicy } from "../../support/builders.ts";

const t0 = 1_790_000_000_000;

interface Side {
  readonly n: number;
  readonly errors?: number;
  /** Undefined: the source counts no threshold. */
  readonly slow?: Readonly<Record<number, number>>;
  readonly weightSquared?: number;
}

function binsOf(specs: readonly Side[], fromMs = t0): CohortBin[] {
  return specs.map(({ n, errors = 0, slow = {}, weightSquared = n }, index) => ({
    startMs: fromMs + index * 10_000,
    n,
    errors,
    slow,
    exceptions: 0,
    weightSquared,
  }));
}
const times = (count: number, side: Side) => Array.from({ length: count }, () => side);

interface Look extends Partial<Pick<EvidenceInput, "exposedSinceMs" | "watermarkMs">> {
  readonly gates?: Partial<GateLimits>;
  readonly odds?: number;
}

function read(candidate: readonly CohortBin[], stable: readonly CohortBin[], look: Look = {}) {
  const { gates, odds = 20, exposedSinceMs = t0 } = look;
  const last = Math.max(...[...candidate, ...stable].map(({ startMs }) => startMs), t0);
  return readEvidence({
    gates: { ...aPolicy().gates, ...gates },
    evidence: { odds, tolerance: 1.5, noise: 0.5 },
    candidate,
    stable,
    exposedSinceMs,
    watermarkMs: look.watermarkMs ?? last + 10_000,
    binMs: 10_000,
  });
}

/** The reference vector of gates.md 2.4, errors alone: 2 % at 100 requests/s, `bins` of 10 s. */
const vector = (bins: number) =>
  [binsOf(times(bins, { n: 50, errors: 1 })), binsOf(times(bins, { n: 950, errors: 1 }))] as const;

describe("the odds (reference vectors of gates.md 2.4)", () => {
  it.each([
    { bins: 2, e: 2.79, verdict: "no-data", reason: "NotCertified" },
    { bins: 3, e: 6.79, verdict: "no-data", reason: "EvidenceUnclear" },
    { bins: 4, e: 18.6, verdict: "no-data", reason: "EvidenceUnclear" },
    { bins: 5, e: 54.3, verdict: "fail", reason: "EvidenceAgainst" },
  ])("$e:1 after $bins bins: $reason", ({ bins, e, verdict, reason }) => {
    const reading = read(...vector(bins));
    expect(reading).toMatchObject({
      gate: "evidence",
      limit: 20,
      value: e,
      verdict,
      reason,
      samples: bins * 50,
    });
  });

  it("fail exactly at the odds that were asked for, and not a bit below", () => {
    const [candidate, stable] = vector(4);
    const { e } = foldPace({ candidate, stable }, { metrics: [errorsMetric], originMs: t0 });
    expect(read(candidate, stable, { odds: e })?.verdict).toBe("fail");
    expect(read(candidate, stable, { odds: e * 1.000001 })?.verdict).toBe("no-data");
  });

  it("evidence short of a threshold never reads as having reached it", () => {
    const [candidate, stable] = vector(4);
    // 18.6093: rounded it would be 18.61.
    expect(read(candidate, stable, { odds: 18.61 })).toMatchObject({ verdict: "no-data", value: 18.6 });
  });

  it("says its odds as config has them, also where their inverse is no binary fraction", () => {
    for (const odds of [3, 49, 105, 117, 1000]) {
      expect(read(...vector(6), { odds })?.message).toContain(
        `reverts at ${odds === 1000 ? "1,000" : odds}:1`,
      );
    }
  });

  it("blame the canary, in the sentence of the guide", () => {
    expect(read(...vector(5))).toMatchObject({
      cause: "canary",
      message:
        "canary 5 of 250 failed (2.00 %), stable 0.11 %: 19.0 times worse; evidence 54.3:1, reverts at 20:1",
    });
  });

  it("a restarted driver reads the same, whatever the order of the bins", () => {
    const [candidate, stable] = vector(5);
    expect(read([...candidate].reverse(), [...stable].reverse())).toEqual(read(candidate, stable));
  });
});

describe("what counts", () => {
  it("nothing from before the rollout", () => {
    const before = binsOf(times(30, { n: 50, errors: 25 }), t0 - 300_000);
    expect(read([...before, ...binsOf([{ n: 299 }])], binsOf([{ n: 5000 }]))).toMatchObject({
      verdict: "pass",
      samples: 299,
    });
  });

  it("nothing after the watermark", () => {
    const [candidate, stable] = vector(5);
    const at = (seconds: number) => read(candidate, stable, { watermarkMs: t0 + seconds * 1000 });
    expect([at(49)?.verdict, at(50)?.verdict]).toEqual(["no-data", "fail"]);
  });

  it("a limit of no error at all, or of all, leaves nothing to weigh", () => {
    for (const limitPercent of [0, 100]) {
      const gates = { errorRate: { limitPercent, windows: 1 } };
      expect(read(...vector(5), { gates })).toBeUndefined();
    }
  });

  it("within the promise nothing is evidence, however much worse than stable", () => {
    const sides = [
      binsOf(times(60, { n: 1000, errors: 5 })),
      binsOf(times(60, { n: 9000, errors: 9 })),
    ] as const;
    const promising = (availabilityPercent: number) =>
      read(...sides, {
        gates: { slo: { availabilityPercent, resolveWithinSeconds: 600, window: "rolling-30d" } },
      });
    expect(promising(99.9)).toMatchObject({ verdict: "fail", reason: "EvidenceAgainst" });
    expect(promising(99.4)).toMatchObject({ verdict: "pass", reason: "Certified" });
    expect(read(...sides)?.verdict).toBe("fail");
  });
});

describe("proof that the shares are within their limits, with 95 % confidence (gates.md 1.6)", () => {
  const stable = binsOf([{ n: 5000, errors: 5 }]);
  it.each([
    { n: 298, errors: 0, verdict: "no-data" },
    { n: 299, errors: 0, verdict: "pass" },
    { n: 472, errors: 1, verdict: "no-data" },
    { n: 473, errors: 1, verdict: "pass" },
    { n: 627, errors: 2, verdict: "no-data" },
    { n: 628, errors: 2, verdict: "pass" },
  ])("$errors of $n failed: $verdict", ({ n, errors, verdict }) => {
    const reading = read(binsOf([{ n, errors }]), stable);
    expect(reading).toMatchObject({ verdict, reason: verdict === "pass" ? "Certified" : "NotCertified" });
    expect(reading?.message).toContain(`canary ${errors} of ${n} failed: at most`);
  });

  it("no request at all proves nothing", () => {
    expect(read([], stable)).toMatchObject({ verdict: "no-data", reason: "NotCertified", samples: 0 });
    expect(read([], [])).toMatchObject({ verdict: "no-data", reason: "NotCertified" });
  });

  it("less than 5 % slower than the limit is proved too", () => {
    const slow = (count: number) => binsOf([{ n: 1000, slow: { 500: 45, 1000: count } }]);
    const beside = binsOf([{ n: 5000, slow: { 500: 225, 1000: 150 } }]);
    expect(read(slow(30), beside)?.verdict).toBe("pass");
    expect(read(slow(45), beside)).toMatchObject({
      verdict: "no-data",
      reason: "NotCertified",
      message: expect.stringMatching(/5 % slower than 1000 ms \(at most 5\.\d\d %\)/),
    });
  });

  it("records that stand for twenty requests are one observation each", () => {
    const sampled = (n: number) => read(binsOf([{ n, weightSquared: 20 * n }]), stable);
    expect(sampled(299)?.verdict).toBe("no-data");
    expect(sampled(5979)?.verdict).toBe("no-data");
    expect(sampled(5980)?.verdict).toBe("pass");
  });

  it("they are less evidence against it too", () => {
    const [candidate, beside] = vector(5);
    const sampled = (bins: readonly CohortBin[]) =>
      bins.map((bin) => ({ ...bin, weightSquared: 20 * bin.n }));
    expect(read(sampled(candidate), sampled(beside))?.verdict).toBe("no-data");
  });
});

describe("latency", () => {
  const fast = { 500: 9, 1000: 4 };
  const beside = times(60, { n: 950, slow: fast });
  const slower = { n: 50, slow: { 500: 15, 1000: 0 } };

  it("is compared at the SLO's threshold, once the pods are warm", () => {
    const at = (bins: number) => read(binsOf(times(bins, slower)), binsOf(beside.slice(0, bins)));
    expect(at(12)).not.toMatchObject({ verdict: "fail" });
    expect(at(60)).toMatchObject({ verdict: "fail", message: expect.stringContaining("slower than 500 ms") });
  });

  it("is judged at the hard limit's threshold, with nothing beside it", () => {
    const reading = read(binsOf(times(60, { n: 50, slow: { 500: 15, 1000: 15 } })), []);
    expect(reading).toMatchObject({
      verdict: "fail",
      message: expect.stringContaining("slower than 1000 ms (30.00 %), no stable requests to compare with"),
    });
  });

  it("a threshold that one bin doesn't count leaves errors alone", () => {
    const partial = [...binsOf(times(59, slower)), ...binsOf([{ n: 50 }], t0 + 590_000)];
    expect(read(partial, binsOf(beside))?.verdict).not.toBe("fail");
    const failing = [...partial.slice(0, 59), ...binsOf([{ n: 50, errors: 40 }], t0 + 590_000)];
    expect(read(failing, binsOf(beside))).toMatchObject({
      verdict: "fail",
      message: expect.stringContaining("failed"),
    });
  });

  it("no stricter limit than the SLO's is compared at the SLO's", () => {
    const of = (limitMs: number) => comparedMs({ p95: { limitMs, windows: 5 } });
    expect([of(300), of(500), of(1000)]).toEqual([300, 500, 500]);
  });
});

describe("where stable is ill too, it is the environment, and turns back all the same", () => {
  const ill = times(60, { n: 50, errors: 25 });
  const well = { n: 950, errors: 1, slow: {} };
  const label = (stable: readonly Side[]) => {
    const reading = read(binsOf(ill), binsOf(stable));
    expect(reading).toMatchObject({ verdict: "fail", reason: "EvidenceAgainst" });
    return reading?.cause;
  };

  it.each([
    { why: "well", last: well, cause: "canary" },
    { why: "at exactly the limit of 1 %", last: { n: 1000, errors: 10 }, cause: "canary" },
    { why: "over it", last: { n: 1000, errors: 11 }, cause: "environment" },
    { why: "at exactly 5 % slower than 1000 ms", last: { n: 1000, slow: { 1000: 50 } }, cause: "canary" },
    { why: "over it", last: { n: 1000, slow: { 1000: 51 } }, cause: "environment" },
    { why: "silent", last: { n: 0 }, cause: "canary" },
  ])("stable was $why in the last 30 s: $cause", ({ last, cause }) => {
    expect(label([...times(57, well), ...times(3, last)])).toBe(cause);
  });

  it("what was longer ago, or isn't complete, labels nothing", () => {
    const bad = { n: 1000, errors: 500 };
    expect(label([...times(57, bad), ...times(3, { n: 950 })])).toBe("canary");
    const candidate = binsOf(ill);
    const stable = binsOf([...times(60, well), bad]);
    expect(read(candidate, stable, { watermarkMs: t0 + 600_000 })?.cause).toBe("canary");
  });

  it("says so", () => {
    const reading = read(binsOf(ill), binsOf(times(60, { n: 950, errors: 95 })));
    expect(reading?.message).toMatch(/; stable breaches it too$/);
  });
});

describe("one side alone (in place, on slots)", () => {
  it("the limits' part is all the evidence", () => {
    const bins = binsOf(times(3, { n: 50, errors: 2 }));
    const { eAbs } = foldPace({ candidate: bins, stable: [] }, { metrics: [errorsMetric], originMs: t0 });
    expect(read(bins, [])?.value).toBe(Math.floor(eAbs * 100) / 100);
    expect(read(binsOf(times(30, { n: 50, errors: 3 })), [])).toMatchObject({
      verdict: "fail",
      cause: "canary",
      message: expect.stringContaining("no stable requests to compare with"),
    });
  });

  it("worse than it was, but within its limit, is no evidence without anything to compare", () => {
    expect(read(binsOf(times(360, { n: 1000, errors: 5 })), [])).toMatchObject({ verdict: "pass" });
  });
});
