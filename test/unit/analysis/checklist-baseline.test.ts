import { describe, expect, it } from "vitest";
import {
  metricsAtBaseline,
  type ServiceCounts,
  serviceCounts,
} from "../../../src/analysis/checklist-baseline.ts";
import { bins, repeat } from "../../support/builders.ts";

const counts = (requests: number, failed = 0, slow = 0): ServiceCounts => ({ requests, failed, slow });
const judge = (before: ServiceCounts | string, now: ServiceCounts | string, minRequests = 100) =>
  metricsAtBaseline({ before, now, minRequests, thresholdMs: 1000 });

describe("metrics at their baseline", () => {
  it.each([
    ["the same share", counts(40_000, 40), counts(10_000, 10)],
    ["nothing failed, before or now", counts(40_000), counts(10_000)],
    ["better than before", counts(40_000, 400), counts(10_000, 10)],
    // 0 of 299 don't prove less than 1 %.
    ["one failure more than none, of few requests", counts(299), counts(299, 2)],
    ["exactly 1.5 times a share that is known well", counts(1_000_000, 1_000), counts(1_000_000, 1_500)],
    ["slow as before", counts(40_000, 0, 400), counts(10_000, 0, 100)],
  ])("%s: met", (_, before, now) => {
    expect(judge(before, now)).toMatchObject({ status: "met", how: "tool" });
  });

  it.each([
    ["just more than 1.5 times", counts(1_000_000, 1_000), counts(1_000_000, 1_501)],
    ["ten times", counts(40_000, 40), counts(10_000, 100)],
    ["more than few requests without a failure allow", counts(299), counts(299, 3)],
    ["slower", counts(40_000, 0, 400), counts(10_000, 0, 500)],
    ["all of them", counts(40_000, 40), counts(100, 100)],
  ])("%s: unmet", (_, before, now) => {
    expect(judge(before, now)).toMatchObject({ status: "unmet", hint: expect.any(String) });
  });

  it("says both shares, and only what is worse where something is", () => {
    expect(judge(counts(40_000, 40, 400), counts(10_000, 10, 100)).evidence).toBe(
      "0.10 % failed, before the start 0.10 %; 1.00 % slower than 1000 ms, before the start 1.00 %",
    );
    expect(judge(counts(1_000_000, 1_000), counts(10_000, 100)).evidence).toBe(
      "1.00 % failed, before the start 0.10 %: more than 0.15 %",
    );
  });

  it("more failures never turn it to met again", () => {
    const before = counts(5_000, 5);
    const met = Array.from({ length: 200 }, (_, bad) => judge(before, counts(5_000, bad)).status === "met");
    expect(met.indexOf(false)).toBeGreaterThan(5);
    expect(met.lastIndexOf(true)).toBe(met.indexOf(false) - 1);
  });

  it.each([
    ["too few now", counts(40_000), counts(99), "99 requests in the last 15 min; 100 are needed to tell"],
    [
      "too few before",
      counts(99),
      counts(10_000),
      "99 requests in the hour before the start; 100 are needed to tell",
    ],
    [
      "none, where none are asked for",
      counts(0),
      counts(0),
      "0 requests in the last 15 min; 0 are needed to tell",
    ],
    ["no answer of now", counts(40_000), "HTTP 503", "the metrics of now can't be told: HTTP 503"],
    ["no answer of before", "no rows", counts(10_000), "the metrics before the start can't be told: no rows"],
    [
      "no count of slow requests",
      counts(40_000),
      { requests: 10_000, failed: 0 },
      "the source has no count of requests slower than 1000 ms",
    ],
  ] as const)("%s: unmet", (what, before, now, evidence) => {
    const least = what.startsWith("none") ? 0 : 100;
    expect(judge(before, now, least)).toMatchObject({ status: "unmet", evidence });
  });

  it("a sampled record is one observation: its bound is wider", () => {
    const before = { ...counts(20_000, 20), recordWeight: 20 };
    expect(judge(counts(20_000, 20), counts(10_000, 25)).status).toBe("unmet");
    expect(judge(before, counts(10_000, 25)).status).toBe("met");
  });
});

describe("counts of the service in a span", () => {
  const t0 = Date.UTC(2026, 0, 15, 10);
  const span = { fromMs: t0, toMs: t0 + 60_000, binMs: 10_000, thresholdMs: 1000 };

  it("adds both versions' whole bins, and none that reach over an end", () => {
    const all = [...bins(t0 - 10_000, repeat(8, { n: 10, errors: 1, slow: 2 })), ...bins(t0, [{ n: 5 }])];
    expect(serviceCounts(all, span)).toEqual({ requests: 65, failed: 6, slow: 12, recordWeight: 1 });
    expect(serviceCounts(all, { ...span, toMs: t0 + 59_999 })).toMatchObject({ requests: 55 });
    expect(serviceCounts([], span)).toEqual({ requests: 0, failed: 0, slow: 0, recordWeight: 1 });
  });

  it("a threshold that one bin lacks was not counted", () => {
    const [first, ...rest] = bins(t0, repeat(2, { n: 10 }));
    const { slow: _, ...bare } = first ?? expect.unreachable();
    expect(serviceCounts([{ ...bare, slow: { 500: 0 } }, ...rest], span).slow).toBeUndefined();
  });
});
