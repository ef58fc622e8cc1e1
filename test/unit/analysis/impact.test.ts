import { describe, expect, it } from "vitest";
import { type ImpactInput, impactOf } from "../../../src/analysis/impact.ts";
import { messageMetrics } from "../../../src/analysis/message-metrics.ts";
import { seenCounts } from "../../../src/analysis/seen-counts.ts";
import type { Counts, SeenCounts } from "../../../src/types/counts.ts";
import { answer, aPolicy, bins, repeat } from "../../support/builders.ts";

const { gates } = aPolicy();
const slo = { availabilityPercent: 99.9, resolveWithinSeconds: 600, window: "rolling-30d" } as const;

function counts(
  own: Partial<Counts>,
  stable: Partial<Counts> = { requests: 19_000, failed: 19 },
): SeenCounts {
  const none = { requests: 0, failed: 0, exceptions: 0, slow: { "1000": 0 } };
  const candidate = { ...none, ...own };
  return {
    sinceMs: 0,
    untilMs: 100_000,
    candidate,
    stable: { ...none, ...stable },
    recent: { seconds: 100, ...candidate },
  };
}

function impact(seen: SeenCounts | undefined, more: Partial<ImpactInput> = {}) {
  return impactOf({
    ...(seen === undefined ? {} : { counts: seen }),
    until: "as counted until the verdict",
    exposure: 5,
    whom: "5 % of the traffic was on it",
    versions: { from: "1.2.3", to: "1.2.4" },
    gates,
    ...more,
  });
}

describe("what a version has done to users", () => {
  it("is the failed requests, and how many more than usual", () => {
    const seen = counts({ requests: 1000, failed: 31 });
    expect(impact(seen)).toEqual({
      text: "31 of 1,000 requests to 1.2.4 failed (3.10 %), as counted until the verdict, about 30 more than 1.2.3 would have failed; 5 % of the traffic was on it.",
      exposure: 5,
      requests: 1000,
      failed: 31,
      extraFailures: 30,
    });
  });

  it("has its price in the error budget where one is promised", () => {
    const seen = counts({ requests: 1000, failed: 31 });
    // 200 requests a second leave 518,400 failures a month.
    expect(impact(seen, { gates: { ...gates, slo } })).toMatchObject({
      extraFailures: 30,
      budgetPercent: 0.01,
    });
  });

  it("says that none has failed only where requests were counted", () => {
    expect(impact(counts({ requests: 400 })).text).toMatch(/^None of 400 requests to 1.2.4 failed/);
    expect(impact(counts({})).text).toMatch(/^Unknown: no request to 1.2.4 was counted/);
    expect(impact(undefined).text).toMatch(/^Unknown: nothing was counted/);
    expect(impact(undefined).failed).toBeUndefined();
  });

  it("tells slow requests, and compares with nothing where nothing stands beside", () => {
    const slow = counts({ requests: 500, slow: { "1000": 60 } }, {});
    const { text, extraFailures } = impact(slow);
    expect(text).toContain("60 took longer than 1000 ms");
    expect(extraFailures).toBeUndefined();
  });
});

describe("counts of a look", () => {
  const start = Date.UTC(2026, 0, 15, 10);
  it("are those since the first exposure, the last 15 min by themselves, and only complete bins", () => {
    const own = bins(start, repeat(120, { n: 10, errors: 1, exceptions: 2 }));
    const seen = seenCounts(answer(own, bins(start, repeat(120, { n: 90 })), start + 1_195_000), start);
    // 20 min less the bin that is not complete.
    expect(seen?.candidate).toMatchObject({ requests: 1190, failed: 119, exceptions: 238 });
    expect(seen?.stable.requests).toBe(119 * 90);
    expect(seen?.recent).toMatchObject({ seconds: 900, requests: 890 });
  });

  it("are none where the source says nothing, and no threshold is made up", () => {
    expect(seenCounts({ status: "error", message: "HTTP 503" }, start)).toBeUndefined();
    expect(seenCounts({ status: "empty", message: "silence" }, start)).toBeUndefined();
    const [first, second] = bins(start, repeat(2, { n: 10, slow: 1 }));
    if (first === undefined || second === undefined) throw new Error("no bins");
    const partly = { ...second, slow: { 1000: 1 } };
    const seen = seenCounts(answer([first, partly], [], start + 20_000), start);
    expect(seen?.candidate.slow).toEqual({ "1000": 2 });
  });
});

describe("the metrics of a message", () => {
  const rows = (seen: SeenCounts) => messageMetrics({ counts: seen, readings: [] }, gates)?.rows;
  it.each([
    ["exactly the limit is none that is over", { requests: 1000, failed: 10 }, "ok"],
    ["over", { requests: 1000, failed: 11 }, "over"],
    ["no requests prove nothing", { requests: 0 }, "unknown"],
  ] as const)("error rate: %s", (_, own, verdict) => {
    expect(rows(counts(own))?.[0]).toMatchObject({ name: "Error rate", limit: "1 %", verdict });
  });

  it("P95: the smallest counted threshold that it is within", () => {
    const p95 = (slow: Record<string, number>) => rows(counts({ requests: 100, slow }))?.[1];
    expect(p95({ "500": 5, "1000": 1 })).toMatchObject({ value: "at most 500 ms", verdict: "ok" });
    expect(p95({ "500": 6, "1000": 5 })).toMatchObject({ value: "at most 1000 ms", verdict: "ok" });
    expect(p95({ "500": 9, "1000": 6 })).toMatchObject({
      value: "over 1000 ms: 6.00 % are slower",
      verdict: "over",
    });
    expect(p95({})).toMatchObject({ value: "not counted", verdict: "unknown" });
  });

  it("levels are as they were judged; what compares has no row, and nothing seen is no table", () => {
    const readings = [
      { gate: "health", verdict: "fail", reason: "Unhealthy", message: "", limit: 0, value: 1 },
      { gate: "db-pool", verdict: "pass", reason: "WithinLimit", message: "", limit: 90, value: 41.27 },
      { gate: "queue-depth", verdict: "no-data", reason: "NoData", message: "", limit: 10_000 },
      { gate: "evidence", verdict: "pass", reason: "NoEvidence", message: "", limit: 20 },
    ] as const;
    expect(messageMetrics({ readings }, gates)?.rows).toEqual([
      { name: "Health checks", value: "failing", verdict: "over" },
      { name: "Database pool", value: "41.3 %", limit: "90 %", verdict: "ok" },
      { name: "Queue depth", value: "unknown (NoData)", limit: "10000", verdict: "unknown" },
    ]);
    expect(messageMetrics({ readings: [] }, gates)).toBeUndefined();
  });
});
