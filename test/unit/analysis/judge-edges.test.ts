import { describe, expect, it } from "vitest";
import { judge, type LookInput, thresholdsOf } from "../../../src/analysis/judge.ts";
import type { GateLimits } from "../../../src/types/gates.ts";
import { answer, aPolicy, type BinSpec, bins, healthy, repeat } from "../../support/builders.ts";

const t0 = 1_790_000_000_000;
const { gates } = aPolicy();

/** Bins since t0, the last one closed at the watermark; what was before the rollout ends at t0. */
function look(
  candidate: readonly BinSpec[],
  over: Partial<LookInput> & { readonly before?: readonly BinSpec[] } = {},
) {
  const { before = [], ...more } = over;
  const series = [...bins(t0 - before.length * 10_000, before), ...bins(t0, candidate)];
  const stable = bins(t0, repeat(candidate.length, { n: 9500, errors: 9 }));
  const watermarkMs = t0 + candidate.length * 10_000;
  return judge({
    gates,
    metrics: answer(series, stable, watermarkMs),
    health: healthy,
    exposedSinceMs: t0,
    confirmedAtMs: t0,
    nowMs: watermarkMs + 30_000,
    ...more,
  });
}
const of = (gate: string, readings: ReturnType<typeof look>) =>
  readings.find((reading) => reading.gate === gate);

describe("error rate, above 1 %", () => {
  it.each([
    { why: "one bin short of two windows", count: 11, verdict: "no-data", reason: "BreachNotSustained" },
    { why: "exactly two windows", count: 12, verdict: "fail", reason: "LimitBreached" },
    { why: "longer", count: 30, verdict: "fail", reason: "LimitBreached" },
  ])("$why: $verdict", ({ count, verdict, reason }) => {
    expect(of("error-rate", look(repeat(count, { n: 1000, errors: 11 })))).toMatchObject({ verdict, reason });
  });

  it("no failed request is a value of 0", () => {
    expect(of("error-rate", look(repeat(12, { n: 1000 })))).toMatchObject({ verdict: "pass", value: 0 });
  });

  it.each([
    { requests: 99, verdict: "no-data" },
    { requests: 100, verdict: "pass" },
  ])("$requests requests in its window: $verdict", ({ requests, verdict }) => {
    const specs = [{ n: requests }, ...repeat(5, { n: 0 })];
    expect(of("error-rate", look(specs))?.verdict).toBe(verdict);
  });

  it("a limit of 0 is breached by one failed request", () => {
    const strict = { gates: { ...gates, errorRate: { limitPercent: 0, windows: 1 } } };
    expect(of("error-rate", look([{ n: 1000, errors: 1 }, ...repeat(5, { n: 1000 })], strict))?.verdict).toBe(
      "fail",
    );
    expect(of("error-rate", look(repeat(6, { n: 1000 }), strict))?.verdict).toBe("pass");
  });
});

describe("P95, above 1000 ms", () => {
  it.each([
    { why: "below", count: 30, slow: 49, verdict: "pass", reason: "WithinLimit" },
    {
      why: "one bin short of five windows",
      count: 29,
      slow: 51,
      verdict: "no-data",
      reason: "BreachNotSustained",
    },
    { why: "exactly five windows", count: 30, slow: 51, verdict: "fail", reason: "LimitBreached" },
    { why: "longer", count: 60, slow: 51, verdict: "fail", reason: "LimitBreached" },
    { why: "none slow: zero is a value", count: 30, slow: 0, verdict: "pass", reason: "WithinLimit" },
  ])("$why: $verdict", ({ count, slow, verdict, reason }) => {
    const reading = of("p95-latency", look(repeat(count, { n: 1000, slow })));
    expect(reading).toMatchObject({ verdict, reason, value: slow / 10 });
  });

  it("too few requests, or only such from before the rollout, prove nothing", () => {
    const few = { verdict: "no-data", reason: "BelowMinRequests" };
    expect(of("p95-latency", look(repeat(9, { n: 10, slow: 10 })))).toMatchObject(few);
    const before = repeat(60, { n: 1000, slow: 500 });
    expect(of("p95-latency", look(repeat(5, { n: 1000 }), { before }))).toMatchObject(few);
  });

  it("a threshold that a bin of stable doesn't count is an error too", () => {
    const [first, ...rest] = bins(t0, repeat(6, { n: 1000 }));
    const stable = [{ ...first, slow: {} }, ...rest] as typeof rest;
    const metrics = answer(bins(t0, repeat(6, { n: 1000 })), stable, t0 + 60_000);
    expect(of("p95-latency", look([], { metrics, nowMs: t0 + 60_000 }))).toMatchObject({
      reason: "ThresholdMissing",
    });
  });
});

describe("exceptions, more than 10 in 15 min", () => {
  it.each([
    { why: "none: zero is a value", exceptions: 0, verdict: "pass", reason: "WithinLimit" },
    { why: "exactly the limit", exceptions: 10, verdict: "pass", reason: "WithinLimit" },
    { why: "over it", exceptions: 11, verdict: "fail", reason: "LimitBreached" },
  ])("$why: $verdict", ({ exceptions, verdict, reason }) => {
    const reading = of("exceptions", look([{ n: 1000, exceptions }]));
    expect(reading).toMatchObject({ verdict, reason, value: exceptions });
  });

  it("thrown before the rollout, they are not its own", () => {
    const before = repeat(6, { n: 1000, exceptions: 50 });
    expect(of("exceptions", look([{ n: 1000 }], { before }))).toMatchObject({ verdict: "pass", value: 0 });
  });

  it("in a bin that isn't complete, they wait for the next look", () => {
    const metrics = answer(bins(t0, [{ n: 1000 }, { n: 10, exceptions: 50 }]), [], t0 + 19_000);
    expect(of("exceptions", look([], { metrics, nowMs: t0 + 20_000 }))).toMatchObject({
      verdict: "pass",
      value: 0,
    });
  });

  it.each([
    { requests: 99, verdict: "no-data" },
    { requests: 100, verdict: "pass" },
  ])("none in $requests requests: $verdict", ({ requests, verdict }) => {
    expect(of("exceptions", look([{ n: requests }]))?.verdict).toBe(verdict);
  });

  it("requests of an earlier step are no proof of this one", () => {
    const readings = look(repeat(30, { n: 1000 }), { confirmedAtMs: t0 + 300_000 });
    expect(of("exceptions", readings)).toMatchObject({
      verdict: "no-data",
      reason: "BelowMinRequests",
      samples: 0,
    });
  });
});

it.each([
  { lagSeconds: 180, verdict: "pass" },
  { lagSeconds: 181, verdict: "no-data" },
])("data $lagSeconds s old: $verdict (three windows)", ({ lagSeconds, verdict }) => {
  const readings = look(repeat(30, { n: 1000 }), { nowMs: t0 + 300_000 + lagSeconds * 1000 });
  expect(["error-rate", "p95-latency", "exceptions"].map((gate) => of(gate, readings)?.verdict)).toEqual(
    Array.from({ length: 3 }, () => verdict),
  );
});

it("health: the way of no answer is said, and a limit of no failure", () => {
  const candidate = { status: "no-answer", message: "ECONNREFUSED" } as const;
  const [reading] = look([], { health: { candidate, stable: { status: "ok" } } });
  expect(reading).toMatchObject({ gate: "health", value: 1, limit: 0, reason: "Unhealthy" });
  expect(reading?.message).toBe("canary's health check fails after 3 tries: no answer (ECONNREFUSED)");
});

describe("which gates have a say", () => {
  const full: GateLimits = {
    ...gates,
    gauges: {
      "db-pool": { limit: 90, forSeconds: 180, source: "prometheus" },
      "queue-depth": { limit: 10_000, forSeconds: 300, source: "none" },
      memory: { limit: 90, forSeconds: 180, source: "command" },
    },
    evidence: { odds: 20, tolerance: 1.5, noise: 0.5 },
    slo: { availabilityPercent: 99.9, resolveWithinSeconds: 600, window: "rolling-30d" },
    integrity: "command",
    reviews: [{ name: "checkout-rate", limit: 0.95, worse: "below" }],
  };
  const hard = ["health", "error-rate", "p95-latency", "exceptions"];
  const watched = ["integrity", "db-pool", "memory", "review:checkout-rate"];
  const names = (readings: ReturnType<typeof look>) => readings.map(({ gate }) => gate);
  const steady = repeat(6, { n: 500 });

  it("all that the plan has, hard limits first; a level without a source is none", () => {
    const readings = look(steady, { gates: full, weight: 0.05 });
    expect(names(readings)).toEqual([...hard, ...watched, "evidence", "traffic", "slo"]);
  });

  it("a plan from before they were built has the hard limits alone", () => {
    expect(names(look(steady, { weight: 0.05 }))).toEqual(hard);
  });

  it("traffic only where a share can be told; evidence not where the limit is 0", () => {
    expect(names(look(steady, { gates: full }))).not.toContain("traffic");
    const strict = { ...full, errorRate: { limitPercent: 0, windows: 1 } };
    expect(names(look(steady, { gates: strict }))).not.toContain("evidence");
    const { evidence: _, ...without } = full;
    expect(names(look(steady, { gates: without, weight: 0.05 }))).toEqual([...hard, ...watched, "slo"]);
  });

  it("a source that nobody asked is an error, never a pass", () => {
    const readings = look(steady, { gates: full, weight: 0.05 }).filter(({ gate }) => watched.includes(gate));
    expect(readings.map(({ verdict }) => verdict)).toEqual(watched.map(() => "error"));
    expect(readings.every(({ message }) => message === "its source was not asked")).toBe(true);
  });

  it("each watched gate gets its own answer", () => {
    const level = (value: number) => {
      const samples = Array.from({ length: 6 }, (_, index) => ({ atMs: t0 + (index + 1) * 60_000, value }));
      return { status: "value", everyMs: 60_000, watermarkMs: t0 + 360_000, samples } as const;
    };
    const readings = look(repeat(36, { n: 500 }), {
      gates: full,
      gauges: { "db-pool": level(95), memory: level(40) },
      reviews: { "checkout-rate": level(0.9) },
      integrity: { status: "broken", message: "event 7" },
    });
    const verdicts = Object.fromEntries(readings.map(({ gate, verdict }) => [gate, verdict]));
    expect(verdicts).toMatchObject({
      integrity: "fail",
      "db-pool": "fail",
      memory: "pass",
      "review:checkout-rate": "review",
    });
  });

  it("of a source that says nothing, the hard limits speak alone", () => {
    for (const status of ["empty", "error"] as const) {
      const readings = look([], { gates: full, weight: 0.05, metrics: { status, message: "down" } });
      expect(names(readings)).toEqual([...hard, ...watched]);
      expect(readings.filter(({ verdict }) => verdict === "pass").map(({ gate }) => gate)).toEqual([
        "health",
      ]);
    }
  });

  it("thresholds: the hard limit's must be counted, the others where they are", () => {
    expect(thresholdsOf(gates)).toEqual({ thresholdsMs: [1000], alsoThresholdsMs: [] });
    const { thresholdsMs, alsoThresholdsMs } = thresholdsOf(full);
    expect(thresholdsMs).toEqual([1000]);
    expect([...alsoThresholdsMs].sort((a, b) => a - b)).toEqual([500, 800, 1500, 2000]);
    const strict = thresholdsOf({ ...full, p95: { limitMs: 300, windows: 5 } });
    expect(strict.thresholdsMs).toEqual([300]);
    expect([...strict.alsoThresholdsMs].sort((a, b) => a - b)).toEqual([500, 800, 1000, 1500, 2000]);
  });
});
