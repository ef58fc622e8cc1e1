import { describe, expect, it } from "vitest";
import { readSlo, type SloInput, sloThresholdsMs } from "../../../src/analysis/slo-gate.ts";
import type { GaugeAnswer } from "../../../src/types/gauge.ts";
import type { CohortBin } from "../../../src/types/observation.ts";

const t0 = 1_790_000_000_000;
const minute = 60_000;

/** Of one bin of 10 s with 1,000 requests: how many failed, and how many were slower than a threshold. */
interface Bin {
  readonly n?: number;
  readonly errors?: number;
  readonly slow?: Readonly<Record<number, number>>;
}

function binsOf(specs: readonly Bin[]): CohortBin[] {
  return specs.map(({ n = 1000, errors = 0, slow }, index) => ({
    startMs: t0 + index * 10_000,
    n,
    errors,
    slow: { ...Object.fromEntries(sloThresholdsMs.map((ms) => [ms, 0])), ...slow },
    exceptions: 0,
    weightSquared: n,
  }));
}

/** A minute of bins that are all alike. */
const minutes = (count: number, bin: Bin) => Array.from({ length: 6 * count }, () => bin);

function read(candidate: readonly CohortBin[], over: Partial<SloInput> = {}) {
  const watermarkMs = over.watermarkMs ?? t0 + candidate.length * 10_000;
  return readSlo({
    slo: { availabilityPercent: 99.9, resolveWithinSeconds: 600, window: "rolling-30d" },
    candidate,
    confirmedAtMs: t0,
    nowMs: watermarkMs,
    watermarkMs,
    binMs: 10_000,
    windowMs: minute,
    minRequests: 100,
    ...over,
  });
}
const of = (specs: readonly Bin[], over?: Partial<SloInput>) => read(binsOf(specs), over);

describe("the guide's SLO table, over one minute", () => {
  it.each([
    { why: "none failed: zero is a value", bin: {}, verdict: "pass", reason: "WithinSlo" },
    { why: "0.1 % failed: the target exactly", bin: { errors: 1 }, verdict: "pass", reason: "WithinSlo" },
    { why: "0.2 %: missed, no warning", bin: { errors: 2 }, verdict: "pass", reason: "WithinSlo" },
    { why: "0.5 %: exactly the warning", bin: { errors: 5 }, verdict: "pass", reason: "WithinSlo" },
    { why: "0.6 %: a warning holds", bin: { errors: 6 }, verdict: "no-data", reason: "SloWarning" },
    { why: "1 %: exactly critical", bin: { errors: 10 }, verdict: "no-data", reason: "SloWarning" },
    { why: "1.1 %: critical holds first", bin: { errors: 11 }, verdict: "no-data", reason: "SloCritical" },
    { why: "P95 at 800 ms", bin: { slow: { 500: 60, 800: 50 } }, verdict: "pass", reason: "WithinSlo" },
    { why: "P95 over it", bin: { slow: { 500: 60, 800: 51 } }, verdict: "no-data", reason: "SloWarning" },
    {
      why: "P95 over 1000 ms",
      bin: { slow: { 500: 60, 800: 55, 1000: 51, 1500: 10, 2000: 10 } },
      verdict: "no-data",
      reason: "SloCritical",
    },
    { why: "P99 over 1500 ms", bin: { slow: { 1500: 11 } }, verdict: "no-data", reason: "SloWarning" },
    { why: "P99 over 2000 ms", bin: { slow: { 2000: 11 } }, verdict: "no-data", reason: "SloCritical" },
  ])("$why", ({ bin, verdict, reason }) => {
    expect(of(minutes(1, bin))).toMatchObject({ gate: "slo", verdict, reason, samples: 6000 });
  });

  it("says which metrics are bad, and how much was available", () => {
    const { message, value, limit } = of(minutes(1, { errors: 6, slow: { 2000: 11 } }));
    expect(message).toMatch(/\(availability warning, error-rate warning, p99-latency critical\)$/);
    expect({ value, limit }).toEqual({ value: 99.4, limit: 99.9 });
  });

  it("latency that the source doesn't count is left out; errors are judged all the same", () => {
    const bare = (bin: Bin) => binsOf(minutes(1, bin)).map((one) => ({ ...one, slow: { 1000: 0 } }));
    expect(read(bare({})).verdict).toBe("pass");
    expect(read(bare({ errors: 6 })).reason).toBe("SloWarning");
  });

  it("and so is a threshold that one bin doesn't count: its sum would be too small", () => {
    const late = binsOf(minutes(1, { slow: { 2000: 11 } }));
    expect(read(late).reason).toBe("SloCritical");
    for (const silent of [0, 3]) {
      const partial = late.map((bin, index) => (index === silent ? { ...bin, slow: {} } : bin));
      expect(read(partial)).toMatchObject({ verdict: "pass", samples: 6000 });
    }
  });
});

describe("critical has ten minutes to be resolved", () => {
  const bad = { errors: 20 };
  it("holds until then, and says what is left", () => {
    const reading = of([...minutes(9, bad), ...minutes(1, bad)]);
    // Critical since the end of the first window, t0 + 1 min.
    expect(reading).toMatchObject({ verdict: "no-data", reason: "SloCritical" });
    expect(reading.message).toMatch(/1 min of 10 min left/);
    expect(reading).not.toHaveProperty("cause");
  });

  it("turns back when the time is over", () => {
    expect(of(minutes(11, bad))).toMatchObject({
      verdict: "fail",
      reason: "SloNotResolved",
      cause: "canary",
      message: expect.stringContaining("not resolved in 10 min"),
    });
    const late = { nowMs: t0 + 11 * minute - 1, watermarkMs: t0 + 10 * minute };
    expect(of(minutes(11, bad), late).verdict).toBe("no-data");
    expect(of(minutes(11, bad), { ...late, nowMs: t0 + 11 * minute }).verdict).toBe("fail");
  });

  it("goes on where it was resolved before", () => {
    expect(of([...minutes(9, bad), ...minutes(2, {})])).toMatchObject({
      verdict: "pass",
      reason: "WithinSlo",
    });
  });

  it("a warning resolves it too, and holds", () => {
    expect(of([...minutes(9, bad), ...minutes(3, { errors: 6 })])).toMatchObject({ reason: "SloWarning" });
  });

  it("the time begins anew with a new critical state", () => {
    const again = [...minutes(8, bad), ...minutes(1, {}), ...minutes(9, bad)];
    expect(of(again)).toMatchObject({ verdict: "no-data", reason: "SloCritical" });
    expect(of([...again, ...minutes(2, bad)])).toMatchObject({ verdict: "fail" });
  });

  it("as long as config says", () => {
    const slo = { availabilityPercent: 99.9, resolveWithinSeconds: 120, window: "rolling-30d" } as const;
    expect(of(minutes(2, bad), { slo }).verdict).toBe("no-data");
    expect(of(minutes(3, bad), { slo }).verdict).toBe("fail");
  });
});

describe("windows", () => {
  const tooFew = { verdict: "no-data", reason: "BelowMinRequests" };
  it("are a minute at least", () => {
    expect(of(minutes(1, {}).slice(1))).toMatchObject(tooFew);
    expect(of([])).toMatchObject(tooFew);
  });

  it("hold at least minRequests: 99 in ten minutes are none, the hundredth fills it", () => {
    const quiet = [{ n: 99, errors: 50 }, ...minutes(10, { n: 0 })];
    expect(of(quiet)).toMatchObject(tooFew);
    expect(of([...quiet, { n: 1 }])).toMatchObject({ reason: "SloCritical", samples: 100 });
  });

  it("lie end to end: a bad one stays where it was as time goes on", () => {
    const early = of([...minutes(1, { errors: 20 })]);
    const later = of([...minutes(1, { errors: 20 }), ...minutes(1, {}).slice(1)]);
    expect([early.reason, later.reason]).toEqual(["SloCritical", "SloCritical"]);
    expect(later.samples).toBe(6000);
  });

  it("begin with the step, on its first whole bin", () => {
    const specs = [...minutes(1, { errors: 500 }), ...minutes(1, {})];
    expect(of(specs, { confirmedAtMs: t0 + minute })).toMatchObject({ verdict: "pass" });
    expect(of(specs, { confirmedAtMs: t0 + minute + 1 })).toMatchObject(tooFew);
  });

  it("end with the watermark", () => {
    expect(of(minutes(2, { errors: 500 }), { watermarkMs: t0 + minute - 1 })).toMatchObject(tooFew);
  });

  it("bins that were left out are time without requests", () => {
    const [first, ...rest] = binsOf(minutes(1, {}));
    const gappy = [first, ...rest.slice(3)].flatMap((bin) => bin ?? []);
    expect(read(gappy, { watermarkMs: t0 + minute })).toMatchObject({ verdict: "pass", samples: 3000 });
  });
});

it("a driver that starts anew reads the same: nothing is remembered", () => {
  const specs = [...minutes(3, { errors: 20 }), ...minutes(1, {}), ...minutes(4, { errors: 20 })];
  const once = of(specs);
  for (let looks = 6; looks < specs.length; looks += 1) of(specs.slice(0, looks));
  expect(of(specs)).toEqual(once);
  expect(read(binsOf(specs).reverse())).toEqual(once);
});

describe("throughput, of both sides together", () => {
  const slo = {
    availabilityPercent: 99.9,
    resolveWithinSeconds: 600,
    window: "rolling-30d",
    throughput: { target: 400, warning: 300, critical: 200 },
  } as const;
  // The candidate's 1,000 requests in 10 s are 100 a second; the rest is stable's.
  it.each([
    { stable: 3000, reason: "WithinSlo" },
    { stable: 2999, reason: "WithinSlo" },
    { stable: 2000, reason: "WithinSlo" },
    { stable: 1990, reason: "SloWarning" },
    { stable: 1000, reason: "SloWarning" },
    { stable: 990, reason: "SloCritical" },
    { stable: 0, reason: "SloCritical" },
  ])("$stable requests of stable in 10 s: $reason", ({ stable, reason }) => {
    const beside = binsOf(minutes(1, { n: stable }));
    expect(of(minutes(1, {}), { slo, stable: beside })).toMatchObject({ reason });
  });
});

describe("what isn't the canary's doing", () => {
  const bad = { errors: 50 };

  it("turns back all the same, labelled, where stable is critical too", () => {
    const bins = minutes(12, bad);
    expect(of(bins, { stable: binsOf(bins) })).toMatchObject({ verdict: "fail", cause: "environment" });
    expect(of(bins, { stable: binsOf(minutes(12, {})) })).toMatchObject({ verdict: "fail", cause: "canary" });
  });

  it("an outage of the metrics after a critical minute holds for ever, and turns nothing back", () => {
    const critical = minutes(2, bad);
    for (const silent of [3, 4, 12, 60]) {
      const watermarkMs = t0 + (2 + silent) * minute;
      const reading = of(critical, { watermarkMs });
      expect(reading.verdict, `${silent} min of silence`).toBe("no-data");
      if (silent > 3) expect(reading.reason).toBe("StaleData");
    }
  });
});

describe("the queue's processing lag, where it is watched", () => {
  const slo = {
    availabilityPercent: 99.9,
    resolveWithinSeconds: 600,
    window: "rolling-30d",
    queueLag: true,
  } as const;

  /** One list a minute: its samples in s, 10 s apart, the first 10 s into it. */
  function lagOf(
    byMinute: readonly (readonly number[])[],
    over: { watermarkMs?: number; everyMs?: number } = {},
  ): GaugeAnswer {
    const samples = byMinute.flatMap((values, at) =>
      values.map((value, index) => ({ atMs: t0 + at * minute + (index + 1) * 10_000, value })),
    );
    return { status: "value", everyMs: 10_000, watermarkMs: t0 + byMinute.length * minute, samples, ...over };
  }
  const watched = (specs: readonly Bin[], queueLag?: GaugeAnswer, over: Partial<SloInput> = {}) =>
    of(specs, { slo, ...(queueLag === undefined ? {} : { queueLag }), ...over });
  const many = (count: number, ...values: readonly number[]) => Array.from({ length: count }, () => values);

  it.each([
    { why: "no lag: zero is a value", lag: 0, verdict: "pass", reason: "WithinSlo" },
    { why: "the target exactly", lag: 60, verdict: "pass", reason: "WithinSlo" },
    { why: "over it, no warning", lag: 61, verdict: "pass", reason: "WithinSlo" },
    { why: "exactly the warning", lag: 120, verdict: "pass", reason: "WithinSlo" },
    { why: "over it", lag: 120.1, verdict: "no-data", reason: "SloWarning" },
    { why: "exactly critical", lag: 300, verdict: "no-data", reason: "SloWarning" },
    { why: "over it holds first", lag: 300.1, verdict: "no-data", reason: "SloCritical" },
    { why: "no lag at all: a clock is wrong", lag: -1, verdict: "no-data", reason: "NoData" },
    { why: "no number", lag: Number.NaN, verdict: "no-data", reason: "NoData" },
  ])("$lag s, $why: $verdict", ({ lag, verdict, reason }) => {
    // The worst of the minute, wherever it stands.
    for (const values of [[lag, 5, 5], [5, lag, 5], [lag]])
      expect(watched(minutes(1, {}), lagOf([values]))).toMatchObject({ verdict, reason, samples: 6000 });
  });

  it("says that it is the lag", () => {
    expect(watched(minutes(1, {}), lagOf([[400]])).message).toMatch(/\(queue-lag critical\)$/);
    expect(watched(minutes(1, { errors: 6 }), lagOf([[130]])).message).toMatch(
      /\(availability warning, error-rate warning, queue-lag warning\)$/,
    );
  });

  it("turns back after ten critical minutes, and not where it was resolved before", () => {
    expect(watched(minutes(10, {}), lagOf(many(10, 400))).verdict).toBe("no-data");
    expect(watched(minutes(11, {}), lagOf(many(11, 400)))).toMatchObject({
      verdict: "fail",
      reason: "SloNotResolved",
      cause: "canary",
    });
    expect(watched(minutes(11, {}), lagOf([...many(10, 400), [20]])).verdict).toBe("pass");
  });

  it("is one table with the counts: one critical after the other is critical all the time", () => {
    const specs = [...minutes(6, {}), ...minutes(5, { errors: 20 })];
    expect(watched(specs, lagOf([...many(6, 400), ...many(5, 20)])).verdict).toBe("fail");
  });

  it.each([
    [{ status: "error", message: "bus: 503" }, "SourceError", "bus: 503"],
    [{ status: "empty", message: "no series" }, "NoData", "no series"],
    [undefined, "SourceError", "was not asked"],
    [lagOf([[]]), "NoData", "no usable sample"],
  ] as const)("a source that says nothing holds: %o", (answer, reason, why) => {
    for (const count of [1, 30]) {
      const reading = watched(minutes(count, {}), answer);
      expect(reading).toMatchObject({ verdict: "no-data", reason, value: 100 });
      expect(reading.message).toMatch(/^nobody can say how long events wait in the queue: /);
      expect(reading.message).toContain(why);
      expect(reading).not.toHaveProperty("cause");
    }
  });

  it("and hides nothing that is known: counts hold and turn back all the same", () => {
    const error = { status: "error", message: "bus: 503" } as const;
    expect(watched(minutes(1, { errors: 6 }), error)).toMatchObject({ reason: "SloWarning" });
    expect(watched(minutes(1, { errors: 20 }), error)).toMatchObject({ reason: "SloCritical" });
    expect(watched(minutes(11, { errors: 20 }), error)).toMatchObject({ verdict: "fail" });
  });

  it("a silence begins nothing: failures that were resolved under it turn nothing back", () => {
    const error = { status: "error", message: "bus: 503" } as const;
    const specs = [...minutes(1, { errors: 20 }), ...minutes(15, {})];
    expect(watched(specs, error)).toMatchObject({ verdict: "no-data", reason: "SourceError" });
    expect(watched([...specs, ...minutes(1, { errors: 20 })], error)).toMatchObject({
      verdict: "no-data",
      reason: "SloCritical",
    });
  });

  it("nor resolves it a critical lag: it holds without an end, and turns back once it is seen again", () => {
    const silent = [...many(1, 400), ...many(14)];
    const reading = watched(minutes(15, {}), lagOf(silent));
    expect(reading).toMatchObject({ verdict: "no-data", reason: "SloCritical" });
    expect(reading.message).toContain("nobody can say");
    expect(watched(minutes(16, {}), lagOf([...silent, [400]])).verdict).toBe("fail");
    expect(watched(minutes(16, {}), lagOf([...silent, [20]])).verdict).toBe("pass");
  });

  it("a source that is late is read as late as it is, for five minutes", () => {
    const late = (count: number) => watched(minutes(count, {}), lagOf(many(4, 20)));
    expect([late(4), late(7), late(9), late(10)].map(({ verdict }) => verdict)).toEqual([
      "pass",
      "pass",
      "pass",
      "no-data",
    ]);
    expect(watched(minutes(7, {}), lagOf([...many(3, 20), [400]]))).toMatchObject({ reason: "SloCritical" });
  });

  it("and never with what it said before the step", () => {
    const over = { confirmedAtMs: t0 + 4 * minute };
    expect(watched(minutes(6, {}), lagOf(many(4, 20).slice(0, 3)), over)).toMatchObject({ reason: "NoData" });
    expect(watched(minutes(6, {}), lagOf(many(5, 20)), over)).toMatchObject({ verdict: "pass" });
  });

  it("a sample stands for the time up to the next: one in two minutes is enough", () => {
    const rare = lagOf([[20], [], [20], []], { everyMs: 2 * minute });
    expect(watched(minutes(4, {}), rare).verdict).toBe("pass");
    expect(watched(minutes(4, {}), lagOf([[20], [], [20], []])).reason).toBe("NoData");
  });

  it("where the objectives don't have it nobody reads it", () => {
    expect(of(minutes(1, {}), { queueLag: lagOf([[400]]) })).toEqual(of(minutes(1, {})));
  });
});
