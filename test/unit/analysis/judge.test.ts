import { describe, expect, it } from "vitest";
import { judge } from "../../../src/analysis/judge.ts";
import type { GateLimits, GateName } from "../../../src/types/gates.ts";
import type { HealthAnswer, MetricsAnswer } from "../../../src/types/observation.ts";
import { answer, aPolicy, type BinSpec, bins, healthy, repeat } from "../../support/builders.ts";

const t0 = 1_790_000_000_000;

interface Look {
  readonly metrics: MetricsAnswer;
  readonly health?: HealthAnswer;
  readonly gates?: Partial<GateLimits>;
  readonly afterSeconds: number;
}

function verdictOf(gate: GateName, { metrics, health = healthy, gates, afterSeconds }: Look) {
  const readings = judge({
    gates: { ...aPolicy().gates, ...gates },
    metrics,
    health,
    exposedSinceMs: t0,
    confirmedAtMs: t0,
    nowMs: t0 + afterSeconds * 1000,
  });
  const reading = readings.find((candidate) => candidate.gate === gate);
  if (!reading) throw new Error(`no reading of ${gate}`);
  return reading;
}

/** Bins since t0, with what is closed after `seconds`. */
function seen(
  seconds: number,
  candidate: BinSpec[],
  stable: BinSpec[] = repeat(candidate.length, { n: 9500, errors: 9 }),
) {
  const closed = Math.floor(seconds / 10);
  return answer(
    bins(t0, candidate.slice(0, closed)),
    bins(t0, stable.slice(0, closed)),
    t0 + closed * 10_000,
  );
}

describe("error rate: > 1 % in two windows of at least 60 s and 100 requests (gates.md 2.5, guide triggers)", () => {
  const cases: Record<
    string,
    { reason: string; candidate: BinSpec[]; after: number; verdict: string; code: string }
  > = {
    Healthy: {
      reason: "0.1 %",
      candidate: repeat(12, { n: 1000, errors: 1 }),
      after: 120,
      verdict: "pass",
      code: "WithinLimit",
    },
    JustBelow: {
      reason: "0.9 %",
      candidate: repeat(90, { n: 1000, errors: 9 }),
      after: 900,
      verdict: "pass",
      code: "WithinLimit",
    },
    ExactlyTheLimit: {
      reason: "1 % doesn't breach: strictly greater",
      candidate: repeat(90, { n: 1000, errors: 10 }),
      after: 900,
      verdict: "pass",
      code: "WithinLimit",
    },
    For119Seconds: {
      reason: "two windows are not full yet",
      candidate: repeat(12, { n: 1000, errors: 11 }),
      after: 119,
      verdict: "no-data",
      code: "BreachNotSustained",
    },
    For121Seconds: {
      reason: "both windows breach",
      candidate: repeat(13, { n: 1000, errors: 11 }),
      after: 121,
      verdict: "fail",
      code: "LimitBreached",
    },
    OneBadMinute: {
      reason: "the window before was fine",
      candidate: [...repeat(6, { n: 1000, errors: 1 }), ...repeat(6, { n: 1000, errors: 50 })],
      after: 120,
      verdict: "no-data",
      code: "BreachNotSustained",
    },
    OverAgain: {
      reason: "a past breach that ended is over",
      candidate: [...repeat(6, { n: 1000, errors: 50 }), ...repeat(6, { n: 1000, errors: 1 })],
      after: 120,
      verdict: "pass",
      code: "WithinLimit",
    },
    TooFewRequests: {
      reason: "90 requests prove nothing",
      candidate: repeat(9, { n: 10, errors: 10 }),
      after: 90,
      verdict: "no-data",
      code: "BelowMinRequests",
    },
    WindowGrows: {
      reason: "20 requests a bin: 100 take 60 s all the same",
      candidate: repeat(12, { n: 20, errors: 1 }),
      after: 120,
      verdict: "fail",
      code: "LimitBreached",
    },
    WindowGrowsBackwards: {
      reason: "5 requests a bin: a window is 200 s",
      candidate: repeat(39, { n: 5, errors: 1 }),
      after: 390,
      verdict: "no-data",
      code: "BreachNotSustained",
    },
    Silence: {
      reason: "no request at all is not 0 %",
      candidate: [],
      after: 300,
      verdict: "no-data",
      code: "BelowMinRequests",
    },
  };
  it.each(Object.entries(cases))("%s", (_name, { reason, candidate, after, verdict, code }) => {
    const reading = verdictOf("error-rate", { metrics: seen(after, candidate), afterSeconds: after });
    expect({ verdict: reading.verdict, code: reading.reason }, reason).toEqual({ verdict, code });
  });

  it("never looks at bins from before the exposure", () => {
    const before = bins(t0 - 120_000, repeat(12, { n: 1000, errors: 500 }));
    const metrics = answer([...before, ...bins(t0, repeat(6, { n: 1000, errors: 1 }))], [], t0 + 60_000);
    expect(verdictOf("error-rate", { metrics, afterSeconds: 60 }).verdict).toBe("pass");
  });

  it("takes no proof from before the step had its weight, but a breach from there all the same", () => {
    const look = (candidate: BinSpec[]) =>
      judge({
        gates: aPolicy().gates,
        metrics: answer(bins(t0, candidate), [], t0 + 120_000),
        health: healthy,
        exposedSinceMs: t0,
        confirmedAtMs: t0 + 90_000,
        nowMs: t0 + 120_000,
      }).find(({ gate }) => gate === "error-rate");
    expect(look(repeat(12, { n: 1000, errors: 1 }))).toMatchObject({
      verdict: "no-data",
      reason: "StepTooYoung",
    });
    expect(look(repeat(12, { n: 1000, errors: 30 }))).toMatchObject({ verdict: "fail" });
  });

  it("says environment where stable breaches too, and fails all the same", () => {
    const metrics = seen(120, repeat(12, { n: 1000, errors: 30 }), repeat(12, { n: 9000, errors: 270 }));
    expect(verdictOf("error-rate", { metrics, afterSeconds: 120 })).toMatchObject({
      verdict: "fail",
      cause: "environment",
    });
  });

  it("gives value, limit, window and sample size in one sentence", () => {
    const { message } = verdictOf("error-rate", {
      metrics: seen(120, repeat(12, { n: 1000, errors: 30 })),
      afterSeconds: 120,
    });
    expect(message).toBe(
      "canary 180 of 6000 requests failed (3.00 %) in 60 s, limit 1 %, in 2 windows in a row",
    );
  });

  it("takes the guide's letter with minRequests 1", () => {
    const metrics = seen(120, repeat(12, { n: 1, errors: 1 }));
    expect(verdictOf("error-rate", { metrics, afterSeconds: 120, gates: { minRequests: 1 } }).verdict).toBe(
      "fail",
    );
  });
});

describe("P95 > 1000 ms in five windows = more than 5 % slower than 1000 ms", () => {
  const cases: Record<string, { share: number; after: number; verdict: string }> = {
    ExactlyTheLimit: { share: 50, after: 600, verdict: "pass" },
    OverFor4Minutes: { share: 51, after: 240, verdict: "no-data" },
    OverFor5Minutes: { share: 51, after: 300, verdict: "fail" },
  };
  it.each(Object.entries(cases))("%s", (_name, { share, after, verdict }) => {
    const metrics = seen(after, repeat(60, { n: 1000, slow: share }));
    expect(verdictOf("p95-latency", { metrics, afterSeconds: after }).verdict).toBe(verdict);
  });

  it("is an error where the source has no such threshold: a missing count is not 0", () => {
    const metrics = seen(300, repeat(30, { n: 1000, slow: 51 }));
    const gates = { p95: { limitMs: 800, windows: 5 } };
    expect(verdictOf("p95-latency", { metrics, afterSeconds: 300, gates })).toMatchObject({
      verdict: "error",
      reason: "ThresholdMissing",
    });
  });
});

describe("exceptions: more than 10 in 15 minutes, a literal count", () => {
  const spread = (count: number, over: number) => [
    ...repeat(count, { n: 1000, exceptions: 1 }),
    ...repeat(over - count, { n: 1000 }),
  ];
  const cases: Record<string, { candidate: BinSpec[]; after: number; verdict: string }> = {
    Ten: { candidate: spread(10, 90), after: 900, verdict: "pass" },
    Eleven: { candidate: spread(11, 90), after: 900, verdict: "fail" },
    ElevenAtOnceWithFewRequests: { candidate: [{ n: 20, exceptions: 11 }], after: 10, verdict: "fail" },
    ElevenOver16Minutes: { candidate: [...spread(6, 90), ...spread(5, 6)], after: 960, verdict: "pass" },
    Silence: { candidate: [], after: 60, verdict: "no-data" },
  };
  it.each(Object.entries(cases))("%s", (_name, { candidate, after, verdict }) => {
    expect(verdictOf("exceptions", { metrics: seen(after, candidate), afterSeconds: after }).verdict).toBe(
      verdict,
    );
  });
});

describe("health", () => {
  const bad = { status: "unhealthy", httpStatus: 503, path: "/health" } as const;
  const none = { status: "no-answer", message: "connection refused" } as const;
  const ok = { status: "ok" } as const;
  const cases: Record<string, { reason: string; health: HealthAnswer; verdict: string; cause?: string }> = {
    Ok: { reason: "200", health: healthy, verdict: "pass" },
    Non200: {
      reason: "any non-200 is a failure",
      health: { candidate: bad, stable: ok },
      verdict: "fail",
      cause: "canary",
    },
    CandidateSilent: {
      reason: "stable answers, so it is the canary",
      health: { candidate: none, stable: ok },
      verdict: "fail",
      cause: "canary",
    },
    NobodyAnswers: {
      reason: "the way there may be broken: error, not failure",
      health: { candidate: none, stable: none },
      verdict: "error",
    },
    BothIll: {
      reason: "reverts, but worth a retry",
      health: { candidate: bad, stable: bad },
      verdict: "fail",
      cause: "environment",
    },
  };
  it.each(Object.entries(cases))("%s", (_name, { reason, health, verdict, cause }) => {
    const reading = verdictOf("health", {
      metrics: seen(60, repeat(6, { n: 1000 })),
      health,
      afterSeconds: 60,
    });
    expect({ verdict: reading.verdict, cause: reading.cause }, reason).toEqual({ verdict, cause });
  });
});

describe("silence is never success (gates.md 3)", () => {
  const cases: Record<string, { metrics: MetricsAnswer; verdict: string; reason: string }> = {
    SourceError: {
      metrics: { status: "error", message: "HTTP 503" },
      verdict: "error",
      reason: "SourceError",
    },
    Empty: { metrics: { status: "empty", message: "no rows" }, verdict: "no-data", reason: "NoData" },
    Stale: {
      metrics: answer(bins(t0, repeat(12, { n: 1000 })), [], t0 + 120_000),
      verdict: "no-data",
      reason: "StaleData",
    },
  };
  it.each(Object.entries(cases))("%s", (_name, { metrics, verdict, reason }) => {
    for (const gate of ["error-rate", "p95-latency", "exceptions"] as const) {
      expect(verdictOf(gate, { metrics, afterSeconds: 600 })).toMatchObject({ gate, verdict, reason });
    }
  });
});
