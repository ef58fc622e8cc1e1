import { describe, expect, it } from "vitest";
import { states } from "../../src/decide/states.ts";
import { exitOf } from "../../src/driver/outcome.ts";
import type { Decision } from "../../src/types/decision.ts";
import type { JournalDraft, JournalEntry } from "../../src/types/journal.ts";
import type { StateName } from "../../src/types/state.ts";
import { createMemoryRecord } from "../support/memory-record.ts";
import { diesAfter } from "../support/mortal.ts";
import { aStrategy, type StrategyName, strategyNames } from "../support/strategies.ts";

// What every strategy promises, whatever it moves and however. On the fake engine for all of them; the real
// one has a test for each kind: plain-up, in-place, blue-green.

type Driver = ReturnType<typeof aStrategy>;

/** States in the order in which a rollout enters them. */
function statesOf(entries: readonly JournalEntry[]): readonly StateName[] {
  const entered = entries.flatMap(({ kind, data }) => {
    const decision = data["decision"] as Decision | undefined;
    return kind === "decision" && decision?.kind === "continue" ? [decision.to] : [];
  });
  return entered.filter((name, index) => name !== entered[index - 1]);
}

/** Calls back when the journal has taken a draft, before the driver goes on. */
function onAppend(driver: Driver, hear: (draft: JournalDraft) => Promise<void>): void {
  const { journal } = driver.deps.record;
  Object.assign(driver.deps, {
    record: {
      ...driver.deps.record,
      journal: {
        ...journal,
        append: async (draft: JournalDraft, options: { readonly sync: boolean }) => {
          const entry = await journal.append(draft, options);
          await hear(draft);
          return entry;
        },
      },
    },
  });
}

function abort(driver: Driver): Promise<void> {
  const request = {
    kind: "abort",
    by: "alice",
    reason: "customers call",
    at: "2026-01-15T10:00:00Z",
  } as const;
  return driver.record.requests.submit({ ...request, rolloutId: driver.rolloutId() });
}

async function expectBaseline(driver: Driver, hash: string): Promise<void> {
  expect((await driver.world.engine.deployed()).hash).toBe(hash);
  expect(driver.world.weights.at(-1)).toBe(0);
}

function expectPromoted(driver: Driver): void {
  const record = driver.world.record();
  expect(record).toMatchObject({ stable: { version: "1.2.4" }, exposure: 0 });
  expect(record?.candidate).toBeUndefined();
}

describe.each<StrategyName>([...strategyNames])("the strategy %s", (name) => {
  it("promotes a good version, and leaves no candidate behind", async () => {
    const driver = aStrategy(name);
    expect(await driver.run()).toMatchObject({ outcome: "promoted" });
    expectPromoted(driver);
  });

  it("takes a bad version back to the letter", async () => {
    const driver = aStrategy(name, { percent: 5 });
    const before = await driver.world.engine.deployed();
    const outcome = await driver.run();
    expect(outcome).toMatchObject({ outcome: "reverted", revert: { stateEqual: true } });
    expect(exitOf(outcome)).toBe(20);
    await expectBaseline(driver, before.hash);
    const first = driver.world.calls.findIndex((call) => call.includes("converge"));
    expect(driver.world.calls[first - 1], "users first, then the stack").toBe("lever 0");
  });

  it("does nothing where the version is in service", async () => {
    const driver = aStrategy(name);
    await driver.run();
    const calls = driver.world.calls.length;
    expect(await driver.run()).toMatchObject({ outcome: "nothing-to-do" });
    expect(driver.world.calls).toHaveLength(calls);
  });

  it("refuses a second driver while the first is alive", async () => {
    const driver = aStrategy(name);
    const { deps, record } = driver;
    const other = createMemoryRecord({ runtime: deps.runtime, state: record.state });
    let refused: unknown;
    driver.world.knobs.duringUp = async () => {
      const second = { ...driver.deps, record: other };
      const { runRollout } = await import("../../src/driver/run.ts");
      const end = runRollout(second, { version: "1.2.4", holder: "second" });
      const error = await end.catch((failure: unknown) => failure);
      refused ??= error;
    };
    expect(await driver.run()).toMatchObject({ outcome: "promoted" });
    expect(refused).toMatchObject({ code: "lease-held" });
  });

  it("starts no watch before the route is read back", async () => {
    const driver = aStrategy(name);
    const { clock, deps } = driver;
    const { lever, leverFor } = deps;
    const real = leverFor?.({}) ?? lever;
    let since: { readonly calls: number; readonly atMs: number } | undefined;
    // The router shows what an update has written a minute later.
    const slow = {
      ...real,
      read: async () => {
        const calls = driver.world.calls.length;
        if (since?.calls !== calls) since = { calls, atMs: clock.now() };
        const reading = await real.read();
        return clock.now() - since.atMs < 60_000 ? { ...reading, accepted: false } : reading;
      },
    };
    Object.assign(deps, leverFor === undefined ? { lever: slow } : { leverFor: () => slow });
    expect(await driver.run()).toMatchObject({ outcome: "promoted" });
    const entries = driver.entries();
    const confirmed = entries.filter(({ data }) => {
      const decision = data["decision"] as Decision | undefined;
      return decision?.kind === "continue" && decision.to === "soaking";
    });
    expect(confirmed.length).toBeGreaterThan(0);
    for (const { at, step } of confirmed) {
      const up = entries.find(
        ({ kind, data, step: of }) => kind === "effect" && data["effect"] === "up" && of === step,
      );
      expect(Date.parse(at) - Date.parse(up?.at ?? ""), `watch of ${step}`).toBeGreaterThanOrEqual(50_000);
    }
  });

  it("follows its way back from an abort in every state", async () => {
    const clean = aStrategy(name);
    await clean.run();
    const bad = aStrategy(name, { percent: 5 });
    await bad.run();
    const names = [...new Set([...statesOf(clean.entries()), ...statesOf(bad.entries())])];
    expect(names.length).toBeGreaterThan(8);
    for (const state of names) {
      const driver = aStrategy(name, { percent: state.startsWith("reverting-") ? 5 : 0.1 });
      const before = await driver.world.engine.deployed();
      let asked = false;
      onAppend(driver, async ({ kind, data }) => {
        const decision = data["decision"] as Decision | undefined;
        const enters = kind === "decision" && decision?.kind === "continue" && decision.to === state;
        if (asked || !enters) return;
        asked = true;
        await abort(driver);
      });
      const outcome = await driver.run();
      const expected = { stop: "blocked", revert: "reverted", stay: "held", onward: "reverted", none: "" };
      expect(asked, state).toBe(true);
      expect(`${state}: ${outcome.outcome}`).toBe(`${state}: ${expected[states[state].wayBack]}`);
      if (outcome.outcome !== "held") await expectBaseline(driver, before.hash);
    }
  });

  it.each([
    ["promoted", 0.1],
    ["reverted", 5],
  ] as const)(
    "ends right (%s) after its driver died in any place, and was run again",
    async (outcome, percent) => {
      const clean = aStrategy(name, { percent });
      const before = await clean.world.engine.deployed();
      await clean.run();
      const total = clean.entries().length;
      for (let place = 0; place < total - 1; place++) {
        const driver = aStrategy(name, { percent });
        const newProcess = diesAfter(driver, place);
        await expect(driver.run()).rejects.toThrow("killed");
        newProcess();
        expect(await driver.run(), `died at entry ${place}`).toMatchObject({ outcome });
        // What keeps a reverted version out and lets a promoted one on.
        const end = driver.entries().findLast(({ kind }) => kind === "end");
        expect(end?.data, `died at entry ${place}`).toMatchObject({ outcome });
        if (outcome === "promoted") expectPromoted(driver);
        else await expectBaseline(driver, before.hash);
        const above = driver.world.weights.filter((weight) => !clean.world.weights.includes(weight));
        expect(above, `weights after a death at entry ${place}`).toEqual([]);
      }
    },
  );
});
