import { describe, expect, it } from "vitest";
import {
  type BurnReading,
  type BurnWindow,
  burnRate,
  burnThreshold,
  burnVerdict,
  burnWindows,
  readBurn,
} from "../../../src/analysis/burn.ts";
import type { TotalsAnswer } from "../../../src/types/gauge.ts";

const hour = 3_600_000;
const days = (count: number) => count * 24 * hour;

describe("thresholds: share of the budget × period / long window", () => {
  it("are the workbook's at 30 days, and others at 28", () => {
    expect(burnWindows.map((window) => burnThreshold(window))).toEqual([14.4, 6, 3, 1]);
    const at28 = burnWindows.map((window) => burnThreshold(window, days(28)));
    expect(at28.map((value) => value.toFixed(2))).toEqual(["13.44", "5.60", "2.80", "0.93"]);
  });

  it("the windows are the table's, each short one a twelfth of the long", () => {
    expect(burnWindows.map(({ severity, longMs, shortMs }) => [severity, longMs, shortMs])).toEqual([
      ["page", hour, 5 * 60_000],
      ["page", 6 * hour, 30 * 60_000],
      ["ticket", 24 * hour, 2 * hour],
      ["ticket", 72 * hour, 6 * hour],
    ]);
    for (const { longMs, shortMs } of burnWindows) expect(longMs / shortMs).toBe(12);
  });
});

describe("a burn rate", () => {
  it("is how many times faster than allowed requests fail", () => {
    expect(burnRate({ total: 1000, bad: 1 }, 99.9)).toBe(1);
    expect(burnRate({ total: 1000, bad: 10 }, 99.9)).toBe(10);
    expect(burnRate({ total: 1000, bad: 0 }, 99.9)).toBe(0);
    expect(burnRate({ total: 1000, bad: 1000 }, 99)).toBe(100);
  });

  it("has none without data or without a budget", () => {
    for (const [total, bad, slo] of [
      [0, 0, 99.9],
      [10, 11, 99.9],
      [Number.NaN, 0, 99.9],
      [1000, 1, 100],
    ] as const) {
      expect(burnRate({ total, bad }, slo)).toBeUndefined();
    }
  });
});

const value = (total: number, bad: number): TotalsAnswer => ({ status: "value", total, bad });

describe("a pair of windows", () => {
  // 99.9 % of a million: 1000 failed are burn 1.
  const cases = burnWindows.map((window) => ({ window, limit: burnThreshold(window) * 1000 }));
  const million = 1_000_000;
  describe.each(cases)("$window.severity of $window.longMs ms", ({ window, limit }) => {
    const read = (long: number, short: number) =>
      readBurn({ window, long: value(million, long), short: value(million, short) }, { sloPercent: 99.9 })
        .state;
    it.each([
      ["below in both", -1, -1, "quiet"],
      ["exactly at it in both", 0, 0, "quiet"],
      ["above in the long one alone: it is over", 1, 0, "quiet"],
      ["above in the short one alone: a blip", 0, 1, "quiet"],
      ["above in both", 1, 1, "fires"],
    ])("%s", (_, long, short, state) => expect(read(limit + long, limit + short)).toBe(state));
  });

  const [window] = burnWindows as readonly [BurnWindow];
  it.each([
    ["silence in the long one", { status: "empty", message: "no series" }, value(1000, 0), "1 h: no series"],
    ["trouble in the short one", value(1000, 0), { status: "error", message: "HTTP 503" }, "5 min: HTTP 503"],
    ["no traffic", value(0, 0), value(0, 0), "1 h: no traffic; 5 min: no traffic"],
    ["nonsense", value(5, 6), value(5, 0), "1 h: 6 failed of 5 is no count"],
  ] as const)("%s is unknown, never quiet", (_, long, short, why) => {
    const reading = readBurn({ window, long, short }, { sloPercent: 99.9 });
    expect(reading).toMatchObject({ state: "unknown", message: `no burn rate: ${why}` });
  });

  it("is unknown for an objective that leaves no budget", () => {
    const reading = readBurn({ window, long: value(10, 10), short: value(10, 10) }, { sloPercent: 100 });
    expect(reading.state).toBe("unknown");
    expect(reading.message).toContain("an objective of 100 % leaves no error budget");
  });

  it("gives rates, windows and threshold in one sentence", () => {
    const reading = readBurn(
      { window, long: value(10_000, 200), short: value(1000, 30) },
      { sloPercent: 99.9 },
    );
    expect(reading).toMatchObject({ state: "fires", threshold: 14.4, longBurn: 20, shortBurn: 30 });
    expect(reading.message).toBe("burn rate 20 in 1 h and 30 in 5 min; more than 14.4 in both fires a page");
  });

  it("takes another period", () => {
    const counts = { window, long: value(million, 14_000), short: value(million, 14_000) };
    expect(readBurn(counts, { sloPercent: 99.9 }).state).toBe("quiet");
    expect(readBurn(counts, { sloPercent: 99.9, periodMs: days(28) }).state).toBe("fires");
  });
});

describe("may a rollout start?", () => {
  const readings = (states: readonly BurnReading["state"][]): BurnReading[] =>
    burnWindows.map((window, index) => ({
      window,
      state: states[index] ?? "quiet",
      threshold: burnThreshold(window),
      message: `${window.severity} ${index}`,
    }));

  it.each([
    ["all is quiet", ["quiet", "quiet", "quiet", "quiet"], "clear", []],
    ["a page fires", ["quiet", "fires", "quiet", "quiet"], "blocked", ["page 1"]],
    [
      "a page fires beside one that nobody knows",
      ["unknown", "fires", "quiet", "quiet"],
      "blocked",
      ["page 0", "page 1"],
    ],
    ["nobody knows a page", ["unknown", "quiet", "quiet", "quiet"], "unknown", ["page 0"]],
    ["a ticket fires", ["quiet", "quiet", "fires", "quiet"], "clear", ["ticket 2"]],
    ["nobody knows a ticket", ["quiet", "quiet", "quiet", "unknown"], "clear", ["ticket 3"]],
  ] as const)("%s", (_, states, start, reasons) => {
    expect(burnVerdict(readings(states))).toEqual({ start, reasons });
  });

  it("nothing read is nothing known", () => {
    expect(burnVerdict([])).toMatchObject({ start: "unknown" });
    expect(burnVerdict(readings([]).slice(2)).start).toBe("unknown");
  });
});
