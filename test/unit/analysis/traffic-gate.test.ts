import { describe, expect, it } from "vitest";
import { readTraffic } from "../../../src/analysis/traffic-gate.ts";
import { type BinSpec, bins, repeat } from "../../support/builders.ts";

const t0 = 1_790_000_000_000;

interface Look {
  readonly canary: readonly BinSpec[];
  readonly stable: readonly BinSpec[];
  readonly weight: number;
  /** Bins of the step before this one. */
  readonly before?: { readonly canary: readonly BinSpec[]; readonly stable: readonly BinSpec[] };
  readonly watermarkMs?: number;
}

/** Bins of 10 s since the step was confirmed at t0; a side may have fewer than the other. */
function read({ canary, stable, weight, before = { canary: [], stable: [] }, watermarkMs }: Look) {
  const earlier = Math.max(before.canary.length, before.stable.length) * 10_000;
  return readTraffic({
    candidate: [...bins(t0 - earlier, before.canary), ...bins(t0, canary)],
    stable: [...bins(t0 - earlier, before.stable), ...bins(t0, stable)],
    weight,
    exposedSinceMs: t0 - earlier,
    confirmedAtMs: t0,
    watermarkMs: watermarkMs ?? t0 + Math.max(canary.length, stable.length) * 10_000,
    binMs: 10_000,
  });
}

const quiet = (count: number) => repeat(count, { n: 0 });

describe("requests that match the weight", () => {
  it.each([
    { why: "5 % of 10,000", weight: 0.05, canary: 50, stable: 950 },
    { why: "20 %", weight: 0.2, canary: 200, stable: 800 },
    { why: "a router that rounds: 13 of 256 for 5 %", weight: 0.05, canary: 13, stable: 243 },
  ])("$why: pass, with share and weight", ({ weight, canary, stable }) => {
    const reading = read({ canary: repeat(60, { n: canary }), stable: repeat(60, { n: stable }), weight });
    expect(reading).toMatchObject({ gate: "traffic", verdict: "pass", reason: "TrafficMatches" });
    expect(reading.limit).toBe(weight * 100);
    expect(reading.value).toBeCloseTo((canary / (canary + stable)) * 100, 2);
    expect(reading.samples).toBe(60 * (canary + stable));
  });

  it("a step's own requests alone are held against its weight", () => {
    const before = { canary: repeat(60, { n: 50 }), stable: repeat(60, { n: 950 }) };
    const now = { canary: repeat(6, { n: 200 }), stable: repeat(6, { n: 800 }) };
    expect(read({ ...now, before, weight: 0.2 })).toMatchObject({
      verdict: "pass",
      samples: 6000,
      value: 20,
    });
  });
});

describe("requests that don't match it hold, and never turn back", () => {
  it.each([
    { why: "half of the canary's telemetry is missing", weight: 0.2, canary: 100, stable: 800 },
    { why: "the mesh sends everything both ways alike", weight: 0.05, canary: 500, stable: 500 },
    { why: "stable gets nothing", weight: 0.05, canary: 1000, stable: 0 },
  ])("$why", ({ weight, canary, stable }) => {
    const reading = read({ canary: repeat(90, { n: canary }), stable: repeat(90, { n: stable }), weight });
    expect(reading).toMatchObject({ verdict: "no-data", reason: "TrafficMismatch" });
    expect(reading).not.toHaveProperty("cause");
    expect(reading.message).toMatch(/by its weight \d+\.\d\d %/);
  });

  it("records that stand for twenty requests are no proof of it", () => {
    const look = { canary: repeat(3, { n: 40 }), stable: repeat(3, { n: 160 }), weight: 0.1 };
    expect(read(look).reason).toBe("TrafficMismatch");
    const sampled = (specs: readonly BinSpec[]) =>
      bins(t0, specs).map((bin) => ({ ...bin, weightSquared: bin.n * 20 }));
    const reading = readTraffic({
      candidate: sampled(look.canary),
      stable: sampled(look.stable),
      weight: 0.1,
      exposedSinceMs: t0,
      confirmedAtMs: t0,
      watermarkMs: t0 + 30_000,
      binMs: 10_000,
    });
    expect(reading.reason).toBe("TrafficMatches");
  });
});

describe("a canary that reports nothing while stable does", () => {
  // 10 requests/s at 5 %: 5 due in a bin of 10 s.
  const silent = (count: number) => ({
    canary: quiet(count),
    stable: repeat(count, { n: 95 }),
    weight: 0.05,
  });

  it("is no surprise at first, and no proof either", () => {
    expect(read(silent(1))).toMatchObject({ verdict: "no-data", reason: "BelowMinRequests", samples: 0 });
    expect(read({ canary: [], stable: [], weight: 0.05 })).toMatchObject({ reason: "BelowMinRequests" });
  });

  it.each([
    { why: "9.5 were due", count: 2, verdict: "no-data" },
    { why: "more than 30, but not for 5 min", count: 29, verdict: "no-data" },
    { why: "more than 30, for exactly 5 min", count: 30, verdict: "fail" },
    { why: "for longer", count: 60, verdict: "fail" },
  ])("$why: $verdict", ({ count, verdict }) => {
    expect(read(silent(count))).toMatchObject({ verdict, reason: "CanarySilent" });
  });

  it("turns back on the canary's account", () => {
    expect(read(silent(30)).cause).toBe("canary");
    expect(read(silent(2))).not.toHaveProperty("cause");
  });

  it("5 min are not enough where 30 were not due", () => {
    const rare = { canary: quiet(60), stable: repeat(60, { n: 4 }), weight: 0.05 };
    expect(read(rare)).toMatchObject({ verdict: "no-data", reason: "CanarySilent" });
  });

  it("also at 100 %, where stable still reports", () => {
    expect(read({ canary: quiet(30), stable: repeat(30, { n: 5 }), weight: 1 })).toMatchObject({
      verdict: "fail",
      reason: "CanarySilent",
    });
  });

  it("bins that the source leaves out are silence too", () => {
    expect(read({ ...silent(30), canary: [] }).verdict).toBe("fail");
  });

  it("silence begins after the last request", () => {
    const heard = { ...silent(40), canary: [...repeat(11, { n: 5 }), ...quiet(29)] };
    expect(read(heard)).toMatchObject({ verdict: "no-data", reason: "CanarySilent" });
    const longer = { ...silent(41), canary: [...repeat(11, { n: 5 }), ...quiet(30)] };
    expect(read(longer).verdict).toBe("fail");
  });

  it("bins after the watermark are neither silence nor traffic", () => {
    const look = { ...silent(60), watermarkMs: t0 + 299_000 };
    expect(read(look).verdict).toBe("no-data");
    expect(read({ ...look, watermarkMs: t0 + 300_000 }).verdict).toBe("fail");
  });
});

describe("both sides silent", () => {
  const before = { canary: repeat(6, { n: 50 }), stable: repeat(6, { n: 950 }) };
  it("is an outage of the telemetry: holds however long, and blames nobody", () => {
    for (const count of [1, 30, 360]) {
      const reading = read({ canary: quiet(count), stable: quiet(count), before, weight: 0.2 });
      expect(reading).toMatchObject({ verdict: "no-data", reason: "TelemetryOutage" });
      expect(reading).not.toHaveProperty("cause");
    }
  });

  it("from the beginning on nobody knows how many were due: no proof", () => {
    const reading = read({ canary: quiet(60), stable: quiet(60), weight: 0.2 });
    expect(reading).toMatchObject({ verdict: "no-data", reason: "BelowMinRequests" });
  });
});

describe("weight 1: nobody is left to compare with", () => {
  it("passes where the canary is heard", () => {
    expect(read({ canary: repeat(6, { n: 1000 }), stable: quiet(6), weight: 1 })).toEqual({
      gate: "traffic",
      limit: 100,
      samples: 6000,
      verdict: "pass",
      reason: "TrafficMatches",
      message: "canary reported 6,000 requests; at 100 % there is nothing to compare with",
    });
  });

  it("holds where it isn't, and stable gets nothing", () => {
    const before = { canary: repeat(6, { n: 500 }), stable: repeat(6, { n: 500 }) };
    expect(read({ canary: quiet(60), stable: quiet(60), before, weight: 1 })).toMatchObject({
      verdict: "no-data",
      reason: "TelemetryOutage",
    });
  });
});
