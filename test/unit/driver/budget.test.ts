import { describe, expect, it } from "vitest";
import { type Priority, priorities } from "../../../src/analysis/budget-terms.ts";
import { exitOf } from "../../../src/driver/outcome.ts";
import { runRollout } from "../../../src/driver/run.ts";
import { planHash } from "../../../src/plan/build-plan.ts";
import { failed, onBudget, slo } from "../../support/budget-world.ts";
import { aDriver } from "../../support/drive.ts";

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;

type Terms = "as-planned" | "caution" | "BudgetDeferred" | "BudgetFrozen";

const bands: readonly (readonly [keyof typeof failed, string, (priority: Priority) => Terms])[] = [
  ["justAbove50", "safe", () => "as-planned"],
  ["exactly50", "caution", () => "caution"],
  ["exactly20", "caution", () => "caution"],
  ["justBelow20", "defer", (priority) => (priority === "normal" ? "BudgetDeferred" : "caution")],
  ["exactly0", "defer", (priority) => (priority === "normal" ? "BudgetDeferred" : "caution")],
  ["justBelow0", "freeze", () => "BudgetFrozen"],
];

describe("each band and priority", () => {
  const all = bands.flatMap(([edge, band, terms]) =>
    priorities.map((priority) => ({ edge, band, priority, terms: terms(priority) })),
  );
  it.each(all)("$edge is $band; $priority: $terms", async ({ edge, band, priority, terms }) => {
    const world = onBudget();
    world.spend(failed[edge]);
    const outcome = await world.run({ priority, stopAfter: "5" });
    const urgency = priority === "normal" ? {} : { priority };
    expect(world.plan().budget).toEqual({ band, ...urgency });
    if (terms === "as-planned") {
      expect(world.plan().approvals.required).toBe(0);
      expect(outcome.exposures).toEqual([5]);
    } else if (terms === "caution") {
      expect(outcome.cause?.reason).toBe("ApprovalsMissing");
      expect(world.plan().approvals.required).toBe(1);
      expect(world.plan().steps[0]).toMatchObject({ id: "2", exposure: 2, soakSeconds: 900 });
    } else {
      expect([outcome.outcome, exitOf(outcome), outcome.cause?.reason]).toEqual(["blocked", 23, terms]);
      expect(world.plan().steps[0]?.id).toBe("5");
      expect(world.world.calls).toEqual([]);
    }
  });

  it.each([
    [failed.justBelow20, "ApprovalsMissing"],
    [failed.justBelow0, "BudgetFrozen"],
  ])("a hotfix is urgent by itself, and no P0: %i failed, %s", async (bad, reason) => {
    const world = onBudget();
    world.spend(bad);
    expect((await world.run({ change: { kind: "hotfix" } })).cause?.reason).toBe(reason);
  });
});

describe("a refusal", () => {
  it("says the numbers, the band and when it recovers, in outcome and journal", async () => {
    const world = onBudget();
    world.spend(failed.justBelow20);
    const { cause } = await world.run();
    // The day that began ten days ago has left the window in 21 days.
    const recovers = world.now() + 21 * day;
    expect(cause?.message).toBe(
      "error budget of the last 30 days: 19.9 % is left (defer; 10,369 failed, 12,960 may); " +
        "only a rollout of one of these priorities starts: reliability, security, hotfix, critical, p0; " +
        `at 20 % again by ${new Date(recovers).toISOString().slice(0, 16)}Z at the earliest, if nothing fails from now on`,
    );
    expect(world.checked()).toMatchObject([
      {
        ok: false,
        verdict: "blocked",
        message: cause?.message,
        budget: { band: "defer", total: 12_960_000, badUsed: 10_369, badAllowed: 12_960 },
        recoversAtMs: recovers,
      },
    ]);
    expect(world.totals.asked).toContainEqual({ fromMs: world.now() - 30 * day, toMs: world.now() });
  });

  it("of a calendar month: until the 1st, without counting days", async () => {
    const world = onBudget({ window: "calendar-month" });
    world.totals.fail(failed.justBelow0, world.now() - 2 * day);
    world.totals.fail(-1, world.now() - 40 * day); // Another month: not asked for.
    const { cause } = await world.run();
    expect(cause).toMatchObject({
      reason: "BudgetFrozen",
      message: expect.stringContaining("until 2026-02-01T00:00Z, when a new month begins"),
    });
    expect(world.totals.asked).toHaveLength(9);
    expect(world.totals.asked[0]).toEqual({ fromMs: Date.UTC(2026, 0, 1), toMs: world.now() });
  });

  it("where a day can't be counted: nobody knows until when", async () => {
    const world = onBudget();
    world.spend(failed.justBelow0);
    const third = { fromMs: world.now() - 28 * day, toMs: world.now() - 27 * day };
    world.totals.setOutage(({ fromMs }) => fromMs === third.fromMs);
    const { cause } = await world.run();
    expect(cause?.message).toContain("overdrawn by 0.1 % (freeze; 12,961 failed, 12,960 may)");
    expect(cause?.message).toContain("nobody knows until when");
  });

  it("counts no days where it doesn't block", async () => {
    const world = onBudget();
    world.spend(failed.justBelow20);
    await world.run({ priority: "critical" });
    // The window, and eight of burn rates.
    expect(world.totals.asked).toHaveLength(9);
  });
});

describe("a frozen budget", () => {
  const frozen = () => {
    const world = onBudget({ policy: { approvals: { required: 2, cab: false, expedited: false } } });
    world.spend(failed.justBelow0);
    return world;
  };

  it.each([
    ["no incident", { priority: "p0" }, "an override names the id of an incident"],
    ["a blank one", { priority: "p0", incident: " " }, "an override names the id of an incident"],
    [
      "not urgent enough",
      { priority: "critical", incident: "INC-7" },
      "for the priorities p0 and security, not critical",
    ],
    ["a normal rollout", { incident: "INC-7" }, "for the priorities p0 and security, not normal"],
  ] as const)("%s: blocked", async (_, asked, says) => {
    const { cause } = await frozen().run(asked);
    expect(cause).toMatchObject({ reason: "BudgetFrozen", message: expect.stringContaining(says) });
  });

  it.each(["p0", "security"] as const)(
    "%s with an incident: its two people, and caution's one",
    async (priority) => {
      const world = frozen();
      const asked = { priority, incident: "INC-7" };
      const first = await world.run(asked);
      expect(first.cause?.reason).toBe("ApprovalsMissing");
      expect(first.approvalRequest).toContain(
        `The error budget is at freeze, asked for as ${priority}, for the incident INC-7.`,
      );
      expect(world.plan()).toMatchObject({
        budget: { band: "freeze", priority, incident: "INC-7" },
        approvals: { required: 3 },
      });
      world.agree(first, ["dana"]);
      expect((await world.run(asked)).cause?.reason).toBe("ApprovalsMissing");
      world.agree(first, ["eve"]);
      expect((await world.run(asked)).cause?.reason).toBe("ApprovalsMissing");
      world.agree(first, ["kim"]);
      const done = await world.run({ ...asked, stopAfter: "5" });
      expect(done).toMatchObject({ outcome: "held", exposures: [2] });
      expect(world.checked().at(-1)).toMatchObject({
        ok: true,
        override: { incident: "INC-7", priority, leastApprovers: 2 },
        message: expect.stringContaining(`overridden as ${priority} for the incident INC-7`),
      });
    },
  );

  it("asks for two people where the stack asks for none", async () => {
    const world = onBudget();
    world.spend(failed.justBelow0);
    await world.run({ priority: "p0", incident: "INC-7" });
    expect(world.plan().approvals.required).toBe(3);
  });

  it("an approval for one incident is none for another", async () => {
    const world = frozen();
    const first = await world.run({ priority: "p0", incident: "INC-7" });
    world.agree(first, ["dana", "eve", "kim"]);
    const { cause } = await world.run({ priority: "p0", incident: "INC-8" });
    expect(cause?.message).toContain("plan-changed");
  });
});

describe("caution", () => {
  const cautious = async () => {
    const world = onBudget();
    world.spend(failed.exactly50);
    world.agree(await world.run(), ["dana"]);
    return world;
  };

  it("gives the first increment half of its weight, really, with its whole soak", async () => {
    const world = await cautious();
    const outcome = await world.run();
    expect(outcome).toMatchObject({ outcome: "promoted", exposures: [2, 20, 50, 100] });
    expect(world.world.weights).toEqual([0, 2, 20, 50, 100, 0]);
    expect(world.plan().duration.minSeconds).toBe(4 * 900 + 30);
    expect(world.checked().at(-1)).toMatchObject({ ok: true, verdict: "caution" });
  });

  it("stops after the first step where that is asked by its name in config", async () => {
    const world = await cautious();
    expect(await world.run({ stopAfter: "5" })).toMatchObject({ outcome: "held", heldAt: "2" });
    expect(await world.run({ stopAfter: "20" })).toMatchObject({ outcome: "held", heldAt: "20" });
  });

  it("is taken back from a halved weight", async () => {
    const world = await cautious();
    const before = await world.world.engine.deployed();
    world.world.knobs.errorPercent = (exposure) => (exposure >= 2 ? 3 : 0.1);
    expect(await world.run()).toMatchObject({
      outcome: "reverted",
      failedAt: "2",
      revert: { stateEqual: true },
    });
    expect((await world.world.engine.deployed()).hash).toBe(before.hash);
  });

  it("halves nothing where everybody gets the version at once", async () => {
    const world = onBudget({
      policy: { strategy: "direct", increments: [{ exposure: 100, soakSeconds: 900 }] },
    });
    world.spend(failed.exactly50);
    await world.run();
    expect(world.plan().steps[0]).toMatchObject({ id: "direct", exposure: 100 });
    expect(world.plan().approvals.required).toBe(1);
  });
});

describe("what nobody knows is caution, never safe", () => {
  const unknown = [
    {
      why: "no source",
      make: () => ({ world: onBudget(), source: false }),
      says: "no source counts the requests",
    },
    {
      why: "a source that fails",
      make: () => {
        const world = onBudget();
        world.totals.setOutage(() => true);
        return { world, source: true };
      },
      says: "unknown (HTTP 503)",
    },
    {
      why: "no traffic",
      make: () => {
        const world = onBudget();
        world.totals.setTraffic(0);
        return { world, source: true };
      },
      says: "unknown (no requests in the span)",
    },
  ];
  it.each(unknown)("$why", async ({ make, says }) => {
    const { world, source } = make();
    const outcome = await runRollout(
      { ...world.deps, start: world.start, ...(source ? { totals: world.totals } : {}) },
      { version: "1.2.4", holder: "test" },
    );
    expect(outcome.cause?.reason).toBe("ApprovalsMissing");
    expect(world.plan()).toMatchObject({
      budget: { band: "unknown", burn: "unknown" },
      approvals: { required: 1 },
    });
    expect(world.plan().steps[0]?.id).toBe("2");
    expect(world.checked()).toMatchObject([{ ok: true, message: expect.stringContaining(says) }]);
  });

  it("burn rates alone: caution on a safe budget, with the reason", async () => {
    const world = onBudget();
    world.totals.setOutage(({ fromMs, toMs }) => toMs - fromMs === 5 * minute);
    expect((await world.run()).cause?.reason).toBe("ApprovalsMissing");
    expect(world.plan().budget).toEqual({ band: "safe", burn: "unknown" });
    expect(world.checked()).toMatchObject([
      { verdict: "caution", message: expect.stringContaining("no burn rate: 5 min: HTTP 503") },
    ]);
  });
});

describe("a page-level burn rate that fires", () => {
  // 14.4 times 0.1 % of the 18,000 requests of an hour; within the last five minutes.
  const burning = (bad: number) => {
    const world = onBudget();
    world.totals.fail(bad, world.now() - minute);
    return world;
  };

  it("blocks a normal start on a safe budget, with both rates", async () => {
    const outcome = await burning(260).run();
    expect([exitOf(outcome), outcome.cause?.reason]).toEqual([23, "BurnRateAlert"]);
    expect(outcome.cause?.message).toContain("(safe; 260 failed");
    expect(outcome.cause?.message).toContain("burn rate 14.44 in 1 h and 173.33 in 5 min");
  });

  it.each([
    [1296, "held"],
    [1297, "blocked"],
  ])("exactly the threshold doesn't fire: %i of 90,000 in an hour, %s", async (bad, outcome) => {
    const world = burning(bad);
    world.totals.setTraffic(25);
    expect((await world.run({ stopAfter: "5" })).outcome).toBe(outcome);
  });

  it.each(priorities.filter((one) => one !== "normal"))("%s starts with caution", async (priority) => {
    const world = burning(260);
    expect((await world.run({ priority })).cause?.reason).toBe("ApprovalsMissing");
    expect(world.plan()).toMatchObject({
      budget: { band: "safe", burn: "fires", priority },
      approvals: { required: 1 },
    });
  });

  it("a ticket is said, and blocks nothing", async () => {
    const world = onBudget();
    // Three days at burn rate 2 and the last six hours too, spread so that no page fires.
    for (let at = world.now() - 3 * day; at < world.now(); at += minute)
      world.totals.fail(at % (2 * minute) === 0 ? 1 : 0, at);
    await world.run({ stopAfter: "5" });
    expect(world.checked()).toMatchObject([{ ok: true, verdict: "as-planned" }]);
    expect(world.checked()[0].message).toContain("fires a ticket");
  });
});

describe("what is not asked", () => {
  it("a first install", async () => {
    const world = onBudget({ installed: null });
    world.spend(failed.justBelow0);
    expect((await world.run()).outcome).toBe("promoted");
    expect(world.plan()).not.toHaveProperty("budget");
    expect(world.totals.asked).toEqual([]);
  });

  it("a stack that promises nothing", async () => {
    const { gates } = aDriver().deps.policy;
    const world = onBudget({ policy: { gates } });
    world.spend(failed.justBelow0);
    expect(await world.run()).toMatchObject({ outcome: "promoted", exposures: [5, 20, 50, 100] });
    expect(world.plan()).not.toHaveProperty("budget");
    expect(world.totals.asked).toEqual([]);
    expect(world.checked()).toEqual([]);
  });

  it("a version that is in service", async () => {
    const world = onBudget({ installed: "1.2.4" });
    expect((await world.run()).outcome).toBe("nothing-to-do");
    expect(world.totals.asked).toEqual([]);
  });

  it("a rehearsal that counts no requests; one that does obeys", async () => {
    const silent = onBudget();
    const { deps } = silent;
    await runRollout(deps, { version: "1.2.4", holder: "test", rehearsed: true, stopAfter: "5" });
    expect(silent.plan()).not.toHaveProperty("budget");
    const frozen = onBudget();
    frozen.spend(failed.justBelow0);
    expect((await frozen.run({ rehearsed: true })).cause?.reason).toBe("BudgetFrozen");
  });
});

describe("the plan", () => {
  it("has the band in its hash, and not the numbers", async () => {
    const hashOf = async (bad: number) => {
      const world = onBudget();
      world.spend(bad);
      await world.run({ priority: "critical" });
      return planHash(world.plan());
    };
    expect(await hashOf(failed.exactly50)).toBe(await hashOf(failed.exactly20));
    expect(await hashOf(failed.exactly50)).not.toBe(await hashOf(failed.justBelow20));
  });

  it("is kept by a rollout that is taken up, whatever the budget is then", async () => {
    const world = onBudget();
    world.spend(failed.exactly50);
    world.agree(await world.run(), ["dana"]);
    expect(await world.run({ stopAfter: "2" })).toMatchObject({ outcome: "held", heldAt: "2" });
    const plan = world.plan();
    world.totals.forget();
    expect(await world.run()).toMatchObject({ outcome: "promoted", exposures: [2, 20, 50, 100] });
    expect(world.plan()).toEqual(plan);
    expect(world.checked()).toHaveLength(2);
  });
});

describe("a driver that died before the check", () => {
  /** Stopped by the process's end as soon as the plan is written down. */
  const died = async (bad: number) => {
    const world = onBudget();
    world.spend(bad);
    const stopped = new AbortController();
    const runtime = { ...world.deps.runtime, signal: stopped.signal };
    const deps = {
      ...world.deps,
      start: world.start,
      totals: world.totals,
      runtime,
      observer: () => stopped.abort(),
    };
    const outcome = await runRollout(deps, { version: "1.2.4", holder: "test" });
    expect(outcome.outcome).toBe("interrupted");
    expect(world.checked()).toEqual([]);
    return world;
  };

  it("asks again: on a budget that is frozen by now nothing starts", async () => {
    const world = await died(0);
    world.spend(failed.justBelow0);
    const { cause } = await world.run();
    expect(cause?.reason).toBe("BudgetFrozen");
    expect(world.plan().budget).toEqual({ band: "safe" });
  });

  it("and a plan that was made to be refused stays refused; a new one isn't", async () => {
    const world = await died(failed.justBelow0);
    world.totals.forget();
    expect((await world.run()).cause?.reason).toBe("BudgetFrozen");
    expect((await world.run({ stopAfter: "5" })).exposures).toEqual([5]);
  });
});

it("the objective is the stack's", async () => {
  const { gates } = aDriver().deps.policy;
  const world = onBudget({ policy: { gates: { ...gates, slo: { ...slo, availabilityPercent: 99.99 } } } });
  world.spend(1297);
  expect((await world.run()).cause?.reason).toBe("BudgetFrozen");
});
