import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type BudgetBand, budgetOf, budgetOfAnswer } from "../../../src/analysis/budget.ts";
import { budgetTerms, halvedFirst, type Priority, priorities } from "../../../src/analysis/budget-terms.ts";
import { budgetSpan, type DayCount, daysToCount, recoversAt } from "../../../src/analysis/budget-window.ts";
import { changeKinds } from "../../../src/plan/matrix.ts";

const known = (total: number, bad: number, sloPercent = 99.9) => {
  const budget = budgetOf({ total, bad, sloPercent });
  if (budget.band === "unknown") throw new Error(budget.why);
  return budget;
};

describe("the guide's numbers", () => {
  it("of a million requests 400 failed: 60 % of the budget are left", () => {
    const budget = known(1_000_000, 400);
    expect(budget).toMatchObject({
      band: "safe",
      targetPercent: 99.9,
      totalPercent: 0.1,
      badAllowed: 1000,
      badUsed: 400,
      total: 1_000_000,
    });
    expect(budget.actualPercent).toBeCloseTo(99.96, 10);
    expect(budget.usedPercent).toBeCloseTo(0.04, 10);
    expect(budget.leftPercent).toBeCloseTo(0.06, 10);
    expect(budget.remainingPercent).toBeCloseTo(60, 10);
  });

  it("1 of 500 is -100 %", () => {
    expect(known(500, 1)).toMatchObject({ band: "freeze", remainingPercent: -100, badAllowed: 0.5 });
  });
});

describe("bands, with the guide's edges decided", () => {
  // 99.9 % of 1,000,000: 1000 may fail, so one failed request is 0.1 % of the budget.
  it.each([
    ["untouched", 0, "safe"],
    ["just above 50 %", 499, "safe"],
    ["exactly 50 %", 500, "caution"],
    ["just below 50 %", 501, "caution"],
    ["just above 20 %", 799, "caution"],
    ["exactly 20 %", 800, "caution"],
    ["just below 20 %", 801, "defer"],
    ["just above 0 %", 999, "defer"],
    ["exactly 0 %", 1000, "defer"],
    ["just below 0 %", 1001, "freeze"],
    ["everything failed", 1_000_000, "freeze"],
  ] as const)("%s: %i of a million failed: %s", (_, bad, band) => {
    expect(known(1_000_000, bad).band).toBe(band);
  });

  // Objectives whose budget has no exact binary number.
  it.each([99.9, 99.95, 99.99, 99.5, 99, 99.7, 99.999])("exactly 50, 20 and 0 %% of %d %%", (slo) => {
    const total = 100_000_000;
    const allowed = Math.round((total * (100_000 - Math.round(slo * 1000))) / 100_000);
    const bands = [0.5, 0.8, 1].map((used) => known(total, allowed * used, slo).band);
    expect(bands).toEqual(["caution", "caution", "defer"]);
    const past = [0.5, 0.8, 1].map((used) => known(total, allowed * used + 1, slo).band);
    expect(past).toEqual(["caution", "defer", "freeze"]);
    expect(known(total, allowed * 0.5 - 1, slo).band).toBe("safe");
  });

  it("stays exact at a month of 10,000 requests a second", () => {
    const total = 26_000_000_000;
    expect(known(total, 13_000_000).band).toBe("caution");
    expect(known(total, 12_999_999).band).toBe("safe");
    expect(known(total, 26_000_000).band).toBe("defer");
    expect(known(total, 26_000_001).band).toBe("freeze");
  });

  it("the band is that of the percentage, and more failures never give a better one", () => {
    const order: BudgetBand[] = ["safe", "caution", "defer", "freeze"];
    const counts = fc
      .integer({ min: 1, max: 1e9 })
      .chain((total) => fc.tuple(fc.constant(total), fc.nat({ max: total - 1 })));
    fc.assert(
      fc.property(counts, fc.constantFrom(99, 99.9, 99.99), ([total, bad], slo) => {
        const { band, remainingPercent: left } = known(total, bad, slo);
        // Away from the edges, where a double can't be wrong about the side.
        if ([50, 20, 0].every((edge) => Math.abs(left - edge) > 1e-6)) {
          expect(band).toBe(left > 50 ? "safe" : left > 20 ? "caution" : left > 0 ? "defer" : "freeze");
        }
        expect(order.indexOf(known(total, bad + 1, slo).band)).toBeGreaterThanOrEqual(order.indexOf(band));
      }),
    );
  });
});

describe("what nobody knows", () => {
  it.each([
    ["no traffic", { total: 0, bad: 0 }, "there was no traffic in the window"],
    ["not counted", {}, "nobody has counted the requests"],
    ["half counted", { total: 5 }, "nobody has counted the requests"],
    ["NaN", { total: Number.NaN, bad: 0 }, "0 failed of NaN requests is no count"],
    ["more failed than came", { total: 5, bad: 6 }, "6 failed of 5 requests is no count"],
    ["less than none", { total: 5, bad: -1 }, "-1 failed of 5 requests is no count"],
    ["without end", { total: Number.POSITIVE_INFINITY, bad: 0 }, "0 failed of Infinity requests is no count"],
  ])("%s", (_, counts, why) => {
    expect(budgetOf({ ...counts, sloPercent: 99.9 })).toEqual({ band: "unknown", targetPercent: 99.9, why });
  });

  it.each([100, 100.5, 0, -1, Number.NaN])("an objective of %d %% leaves no budget", (sloPercent) => {
    expect(budgetOf({ total: 1000, bad: 0, sloPercent })).toMatchObject({
      band: "unknown",
      why: `an objective of ${sloPercent} % leaves no error budget`,
    });
  });

  it("a source's silence and trouble keep its words", () => {
    const message = "HTTP 503";
    for (const status of ["empty", "error"] as const) {
      expect(budgetOfAnswer({ status, message }, 99.9)).toEqual({
        band: "unknown",
        targetPercent: 99.9,
        why: message,
      });
    }
    expect(budgetOfAnswer({ status: "value", total: 1000, bad: 2 }, 99.9)).toEqual(known(1000, 2));
  });
});

describe("what a band means, for every priority", () => {
  const asPlanned = { verdict: "as-planned", extraApprovals: 0, halveFirst: false };
  const caution = { verdict: "caution", extraApprovals: 1, halveFirst: true };
  const blocked = { verdict: "blocked", extraApprovals: 0, halveFirst: false };
  const expected: Record<BudgetBand, (priority: Priority) => object> = {
    safe: () => asPlanned,
    caution: () => caution,
    unknown: () => caution,
    defer: (priority) => (priority === "normal" ? blocked : caution),
    freeze: () => blocked,
  };
  const all = (Object.keys(expected) as BudgetBand[]).flatMap((band) =>
    priorities.map((priority) => ({ band, priority })),
  );
  it.each(all)("$band, $priority", ({ band, priority }) => {
    const terms = budgetTerms({ band, priority });
    expect(terms).toMatchObject(expected[band](priority));
    expect(terms.reasons.length).toBeGreaterThan(0);
    expect(terms).not.toHaveProperty("override");
  });

  it("the edges, from counts to terms", () => {
    const terms = (bad: number, priority: Priority) =>
      budgetTerms({ band: known(1_000_000, bad).band, priority }).verdict;
    expect([terms(499, "normal"), terms(500, "normal")]).toEqual(["as-planned", "caution"]);
    expect([terms(800, "normal"), terms(801, "normal")]).toEqual(["caution", "blocked"]);
    expect([terms(801, "reliability"), terms(1000, "reliability")]).toEqual(["caution", "caution"]);
    expect(terms(1001, "reliability")).toBe("blocked");
  });

  it("no priority is a normal one", () => {
    expect(budgetTerms({ band: "defer" })).toMatchObject({
      ...blocked,
      reasons: [
        "less than 20 % of the error budget is left",
        "only a rollout of one of these priorities starts: reliability, security, hotfix, critical, p0",
      ],
    });
  });

  it.each(changeKinds)("a change of kind %s is urgent by itself only if it is a hotfix", (change) => {
    expect(budgetTerms({ band: "defer", change }).verdict).toBe(change === "hotfix" ? "caution" : "blocked");
    expect(budgetTerms({ band: "freeze", change }).verdict).toBe("blocked");
  });
});

describe("a freeze is overridden only for an incident, for P0 and security", () => {
  it.each(priorities)("priority %s", (priority) => {
    const terms = budgetTerms({ band: "freeze", priority, incident: " INC-7 " });
    const allowed = priority === "p0" || priority === "security";
    expect(terms.verdict).toBe(allowed ? "caution" : "blocked");
    expect(terms.override).toEqual(allowed ? { incident: "INC-7", priority, leastApprovers: 2 } : undefined);
    expect(terms.refusal).toBe(allowed ? undefined : "BudgetFrozen");
    if (!allowed) {
      expect(terms.reasons).toContain(`an override is for the priorities p0 and security, not ${priority}`);
    }
  });

  it.each([undefined, "", " "])("not without one: %j", (incident) => {
    const named = incident === undefined ? {} : { incident };
    const terms = budgetTerms({ band: "freeze", priority: "p0", ...named });
    expect(terms).toMatchObject({ verdict: "blocked", refusal: "BudgetFrozen" });
    expect(terms.reasons).toContain("an override names the id of an incident");
    expect(terms).not.toHaveProperty("override");
  });

  it("without one it says everything that one needs", () => {
    expect(budgetTerms({ band: "freeze", change: "hotfix" }).reasons).toEqual([
      "the error budget is overdrawn: nothing starts but what brings it back",
      "an override is for the priorities p0 and security, not hotfix",
      "an override names the id of an incident",
    ]);
  });

  it("an incident changes nothing where nothing is frozen", () => {
    for (const band of ["safe", "caution", "defer", "unknown"] as const) {
      expect(budgetTerms({ band, incident: "INC-7" })).toEqual(budgetTerms({ band }));
    }
  });
});

describe("how fast it burns, beside the band", () => {
  const every = (["safe", "caution", "unknown", "defer", "freeze"] as const).flatMap((band) =>
    priorities.map((priority) => ({ band, priority })),
  );
  const order = ["as-planned", "caution", "blocked"];

  it.each(every)("$band, $priority: never laxer than the band alone", ({ band, priority }) => {
    const question = { band, priority, incident: "INC-7" };
    const alone = budgetTerms(question);
    const least = { unknown: "caution", fires: priority === "normal" ? "blocked" : "caution" };
    for (const burn of ["unknown", "fires"] as const) {
      const terms = budgetTerms({ ...question, burn });
      const worst = Math.max(order.indexOf(alone.verdict), order.indexOf(least[burn]));
      expect(terms.verdict).toBe(order[worst]);
      expect(terms.extraApprovals).toBe(terms.verdict === "caution" ? 1 : 0);
      expect(terms.halveFirst).toBe(terms.verdict === "caution");
      expect(terms.refusal === undefined).toBe(terms.verdict !== "blocked");
      if (terms.verdict === "caution") expect(terms.override).toEqual(alone.override);
      expect(new Set(terms.reasons).size).toBe(terms.reasons.length);
    }
  });

  it("a budget that blocks by itself gives its own reason", () => {
    expect(budgetTerms({ band: "defer", burn: "fires" }).refusal).toBe("BudgetDeferred");
    expect(budgetTerms({ band: "freeze", burn: "fires" }).refusal).toBe("BudgetFrozen");
    expect(budgetTerms({ band: "caution", burn: "fires" }).refusal).toBe("BurnRateAlert");
  });

  it("a hotfix is urgent here too", () => {
    expect(budgetTerms({ band: "safe", burn: "fires", change: "hotfix" }).verdict).toBe("caution");
    expect(budgetTerms({ band: "safe", burn: "fires", change: "bug-fix" }).verdict).toBe("blocked");
  });
});

describe("half of the first weight", () => {
  const increments = (...exposures: number[]) =>
    exposures.map((exposure) => ({ exposure, soakSeconds: 900 }));
  it.each([
    [
      [5, 20, 50, 100],
      [2, 20, 50, 100],
    ],
    [
      [10, 100],
      [5, 100],
    ],
    [
      [1, 100],
      [1, 100],
    ],
    [
      [2, 100],
      [1, 100],
    ],
    [[100], [100]],
    [[], []],
  ])("%j becomes %j, with the same soaks", (before, after) => {
    expect(halvedFirst(increments(...before))).toEqual(increments(...after));
  });
});

describe("the span of a budget", () => {
  const now = Date.parse("2026-03-15T10:30:00Z");
  it("the last 30 days, or since the 1st", () => {
    expect(budgetSpan("rolling-30d", now)).toEqual({ fromMs: Date.parse("2026-02-13T10:30:00Z"), toMs: now });
    expect(budgetSpan("calendar-month", now)).toEqual({ fromMs: Date.parse("2026-03-01"), toMs: now });
  });
});

describe("when it is back at 20 %", () => {
  const now = Date.parse("2026-03-15T10:30:00Z");
  const dayMs = 86_400_000;
  /** 100,000 requests a day, so that 30 days may fail 3000 times; `bad` by days ago, 0 for the last 24 h. */
  const days = (bad: Readonly<Record<number, number>>): DayCount[] =>
    daysToCount(now).map(({ fromMs, toMs }) => ({
      dayStartMs: fromMs,
      total: 100_000,
      bad: bad[(now - toMs) / dayMs] ?? 0,
    }));
  const recovery = (of: readonly DayCount[]) =>
    recoversAt({ window: "rolling-30d", nowMs: now, sloPercent: 99.9, days: of });

  it("asks for 30 days of 24 h: the window itself", () => {
    const asked = daysToCount(now);
    expect(asked).toHaveLength(30);
    expect(asked[0]?.fromMs).toBe(budgetSpan("rolling-30d", now).fromMs);
    expect(asked.at(-1)).toEqual({ fromMs: now - dayMs, toMs: now });
    for (const [index, { toMs }] of asked.slice(0, -1).entries()) expect(asked[index + 1]?.fromMs).toBe(toMs);
  });

  it.each([
    ["the bad day leaves the window", { 20: 2500 }, 10],
    ["yesterday's outage stays for 29 days", { 1: 5000 }, 29],
    ["that of the last 24 h for 30", { 0: 5000 }, 30],
    ["the older of two outages is enough", { 25: 1500, 3: 1500 }, 5],
    ["both have to leave", { 25: 2500, 3: 2500 }, 27],
    ["exactly 20 % is back", { 20: 100, 3: 2400 }, 10],
    ["just short of it", { 20: 100, 3: 2401 }, 27],
    ["it never was below", { 20: 2400 }, 0],
  ] as const)("%s", (_, bad, inDays) => {
    expect(recovery(days(bad))).toBe(now + inDays * dayMs);
  });

  it("reckons with the traffic of a mean day", () => {
    // Half of the requests came on the oldest day, which leaves first; the mean keeps it.
    const uneven = days({ 20: 2400 }).map((day, index) => (index === 0 ? { ...day, total: 3_000_000 } : day));
    expect(recovery(uneven)).toBe(now);
    const worse = uneven.map((day) => ({ ...day, bad: day.bad * 3 }));
    expect(recovery(worse)).toBe(now + 10 * dayMs);
  });

  it("nobody knows it where a day is missing, or is no count, or there is no traffic", () => {
    expect(recovery(days({ 20: 2500 }).slice(1))).toBeUndefined();
    expect(recovery([])).toBeUndefined();
    expect(recovery(days({ 20: Number.NaN }))).toBeUndefined();
    expect(recovery(days({ 20: 100_001 }))).toBeUndefined();
    expect(recovery(days({}).map((day) => ({ ...day, total: 0 })))).toBeUndefined();
  });

  it("takes the days in any order", () => {
    expect(recovery(days({ 20: 2500 }).reverse())).toBe(now + 10 * dayMs);
  });

  it("a calendar month begins anew on the 1st", () => {
    const next = (text: string) =>
      recoversAt({ window: "calendar-month", nowMs: Date.parse(text), sloPercent: 99.9, days: [] });
    expect(next("2026-03-15T10:30:00Z")).toBe(Date.parse("2026-04-01"));
    expect(next("2026-12-31T23:59:59Z")).toBe(Date.parse("2027-01-01"));
    expect(next("2028-02-01T00:00:00Z")).toBe(Date.parse("2028-03-01"));
  });
});
