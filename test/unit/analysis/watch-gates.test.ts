import { describe, expect, it } from "vitest";
import { readIntegrity, readReview } from "../../../src/analysis/watch-gates.ts";
import type { GaugeAnswer } from "../../../src/types/gauge.ts";

const t0 = Date.UTC(2026, 0, 15, 10, 0, 0);

function seen(value: number, ageSeconds = 0, everyMs = 60_000): GaugeAnswer {
  const atMs = t0 - ageSeconds * 1000;
  const samples = [
    { atMs: atMs - everyMs, value: 1e9 },
    { atMs, value },
  ];
  return { status: "value", everyMs, watermarkMs: t0, samples };
}

describe("a business metric", () => {
  const rate = { name: "checkout-rate", limit: 0.95, worse: "below" } as const;
  const refunds = { name: "refunds", limit: 10, worse: "above" } as const;

  it.each([
    { why: "a rate above its limit", metric: rate, value: 0.951, verdict: "pass" },
    { why: "exactly it", metric: rate, value: 0.95, verdict: "pass" },
    { why: "below it", metric: rate, value: 0.949, verdict: "review" },
    { why: "zero is a value", metric: rate, value: 0, verdict: "review" },
    { why: "refunds below their limit", metric: refunds, value: 9, verdict: "pass" },
    { why: "exactly it", metric: refunds, value: 10, verdict: "pass" },
    { why: "above it", metric: refunds, value: 10.01, verdict: "review" },
    { why: "none", metric: refunds, value: 0, verdict: "pass" },
    { why: "a limit of zero", metric: { ...refunds, limit: 0 }, value: 1, verdict: "review" },
    { why: "what is no number is never within", metric: refunds, value: Number.NaN, verdict: "review" },
    { why: "on either side", metric: rate, value: Number.NaN, verdict: "review" },
  ])("$why: $verdict", ({ metric, value, verdict }) => {
    const reading = readReview(metric, seen(value));
    expect(reading).toMatchObject({
      gate: `review:${metric.name}`,
      verdict,
      value,
      limit: metric.limit,
      reason: verdict === "pass" ? "WithinLimit" : "ReviewNeeded",
    });
    expect(reading).not.toHaveProperty("cause");
  });

  it("says name, value, limit, and what is asked for", () => {
    expect(readReview(rate, seen(0.9)).message).toBe(
      "checkout-rate is at 0.9, limit 0.95: a person has to look at it",
    );
  });

  it("its newest sample is worth five minutes, or five samples; a source that fell silent proves nothing", () => {
    expect(readReview(refunds, seen(1, 300)).verdict).toBe("pass");
    expect(readReview(refunds, seen(1, 301))).toEqual({
      gate: "review:refunds",
      limit: 10,
      verdict: "no-data",
      reason: "StaleData",
      message: "refunds: the newest sample is 301 s old",
    });
    expect(readReview(refunds, seen(99, 301)).verdict).toBe("no-data");
    expect(readReview(refunds, seen(1, 600, 120_000)).verdict).toBe("pass");
    expect(readReview(refunds, seen(1, 601, 120_000)).verdict).toBe("no-data");
  });

  it.each([
    { answer: { status: "empty", message: "no rows" }, verdict: "no-data", reason: "NoData" },
    { answer: { status: "error", message: "HTTP 503" }, verdict: "error", reason: "SourceError" },
    {
      answer: { status: "value", everyMs: 60_000, watermarkMs: t0, samples: [] },
      verdict: "no-data",
      reason: "NoData",
    },
  ] as const)("without a value ($answer.status) it proves nothing", ({ answer, verdict, reason }) => {
    const reading = readReview(refunds, answer);
    expect(reading).toMatchObject({ verdict, reason });
    expect(reading).not.toHaveProperty("value");
  });
});

describe("the integrity check", () => {
  it.each([
    { status: "whole", verdict: "pass", reason: "Whole", value: 0 },
    { status: "broken", verdict: "fail", reason: "IntegrityBroken", value: 1, cause: "canary" },
    { status: "error", verdict: "error", reason: "SourceError" },
  ] as const)("$status: $verdict, with what it said", ({ status, ...expected }) => {
    expect(readIntegrity({ status, message: "event 7" })).toEqual({
      gate: "integrity",
      limit: 0,
      message: "event 7",
      ...expected,
    });
  });
});
