import { describe, expect, it } from "vitest";
import {
  availabilityTarget,
  type SloMetric,
  type SloState,
  sloState,
  sloStateOfCounts,
  sloTable,
  worstState,
} from "../../../src/analysis/slo.ts";
import { readSloLooks, type SloLook } from "../../../src/analysis/slo-looks.ts";
import { aPolicy } from "../../support/builders.ts";

/** The guide's "Key Metrics to Monitor", typed in again: target, warning, critical. */
const guide: readonly (readonly [SloMetric, "above" | "below", number, number, number])[] = [
  ["availability", "below", 99.9, 99.5, 99.0],
  ["error-rate", "above", 0.1, 0.5, 1.0],
  ["p95-latency", "above", 500, 800, 1000],
  ["p99-latency", "above", 1000, 1500, 2000],
  ["throughput", "below", 10_000, 8000, 5000],
  ["queue-lag", "above", 60, 120, 300],
];

describe("the guide's table", () => {
  it("has these rows and no other", () => {
    expect(Object.keys(sloTable)).toEqual(guide.map(([metric]) => metric));
    for (const [metric, worse, target, warning, critical] of guide) {
      expect(sloTable[metric]).toMatchObject({ worse, target, warning, critical });
    }
  });

  const edges = guide.flatMap(([metric, worse, target, warning, critical]) => {
    const step = worse === "above" ? 1e-6 : -1e-6;
    const around: readonly (readonly [string, number, SloState])[] = [
      ["better than the target", target - step, "met"],
      ["exactly the target", target, "met"],
      ["just past the target", target + step, "missed"],
      ["just before the warning", warning - step, "missed"],
      ["exactly the warning", warning, "missed"],
      ["just past the warning", warning + step, "warning"],
      ["just before critical", critical - step, "warning"],
      ["exactly critical", critical, "warning"],
      ["just past critical", critical + step, "critical"],
    ];
    return around.map(([where, value, state]) => ({ metric, where, value, state }));
  });
  it.each(edges)("$metric, $where ($value): $state", ({ metric, value, state }) => {
    expect(sloState(metric, value)).toBe(state);
  });

  it("the far ends: nothing works, and all of it", () => {
    expect(sloState("availability", 0)).toBe("critical");
    expect(sloState("availability", 100)).toBe("met");
    expect(sloState("error-rate", 0)).toBe("met");
    expect(sloState("throughput", 0)).toBe("critical");
  });

  it.each(guide.map(([metric]) => metric))("%s: what is no value is unknown, never met", (metric) => {
    for (const value of [undefined, Number.NaN, -1, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
      expect(sloState(metric, value)).toBe("unknown");
    }
  });

  it("a share above 100 % is no share", () => {
    expect([sloState("availability", 100.1), sloState("error-rate", 101)]).toEqual(["unknown", "unknown"]);
  });
});

describe("in whole counts", () => {
  const n = 100_000;
  const of = (errors: number, requests = n) => ({ n: requests, errors, slow: {} });

  it.each([
    [100, "met"],
    [101, "missed"],
    [500, "missed"],
    [501, "warning"],
    [1000, "warning"],
    [1001, "critical"],
  ] as const)("%i of 100,000 failed: %s, as error rate and as availability", (errors, state) => {
    expect(sloStateOfCounts("error-rate", of(errors))).toBe(state);
    expect(sloStateOfCounts("availability", of(errors))).toBe(state);
  });

  it("exactly the threshold is exactly that, at every size", () => {
    for (const requests of [1000, 3000, 7000, 11_000, 700_000, 26_000_000_000]) {
      const limit = requests / 1000;
      for (const metric of ["error-rate", "availability"] as const) {
        expect(sloStateOfCounts(metric, of(limit, requests))).toBe("met");
        expect(sloStateOfCounts(metric, of(limit + 1, requests))).toBe("missed");
      }
    }
  });

  const latencies = [
    { metric: "p95-latency", allowed: 5000, thresholds: [500, 800, 1000] },
    { metric: "p99-latency", allowed: 1000, thresholds: [1000, 1500, 2000] },
  ] as const;
  describe.each(latencies)("$metric", ({ metric, allowed, thresholds: [target, warning, critical] }) => {
    const state = (slower: readonly [number, number, number]) =>
      sloStateOfCounts(metric, {
        n,
        errors: 0,
        slow: { [target]: slower[0], [warning]: slower[1], [critical]: slower[2] },
      });

    it.each([
      ["as many slower as it lets be", [allowed, 0, 0], "met"],
      ["one more than the target lets", [allowed + 1, 0, 0], "missed"],
      ["as many slower than the warning as it lets", [n, allowed, 0], "missed"],
      ["one more than the warning lets", [n, allowed + 1, 0], "warning"],
      ["as many slower than critical as it lets", [n, n, allowed], "warning"],
      ["one more than critical lets", [n, n, allowed + 1], "critical"],
    ] as const)("%s", (_, slower, expected) => expect(state(slower)).toBe(expected));

    it("a threshold that nobody counts is unknown: a missing count is not 0", () => {
      for (const missing of [target, warning, critical]) {
        const slow: Record<number, number> = { [target]: 0, [warning]: 0, [critical]: 0 };
        delete slow[missing];
        expect(sloStateOfCounts(metric, { n, errors: 0, slow })).toBe("unknown");
      }
    });
  });

  it("no request, and more bad ones than requests, prove nothing", () => {
    const slow = { 500: 0, 800: 0, 1000: 0, 1500: 0, 2000: 0 };
    for (const metric of ["availability", "error-rate", "p95-latency", "p99-latency"] as const) {
      expect(sloStateOfCounts(metric, { n: 0, errors: 0, slow })).toBe("unknown");
      expect(sloStateOfCounts(metric, { n: Number.NaN, errors: 0, slow })).toBe("unknown");
    }
    expect(sloStateOfCounts("error-rate", of(2, 1))).toBe("unknown");
    expect(sloStateOfCounts("availability", of(2, 1))).toBe("unknown");
    expect(sloStateOfCounts("error-rate", of(-1))).toBe("unknown");
  });
});

describe("several metrics together", () => {
  it("are as bad as the worst, and what nobody knows is no pass", () => {
    expect(worstState(["met", "critical", "unknown", "warning"])).toBe("critical");
    expect(worstState(["met", "unknown", "warning"])).toBe("warning");
    expect(worstState(["missed", "unknown", "met"])).toBe("unknown");
    expect(worstState(["missed", "met"])).toBe("missed");
    expect(worstState(["met", "met"])).toBe("met");
    expect(worstState([])).toBe("unknown");
  });
});

it("the objective is the policy's, else the guide's 99.9 %", () => {
  expect(availabilityTarget(aPolicy())).toBe(99.9);
  const slo = { availabilityPercent: 99.95, resolveWithinSeconds: 600, window: "rolling-30d" } as const;
  expect(availabilityTarget({ gates: { ...aPolicy().gates, slo } })).toBe(99.95);
});

describe("an SLO miss that is not resolved in 10 min reverts", () => {
  const t0 = 1_790_000_000_000;
  const minute = 60_000;
  /** One look a minute, from minute 0. */
  const looks = (states: string): SloLook[] =>
    [...states].map((letter, index) => ({ atMs: t0 + index * minute, state: letters[letter] ?? "unknown" }));
  const letters: Readonly<Record<string, SloState>> = {
    m: "met",
    s: "missed",
    w: "warning",
    c: "critical",
    "?": "unknown",
  };

  const cases: Record<string, { seen: string; action: string; since?: number; why: string }> = {
    NoLook: { seen: "", action: "hold", why: "silence is no pass" },
    Met: { seen: "mmm", action: "go-on", why: "all is well" },
    Missed: { seen: "mms", action: "go-on", why: "no warning threshold is reached" },
    Warning: { seen: "mmw", action: "hold", why: "a warning holds promotion" },
    WarningForAnHour: { seen: "w".repeat(61), action: "hold", why: "a warning alone never reverts" },
    WarningOver: { seen: "wwm", action: "go-on", why: "it is over" },
    Unknown: { seen: "mm?", action: "hold", why: "nobody can say" },
    UnknownForAnHour: { seen: "?".repeat(61), action: "hold", why: "silence alone never reverts" },
    CriticalNow: { seen: "mmc", action: "hold", since: 2, why: "it has 10 minutes" },
    Critical9Minutes: { seen: "c".repeat(10), action: "hold", since: 0, why: "a minute is left" },
    Critical10Minutes: { seen: "c".repeat(11), action: "revert", since: 0, why: "its time is over" },
    Critical11Minutes: { seen: "c".repeat(12), action: "revert", since: 0, why: "and longer" },
    ResolvedInTime: { seen: `${"c".repeat(10)}m`, action: "go-on", why: "resolved at the last look" },
    ResolvedToAWarning: { seen: `${"c".repeat(10)}w`, action: "hold", why: "not critical any more" },
    AgainLater: {
      seen: `${"c".repeat(9)}m${"c".repeat(5)}`,
      action: "hold",
      since: 10,
      why: "a new one has its own 10 minutes",
    },
    BlindInBetween: {
      seen: `c${"?".repeat(9)}c`,
      action: "revert",
      since: 0,
      why: "a look that can't tell resolves nothing",
    },
    BlindAtTheEnd: {
      seen: `c${"?".repeat(10)}`,
      action: "revert",
      since: 0,
      why: "nor does silence to the end",
    },
    BlindFirst: { seen: "??c", action: "hold", since: 2, why: "it counts from where it was seen" },
  };
  it.each(Object.entries(cases))("%s", (_, { seen, action, since, why }) => {
    const nowMs = t0 + Math.max(0, seen.length - 1) * minute;
    const ruling = readSloLooks(looks(seen), { nowMs });
    expect(ruling.action, why).toBe(action);
    expect(ruling.criticalSinceMs).toBe(since === undefined ? undefined : t0 + since * minute);
    expect(ruling.resolveByMs).toBe(since === undefined ? undefined : t0 + (since + 10) * minute);
  });

  it("to the ms: the time is over at 10 min, not before", () => {
    const one = looks("c");
    expect(readSloLooks(one, { nowMs: t0 + 10 * minute - 1 }).action).toBe("hold");
    expect(readSloLooks(one, { nowMs: t0 + 10 * minute }).action).toBe("revert");
  });

  it("the 10 min can be others", () => {
    const rule = { resolveWithinMs: 2 * minute };
    expect(readSloLooks(looks("cc"), { ...rule, nowMs: t0 + minute }).action).toBe("hold");
    expect(readSloLooks(looks("ccc"), { ...rule, nowMs: t0 + 2 * minute })).toMatchObject({
      action: "revert",
      message: "an SLO is critical, not resolved in 2 min",
    });
  });

  it("takes looks in any order", () => {
    const reversed = looks(`${"c".repeat(10)}m`).reverse();
    expect(readSloLooks(reversed, { nowMs: t0 + 10 * minute }).action).toBe("go-on");
  });

  it("says how much time is left, and when it can't see", () => {
    expect(readSloLooks(looks("cc?"), { nowMs: t0 + 2 * minute }).message).toBe(
      "an SLO is critical: 8 min of 10 min left, and the last look could not tell",
    );
  });
});
