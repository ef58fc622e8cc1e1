import { describe, expect, it } from "vitest";
import { readQueueTrend } from "../../../src/analysis/checklist-queue.ts";
import type { GaugeAnswer } from "../../../src/types/gauge.ts";

const t0 = Date.UTC(2026, 0, 15, 10);
const minute = 60_000;

/** Levels each `everyMs` from t0 on, and what they come to right after the last. */
function trend(
  levels: readonly number[],
  { limit = 1_000, everyMs = 30_000, sinceMs = t0, lateMs = 0 } = {},
) {
  const samples = levels.map((value, index) => ({ atMs: t0 + index * everyMs, value }));
  const watermarkMs = t0 + (levels.length - 1) * everyMs;
  const answer: GaugeAnswer = { status: "value", everyMs, watermarkMs, samples };
  return readQueueTrend({ answer, limit, sinceMs, nowMs: watermarkMs + lateMs });
}

const series = (count: number, of: (index: number) => number) =>
  Array.from({ length: count }, (_, i) => of(i));

describe("a backlog that builds up", () => {
  it.each([
    ["steadily", series(30, (i) => 100 + i * 5)],
    ["in steps", series(30, (i) => 100 + Math.floor(i / 5) * 40)],
    ["under noise of half its rise", series(30, (i) => 100 + i * 10 + ((i * 37) % 10) * 15)],
    ["but for one sample that fell to nothing", series(30, (i) => (i === 20 ? 0 : 100 + i * 5))],
    ["in 6 samples over 3 min", series(7, (i) => i * 40)],
  ])("%s: unmet, with numbers", (_, levels) => {
    const found = trend(levels);
    expect(found).toMatchObject({ status: "unmet", how: "tool" });
    expect(found.evidence).toMatch(
      /^a backlog builds up: the queue holds [\d.]+ messages, \+[\d.]+ in [\d.]+ min/,
    );
    expect(found.hint).toContain("rollouts abort");
  });

  it.each([
    ["level", series(30, () => 400)],
    ["falling", series(30, (i) => 900 - i * 20)],
    ["noise alone", series(30, (i) => 200 + ((i * 37) % 10) * 30)],
    ["a spike", series(30, (i) => (i > 10 && i < 14 ? 900 : 100))],
    ["up, and worked off again", series(30, (i) => (i < 15 ? i * 40 : (30 - i) * 40))],
    ["growing by less than a tenth of the limit", series(30, (i) => 100 + i * 3)],
    ["growing by exactly a tenth of it", series(11, (i) => i * 10)],
  ])("%s: met", (_, levels) => {
    expect(trend(levels)).toMatchObject({ status: "met" });
  });

  it("growing by just more than a tenth of the limit is unmet", () => {
    expect(trend(series(11, (i) => i * 10.01)).status).toBe("unmet");
  });

  it("a limit of 0: any sustained rise", () => {
    expect(
      trend(
        series(11, (i) => i),
        { limit: 0 },
      ).status,
    ).toBe("unmet");
    expect(
      trend(
        series(11, () => 0),
        { limit: 0 },
      ).status,
    ).toBe("met");
  });

  it("only of the last 15 min: what grew before and stands still holds nobody up", () => {
    expect(trend(series(90, (i) => Math.min(i, 30) * 20)).status).toBe("met");
  });

  it("only of this step: a growth before it is another one's", () => {
    const levels = series(40, (i) => Math.min(i, 20) * 20);
    expect(trend(levels).status).toBe("unmet");
    expect(trend(levels, { sinceMs: t0 + 20 * 30_000 }).status).toBe("met");
  });

  it("of thousands of samples too", () => {
    const found = trend(
      series(900, (i) => i),
      { everyMs: 1_000 },
    );
    expect(found.status).toBe("unmet");
    expect(found.evidence).toContain("+899 in 15 min");
  });
});

describe("what proves nothing", () => {
  it("early in a step the newest level is enough", () => {
    expect(trend([0])).toMatchObject({ status: "met", evidence: expect.stringContaining("too early") });
    expect(trend(series(5, (i) => i * 900)).status).toBe("met");
  });

  it("later, too few are unmet", () => {
    const samples = [{ atMs: t0, value: 1 }];
    const answer: GaugeAnswer = { status: "value", everyMs: minute, watermarkMs: t0 + 8 * minute, samples };
    const early: GaugeAnswer = { ...answer, watermarkMs: t0 + 4 * minute };
    const look = { limit: 1_000, sinceMs: t0, nowMs: t0 + 4 * minute };
    expect(readQueueTrend({ ...look, answer: early }).status).toBe("met");
    expect(readQueueTrend({ ...look, answer })).toMatchObject({
      status: "unmet",
      evidence: "1 levels of this step so far in 480 s: too few for a trend",
    });
  });

  it("a newest level of more than 5 min ago is stale", () => {
    expect(
      trend(
        series(30, () => 1),
        { lateMs: 5 * minute },
      ).status,
    ).toBe("met");
    expect(
      trend(
        series(30, () => 1),
        { lateMs: 5 * minute + 1 },
      ),
    ).toMatchObject({
      status: "unmet",
      evidence: "the queue's newest level is 300 s old",
    });
  });

  it.each([
    ["error", { status: "error", message: "HTTP 503" }, "the queue can't be read: HTTP 503"],
    ["silence", { status: "empty", message: "no rows" }, "the queue can't be read: no rows"],
    [
      "no sample",
      { status: "value", everyMs: minute, watermarkMs: t0, samples: [] },
      "the queue has no level yet",
    ],
  ] as const)("%s", (_, answer, evidence) => {
    const found = readQueueTrend({ answer, limit: 1_000, sinceMs: t0, nowMs: t0 });
    expect(found).toMatchObject({ status: "unmet", evidence });
  });
});
