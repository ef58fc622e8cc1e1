import { describe, expect, it } from "vitest";
import { readGaugeGate } from "../../../src/analysis/gauge-gate.ts";
import type { GaugeAnswer, GaugeName } from "../../../src/types/gauge.ts";

const t0 = Date.UTC(2026, 0, 15, 10, 0, 0);
const second = 1000;

/** The guide's triggers on levels. */
const guide = [
  { gate: "db-pool", limit: 90, forSeconds: 180 },
  { gate: "queue-depth", limit: 10_000, forSeconds: 300 },
  { gate: "memory", limit: 90, forSeconds: 180 },
] as const;
const pool = guide[0];

interface Look {
  readonly gate?: GaugeName;
  readonly limit?: number;
  readonly forSeconds?: number;
  /** By time, the last one at the watermark; undefined: nothing was measured. */
  readonly levels: readonly (number | undefined)[];
  readonly everySeconds?: number;
  /** How long ago the rollout got traffic, as seen from the watermark; default an hour. */
  readonly exposedSeconds?: number;
  readonly lagSeconds?: number;
}

function read(look: Look) {
  const { gate = "db-pool", limit = 90, forSeconds = 180, levels, everySeconds = 10 } = look;
  const { exposedSeconds = 3600, lagSeconds = 30 } = look;
  const everyMs = everySeconds * second;
  const samples = levels.flatMap((value, index) =>
    value === undefined ? [] : [{ atMs: t0 - (levels.length - 1 - index) * everyMs, value }],
  );
  return readGaugeGate(gate, {
    answer: { status: "value", everyMs, watermarkMs: t0, samples },
    limit: { limit, forSeconds },
    exposedSinceMs: t0 - exposedSeconds * second,
    nowMs: t0 + lagSeconds * second,
  });
}

const times = (count: number, level: number | undefined) => Array.from({ length: count }, () => level);

describe.each(guide)(
  "$gate: above $limit for $forSeconds s (guide triggers)",
  ({ gate, limit, forSeconds }) => {
    const whole = forSeconds / 10;
    const of = (levels: Look["levels"]) => read({ gate, limit, forSeconds, levels });

    it.each([
      { why: "below", levels: times(whole, limit - 0.01), verdict: "pass", reason: "WithinLimit" },
      { why: "exactly the limit", levels: times(whole, limit), verdict: "pass", reason: "WithinLimit" },
      { why: "zero is a value", levels: times(whole, 0), verdict: "pass", reason: "WithinLimit" },
      {
        why: "above, but one sample short of the duration",
        levels: [limit, ...times(whole - 1, limit + 0.01)],
        verdict: "no-data",
        reason: "BreachNotSustained",
      },
      {
        why: "above for exactly the duration",
        levels: [limit, ...times(whole, limit + 0.01)],
        verdict: "fail",
        reason: "LimitBreached",
      },
      {
        why: "above for longer",
        levels: times(whole + 6, limit + 0.01),
        verdict: "fail",
        reason: "LimitBreached",
      },
      {
        why: "one sample at the limit amid the breach",
        levels: [...times(whole / 2, limit + 1), limit, ...times(whole / 2 - 1, limit + 1)],
        verdict: "no-data",
        reason: "BreachNotSustained",
      },
      {
        why: "a breach that ended is over",
        levels: [...times(whole, limit + 1), limit],
        verdict: "pass",
        reason: "WithinLimit",
      },
    ])("$why: $verdict", ({ levels, verdict, reason }) => {
      expect(of(levels)).toMatchObject({ gate, limit, verdict, reason });
    });

    it("blames the canary, and gives level, limit, samples and duration", () => {
      const { cause, value, samples, message } = of(times(whole, limit + 5));
      expect({ cause, value, samples }).toEqual({ cause: "canary", value: limit + 5, samples: whole });
      expect(message).toContain(`${limit + 5}`);
      expect(message).toContain(`limit ${limit}`);
      expect(message).toContain(`each of ${whole} samples over ${forSeconds} s`);
    });
  },
);

describe("four of five expected samples are enough, and no fewer (gates.md 2.5)", () => {
  it.each([
    { why: "15 of 18, above", levels: [...times(3, undefined), ...times(15, 95)], verdict: "fail" },
    { why: "14 of 18, above", levels: [...times(4, undefined), ...times(14, 95)], verdict: "no-data" },
    { why: "15 of 18, below", levels: [...times(15, 40), ...times(3, undefined)], verdict: "pass" },
    { why: "14 of 18, below", levels: [...times(14, 40), ...times(4, undefined)], verdict: "no-data" },
    {
      why: "a gap among those above",
      levels: [...times(9, 95), undefined, ...times(8, 95)],
      verdict: "fail",
    },
  ])("$why: $verdict", ({ levels, verdict }) => {
    expect(read({ levels }).verdict).toBe(verdict);
  });

  it.each([
    { everySeconds: 60, forSeconds: 300, enough: 4 },
    { everySeconds: 60, forSeconds: 180, enough: 3 },
    { everySeconds: 15, forSeconds: 180, enough: 10 },
    { everySeconds: 30, forSeconds: 300, enough: 8 },
  ])("a sample each $everySeconds s for $forSeconds s: $enough", ({ enough, ...rhythm }) => {
    expect(read({ ...rhythm, levels: times(enough, 95) })).toMatchObject({
      verdict: "fail",
      samples: enough,
    });
    const short = read({ ...rhythm, levels: times(enough - 1, 95) });
    expect(short).toMatchObject({ verdict: "no-data", reason: "TooFewSamples" });
    expect(short).not.toHaveProperty("value");
    expect(short.message).toContain(`a verdict needs ${enough} in ${rhythm.forSeconds} s`);
  });
});

describe("nothing older than the rollout counts", () => {
  it("a pool that was full before it is not its fault", () => {
    const levels = times(30, 95);
    expect(read({ levels, exposedSeconds: 130 })).toMatchObject({
      verdict: "no-data",
      reason: "TooFewSamples",
    });
  });

  it("a level within the limit before it is no proof", () => {
    expect(read({ levels: times(30, 40), exposedSeconds: 60 })).toMatchObject({ reason: "TooFewSamples" });
  });

  it("four of five samples don't shorten the duration of a young rollout", () => {
    const at = (exposedSeconds: number) => read({ levels: times(30, 95), exposedSeconds });
    expect(at(160)).toMatchObject({ verdict: "no-data", reason: "BreachNotSustained", samples: 17 });
    expect(at(170)).toMatchObject({ verdict: "fail", samples: 18 });
  });
});

describe("silence is never success", () => {
  const whole = times(18, 40);
  it("a watermark of up to three windows ago speaks, an older one doesn't", () => {
    expect(read({ levels: whole, lagSeconds: 540 }).verdict).toBe("pass");
    expect(read({ levels: whole, lagSeconds: 541 })).toMatchObject({
      verdict: "no-data",
      reason: "StaleData",
      message: "db-pool: the newest complete sample is 541 s old",
    });
  });

  it("an old breach doesn't revert either", () => {
    expect(read({ levels: times(18, 95), lagSeconds: 541 }).verdict).toBe("no-data");
  });

  it("samples after the watermark aren't complete", () => {
    const everyMs = 10_000;
    const samples = times(18, 95).map((_, index) => ({ atMs: t0 + index * everyMs, value: 95 }));
    const answer: GaugeAnswer = { status: "value", everyMs, watermarkMs: t0, samples };
    const reading = readGaugeGate("memory", { answer, limit: pool, exposedSinceMs: 0, nowMs: t0 });
    expect(reading).toMatchObject({ verdict: "no-data", samples: 1 });
  });

  it.each([
    { status: "empty", verdict: "no-data", reason: "NoData" },
    { status: "error", verdict: "error", reason: "SourceError" },
  ] as const)(
    "$status is $verdict, with what the source said and without a value",
    ({ status, ...expected }) => {
      const answer = { status, message: "HTTP 503" } as const;
      const reading = readGaugeGate("memory", { answer, limit: pool, exposedSinceMs: 0, nowMs: t0 });
      expect(reading).toEqual({ gate: "memory", limit: 90, message: "HTTP 503", ...expected });
    },
  );

  it("a level that is no number proves nothing", () => {
    expect(read({ levels: times(18, Number.NaN) }).verdict).toBe("no-data");
    expect(read({ levels: [...times(17, 95), Number.NaN] }).verdict).toBe("no-data");
  });
});

it.each([
  ["db-pool", "the database connection pool is at 95 %, limit 90 %"],
  ["queue-depth", "the queue holds 95 messages, limit 90 messages"],
  ["memory", "memory is at 95 %, limit 90 %"],
] as const)("%s says what it is in words of its own", (gate, text) => {
  expect(read({ gate, levels: times(18, 95) }).message).toContain(text);
});
