import { describe, expect, it } from "vitest";
import { readBudgetGate } from "../../../src/driver/observe-budget.ts";
import type { Session } from "../../../src/driver/session.ts";
import type { PlanBudget } from "../../../src/types/plan.ts";
import type { RolloutState } from "../../../src/types/state.ts";
import { failed, onBudget } from "../../support/budget-world.ts";
import { aPlan } from "../../support/builders.ts";
import type { ManualClock } from "../../support/memory-runtime.ts";

const second = 1000;
const minute = 60 * second;
const soak = 15 * minute;

/** A session of a watched step that was confirmed now, on a plan of a band; and its totals. */
function watching(budget: PlanBudget | undefined, state: Partial<RolloutState> = {}) {
  const world = onBudget();
  const { totals, deps, now } = world;
  const plan = aPlan({ gates: deps.policy.gates });
  const session = {
    deps: { ...deps, totals },
    plan: budget === undefined ? plan : { ...plan, budget },
    state: {
      name: "soaking",
      step: "5",
      enteredAtMs: now(),
      confirmedAtMs: now(),
      extendedMs: 0,
      exposures: [5],
      attempts: 1,
      ...state,
    },
  } as unknown as Session;
  const confirmedAt = now();
  /** The reading so long after the step was confirmed. */
  const readAfter = async (ms: number) => {
    await world.clock.advance(confirmedAt + ms - now());
    // What was asked at the last look has its answer.
    await new Promise((resolve) => setImmediate(resolve));
    return await readBudgetGate(session, now());
  };
  return { ...world, session, readAfter };
}

describe("when it is asked", () => {
  it("not before the last minute of the soak; then about once a minute, repeated in between", async () => {
    const { readAfter, totals, now } = watching({ band: "safe" });
    expect(await readAfter(soak - minute - 1)).toEqual([]);
    expect(totals.asked).toEqual([]);
    // No look waits for it before it has to.
    expect(await readAfter(soak - minute)).toEqual([]);
    const first = await readAfter(soak - 1);
    expect(first).toHaveLength(1);
    expect(totals.asked).toHaveLength(5);
    expect(await readAfter(soak)).toBe(first);
    expect(await readAfter(soak + 1)).not.toBe(first);
    expect(totals.asked).toHaveLength(10);
    // The budget's window, and two pairs of burn rates that page.
    const minutes = totals.asked.slice(5).map(({ fromMs, toMs }) => (toMs - fromMs) / minute);
    expect(minutes).toEqual([30 * 24 * 60, 60, 5, 360, 30]);
    expect(totals.asked.at(-1)?.toMs).toBe(now() - 1);
  });

  it("anew at each boundary, however the last one was", async () => {
    const { session, readAfter, totals, now } = watching({ band: "safe" });
    expect(await readAfter(soak)).toMatchObject([{ verdict: "pass" }]);
    totals.fail(failed.exactly50, now() - 24 * 60 * minute);
    session.state = { ...session.state, step: "20", enteredAtMs: now(), confirmedAtMs: now() };
    expect(await readAfter(soak + 14 * minute - 1)).toEqual([]);
    expect(await readAfter(2 * soak)).toMatchObject([{ reason: "BudgetWorse" }]);
  });

  it("all through an extension: what holds doesn't fall silent in the middle of it", async () => {
    const state = { name: "holding", extendedMs: 5 * minute } as const;
    const { readAfter, spend } = watching({ band: "safe" }, state);
    spend(failed.exactly50);
    for (const ms of [soak + 10 * second, soak + 20 * second, soak + 2 * minute, soak + 5 * minute]) {
      expect(await readAfter(ms)).toMatchObject([{ verdict: "no-data", reason: "BudgetWorse" }]);
    }
  });

  it.each([
    ["a plan that was made on no budget", undefined, {}],
    ["an update", { band: "safe" }, { name: "applying" }],
    ["a promotion", { band: "safe" }, { name: "promoting-stable", step: "promote-stable" }],
  ] as const)("never: %s", async (_, budget, state) => {
    const { readAfter, totals } = watching(budget, state);
    expect(await readAfter(soak)).toEqual([]);
    expect(totals.asked).toEqual([]);
  });

  it.each(["totals", "slo"] as const)("never without %s", async (what) => {
    const { session, now } = watching({ band: "safe" });
    const { totals: _none, ...deps } = session.deps;
    const { slo: _promise, ...gates } = session.plan.gates;
    const bare = what === "totals" ? { ...session, deps } : { ...session, plan: { ...session.plan, gates } };
    expect(await readBudgetGate(bare, now() + soak)).toEqual([]);
  });
});

describe("a band against the plan's", () => {
  const bands = ["safe", "caution", "unknown", "defer", "freeze"] as const;
  const spent = { safe: 0, caution: failed.exactly50, defer: failed.exactly0, freeze: failed.justBelow0 };
  const rank = { safe: 0, caution: 1, unknown: 1, defer: 2, freeze: 3 };
  const all = bands.flatMap((plan) => bands.map((now) => ({ plan, now })));
  it.each(all)("planned at $plan, now $now", async ({ plan, now }) => {
    const { readAfter, spend, totals } = watching({ band: plan });
    if (now === "unknown") totals.setTraffic(0);
    else spend(spent[now]);
    const verdict = rank[now] <= rank[plan] ? "pass" : "no-data";
    const reason = verdict === "pass" ? "BudgetAsPlanned" : "BudgetWorse";
    expect(await readAfter(soak)).toMatchObject([{ gate: "budget", verdict, reason }]);
  });

  it("says numbers and both bands, and no time of day", async () => {
    const { readAfter, spend } = watching({ band: "safe" });
    spend(failed.exactly50);
    expect(await readAfter(soak)).toEqual([
      {
        gate: "budget",
        verdict: "no-data",
        reason: "BudgetWorse",
        value: 50,
        limit: 50,
        message:
          "error budget of the last 30 days: 50 % is left (caution; 6,480 failed, 12,960 may), and the plan was made at safe",
      },
    ]);
  });
});

describe("what isn't told", () => {
  it("a source that fails is an error, in its words", async () => {
    const { readAfter, totals } = watching({ band: "unknown", burn: "unknown" });
    totals.setOutage(() => true);
    expect(await readAfter(soak)).toMatchObject([
      {
        verdict: "error",
        reason: "SourceError",
        message: "the error budget can't be told: memory: HTTP 503",
      },
    ]);
  });

  it("so is one of a single burn rate", async () => {
    const { readAfter, totals } = watching({ band: "caution" });
    totals.setOutage(({ fromMs, toMs }) => toMs - fromMs === 5 * minute);
    expect(await readAfter(soak)).toMatchObject([{ verdict: "error", reason: "SourceError" }]);
  });

  it("a source that doesn't answer keeps nobody waiting, and proves nothing", async () => {
    const { session, readAfter, totals, now, deps } = watching({ band: "safe" });
    let calls = 0;
    let answer = () => {};
    const slow: typeof totals = {
      ...totals,
      count: async (span) => {
        calls += 1;
        await new Promise<void>((resolve) => {
          answer = resolve;
        });
        answer = () => {};
        return await totals.count(span);
      },
    };
    const asked = { ...session, deps: { ...session.deps, totals: slow } };
    await readAfter(soak - minute - 1);
    expect(await readBudgetGate(asked, now() + 1)).toEqual([]);
    const wall = deps.runtime.wall as ManualClock;
    for (const ms of [minute + 1, 5 * minute]) {
      const looking = readBudgetGate(asked, now() + ms);
      await wall.advance(2 * second);
      expect(await looking).toMatchObject([{ verdict: "no-data", reason: "NoData" }]);
    }
    expect([calls, wall.sleepers()]).toEqual([1, 0]);
    const looking = readBudgetGate(asked, now() + 6 * minute);
    for (let count = 0; count < 5; count += 1) {
      answer();
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(await looking).toMatchObject([{ verdict: "pass" }]);
    expect([calls, wall.sleepers()]).toEqual([5, 0]);
  });

  it("a source that breaks its word and throws ends nothing", async () => {
    const { session, totals, now } = watching({ band: "safe" });
    const count = async () => Promise.reject(new Error("socket closed"));
    const asked = { ...session, deps: { ...session.deps, totals: { ...totals, count } } };
    expect(await readBudgetGate(asked, now() + soak)).toMatchObject([
      {
        verdict: "error",
        reason: "SourceError",
        message: "the error budget can't be told: socket closed",
      },
    ]);
  });

  const quiet = { status: "empty", message: "no requests" } as const;
  it.each([
    [{ band: "safe" }, "no-data"],
    [{ band: "safe", burn: "unknown" }, "pass"],
    [{ band: "caution" }, "pass"],
  ] as const)("five minutes without a request on a plan made at %j: %s", async (plan, verdict) => {
    const { session, totals, now } = watching(plan);
    const silent: typeof totals = {
      ...totals,
      count: async (span) => (span.toMs - span.fromMs === 5 * minute ? quiet : await totals.count(span)),
    };
    const asked = { ...session, deps: { ...session.deps, totals: silent } };
    expect(await readBudgetGate(asked, now() + soak)).toMatchObject([{ verdict }]);
  });
});

describe("a page-level burn rate", () => {
  it.each(["safe", "defer"] as const)("holds whatever the plan was made at: %s", async (band) => {
    const { readAfter, totals, now } = watching({ band, ...(band === "defer" ? { burn: "fires" } : {}) });
    totals.fail(400, now() + soak - minute);
    expect(await readAfter(soak)).toMatchObject([
      {
        verdict: "no-data",
        reason: "BurnRateAlert",
        limit: 14.4,
        message: expect.stringContaining("fires a page"),
      },
    ]);
  });
});

describe("in a rollout", () => {
  it("a worse band holds, extends and goes on once it is better", async () => {
    const world = onBudget();
    world.world.knobs.duringUp = async (step) => {
      if (step !== "5") return;
      // They leave the window five minutes after the end of the first soak.
      world.totals.fail(failed.exactly50, world.now() + soak + 5 * minute - 30 * 24 * 60 * minute);
    };
    const outcome = await world.run();
    expect(outcome).toMatchObject({ outcome: "promoted", exposures: [5, 20, 50, 100] });
    const holds = world
      .entries()
      .filter(({ kind, data }) => kind === "decision" && Object(data["decision"]).kind === "hold");
    expect(holds.map(({ step, data }) => [step, Object(data["decision"]).reason])).toContainEqual([
      "5",
      "BudgetWorse",
    ]);
    expect(world.world.weights).toEqual([0, 5, 20, 50, 100, 0]);
  });

  it("one that stays worse asks a person at the limit, and reverts nothing", async () => {
    const world = onBudget();
    world.world.knobs.duringUp = async (step) => {
      if (step === "20") world.spend(failed.justBelow0);
    };
    const outcome = await world.run();
    expect(outcome).toMatchObject({ outcome: "held", heldAt: "20", cause: { reason: "BudgetWorse" } });
    expect(world.world.weights).toEqual([0, 5, 20]);
    // Four soaks of 15 min: the last three are extensions, asked about once a minute.
    const after = world.totals.asked.filter(({ fromMs, toMs }) => toMs - fromMs === 5 * minute);
    expect(after.length).toBeGreaterThan(45);
    expect(after.length).toBeLessThan(60);
  });

  it("a rollout that was begun by an override goes on while it is frozen", async () => {
    const world = onBudget();
    world.spend(failed.justBelow0);
    const asked = { priority: "p0", incident: "INC-7" } as const;
    world.agree(await world.run(asked), ["dana", "eve", "kim"]);
    expect((await world.run(asked)).outcome).toBe("promoted");
  });
});
