import { describe, expect, it } from "vitest";
import { exitOf } from "../../../src/driver/outcome.ts";
import { parseFlag } from "../../../src/plan/flag-json.ts";
import type { EnvironmentPolicy } from "../../../src/types/policy.ts";
import { aDriver } from "../../support/drive.ts";
import { aFlag } from "../../support/memory-flag-stack.ts";
import { diesAfter } from "../../support/mortal.ts";

const soakSeconds = 300;
const beside = {
  strategy: "feature-flag",
  flag: aFlag(),
  increments: [20, 100].map((exposure) => ({ exposure, soakSeconds })),
} as const satisfies Partial<EnvironmentPolicy>;
const alone = {
  ...beside,
  platform: "app-configuration",
  lever: { kind: "app-configuration" },
  increments: [10, 25, 50, 100].map((exposure) => ({ exposure, soakSeconds })),
} as const satisfies Partial<EnvironmentPolicy>;

function flagDriver(policy: Partial<EnvironmentPolicy> = beside) {
  const driver = aDriver({ policy });
  const { flag } = driver.world;
  if (flag === undefined) throw new Error("the policy has no flag");
  const value = () => parseFlag(flag.flags.flag?.value ?? "");
  return { ...driver, flag, value };
}

describe("code by a canary, then its flag", () => {
  it("brings the code dark, then opens the flag phase by phase", async () => {
    const driver = flagDriver();
    const outcome = await driver.run();
    expect(outcome).toMatchObject({
      outcome: "promoted",
      exposures: [20, 100, 0.5, 10, 25, 50, 100],
    });
    expect(driver.world.calls).toEqual([
      ...["up 20", "up 100", "up promote-stable", "up promote-switch", "up promote-clean"],
      ...["up flag-beta", "up flag-10", "up flag-25", "up flag-50", "up flag-100", "up flag-settle"],
    ]);
    expect(driver.flag.exposures).toEqual([0, 0.5, 10, 25, 50, 100]);
    expect(driver.world.record()).toMatchObject({
      stable: { version: "1.2.4" },
      flag: { stable: { version: "1.2.4" }, exposure: 0, step: "flag-settle" },
    });
    expect(driver.world.record()?.flag?.candidate).toBeUndefined();
    expect(await driver.run()).toMatchObject({ outcome: "nothing-to-do" });
  });

  it("switches the flag off where its cohort fails, and leaves the code alone", async () => {
    const driver = flagDriver();
    driver.flag.knobs.errorPercent = (exposure) => (exposure === 25 ? 5 : 0.1);
    const outcome = await driver.run();
    expect(outcome).toMatchObject({
      outcome: "reverted",
      failedAt: "flag-25",
      revert: { stateEqual: true, objectiveMs: 10_000 },
    });
    expect(outcome.revert?.leverMs).toBeLessThan(10_000);
    expect(exitOf(outcome)).toBe(20);
    expect(driver.flag.exposures).toEqual([0, 0.5, 10, 25, 0]);
    expect(driver.world.weights).toEqual([0, 20, 100, 0]);
    expect(driver.world.record()).toMatchObject({
      stable: { version: "1.2.4" },
      flag: { stable: { version: "off" }, step: "install" },
    });
    expect(driver.value()).toMatchObject({ enabled: false });
  });

  it("takes the code back where the canary fails, and has not touched the flag", async () => {
    const driver = flagDriver();
    driver.world.knobs.errorPercent = (exposure) => (exposure === 20 ? 5 : 0.1);
    const outcome = await driver.run();
    expect(outcome).toMatchObject({
      outcome: "reverted",
      failedAt: "20",
      revert: { stateEqual: true, objectiveMs: 60_000 },
    });
    expect(driver.flag.exposures).toEqual([0]);
    expect(driver.world.record()).toMatchObject({ stable: { version: "1.2.3" } });
  });

  it("opens the flag alone where the code serves everybody already", async () => {
    const driver = flagDriver();
    driver.flag.knobs.errorPercent = (exposure) => (exposure === 50 ? 5 : 0.1);
    await driver.run();
    driver.flag.knobs.errorPercent = () => 0.1;
    const clearance = { cause: "mended in the store", by: "dana" };
    expect(await driver.run({ clearance })).toMatchObject({
      outcome: "promoted",
      exposures: [0.5, 10, 25, 50, 100],
    });
  });

  it("watches dark code for as long as it is asked to", async () => {
    const driver = flagDriver({ ...beside, flag: aFlag({ darkSeconds: 3600 }) });
    driver.world.knobs.errorPercent = () => 0.1;
    const before = driver.clock.now();
    expect(await driver.run({ stopAfter: "flag-dark" })).toMatchObject({
      outcome: "held",
      heldAt: "flag-dark",
    });
    expect(driver.clock.now() - before).toBeGreaterThan(3_600_000 + 2 * 300_000);
    expect(driver.flag.exposures).toEqual([0]);
    expect(await driver.run()).toMatchObject({ outcome: "promoted" });
  });

  it("refuses a flag that is on already: the code would meet everybody at once", async () => {
    const driver = flagDriver();
    await driver.run();
    await expect(driver.run({ version: "1.2.5" })).rejects.toMatchObject({ code: "flag-is-on" });
    expect(driver.world.record()).toMatchObject({ stable: { version: "1.2.4" } });
  });
});

/** As short as it can be with a phase after one that fails. */
const short = {
  ...beside,
  increments: [{ exposure: 100, soakSeconds: 150 }],
  flag: aFlag({
    phases: [25, 100].map((percentage) => ({ percentage, soakSeconds: 150 })),
    betaSoakSeconds: 150,
  }),
} as const satisfies Partial<EnvironmentPolicy>;

describe("a driver that dies in any place", () => {
  it.each([
    ["promoted", 0.1],
    ["reverted", 5],
  ] as const)(
    "ends right (%s) when it is run again: the code stays, the flag is one or the other",
    async (outcome, percent) => {
      const bad = (exposure: number) => (exposure === 25 ? percent : 0.1);
      const clean = flagDriver(short);
      clean.flag.knobs.errorPercent = bad;
      await clean.run();
      // Up to the flag's own part it is a canary, which has its suite.
      const first = clean.entries().findIndex(({ step }) => step.startsWith("flag-"));
      const total = clean.entries().length;
      expect(total - first).toBeGreaterThan(20);
      for (let place = first; place < total - 1; place++) {
        const driver = flagDriver(short);
        driver.flag.knobs.errorPercent = bad;
        const newProcess = diesAfter(driver, place);
        await expect(driver.run()).rejects.toThrow("killed");
        newProcess();
        expect(await driver.run(), `died at entry ${place}`).toMatchObject({ outcome });
        expect(driver.world.record(), `died at entry ${place}`).toEqual(clean.world.record());
        expect(driver.flag.flags.flag?.value).toBe(clean.flag.flags.flag?.value);
        const above = driver.flag.exposures.filter((share) => !clean.flag.exposures.includes(share));
        expect(above, `exposures after a death at entry ${place}`).toEqual([]);
      }
    },
  );

  it("turns back from every state of the flag's part, and the code stays", async () => {
    const clean = flagDriver(short);
    await clean.run();
    const places = clean.entries().flatMap(({ kind, step, state, data }) => {
      const decision = Object(data["decision"]);
      const flagged = kind === "decision" && String(decision.step).startsWith("flag-");
      return flagged
        ? [{ to: String(decision.to), step: String(decision.step), from: `${state} ${step}` }]
        : [];
    });
    expect(places.length).toBeGreaterThan(10);
    for (const place of places) {
      const driver = flagDriver(short);
      onDecision(driver, place, () =>
        driver.record.requests.submit({
          kind: "abort",
          by: "alice",
          reason: "customers call",
          at: "2026-01-15T10:00:00Z",
          rolloutId: driver.rolloutId(),
        }),
      );
      const outcome = await driver.run();
      const settles = place.step === "flag-settle";
      expect(outcome, `${place.step} ${place.to}`).toMatchObject({ outcome: settles ? "held" : "reverted" });
      expect(driver.world.record()).toMatchObject({ stable: { version: "1.2.4" } });
      if (!settles) expect(driver.flag.exposures.at(-1)).toBe(0);
    }
  });
});

/** Asks once, right after the decision that enters a state of a step. */
function onDecision(
  driver: ReturnType<typeof flagDriver>,
  place: { readonly to: string; readonly step: string },
  ask: () => Promise<void>,
): void {
  const { journal } = driver.deps.record;
  let asked = false;
  const append: typeof journal.append = async (draft, options) => {
    const entry = await journal.append(draft, options);
    const decision = Object(draft.data["decision"]);
    if (!asked && draft.kind === "decision" && decision.to === place.to && decision.step === place.step) {
      asked = true;
      await ask();
    }
    return entry;
  };
  Object.assign(driver.deps, { record: { ...driver.deps.record, journal: { ...journal, append } } });
}

describe("a flag alone", () => {
  it("is opened phase by phase, and is the baseline at the end", async () => {
    const driver = flagDriver(alone);
    const outcome = await driver.run();
    expect(outcome).toMatchObject({ outcome: "promoted", exposures: [0.5, 10, 25, 50, 100] });
    expect(driver.world.calls).toEqual(["up beta", "up 10", "up 25", "up 50", "up 100", "up settle"]);
    expect(driver.world.record()).toMatchObject({ stable: { version: "1.2.4" }, exposure: 0 });
    expect(driver.value()).toMatchObject({ enabled: true });
    expect(await driver.run()).toMatchObject({ outcome: "nothing-to-do" });
  });

  it("is off after a bad phase, to the letter as it was before", async () => {
    const driver = flagDriver(alone);
    const before = driver.flag.flags.flag?.value;
    const { hash } = await driver.world.engine.deployed();
    driver.flag.knobs.errorPercent = (exposure) => (exposure === 10 ? 5 : 0.1);
    expect(await driver.run()).toMatchObject({ outcome: "reverted", failedAt: "10" });
    expect(driver.flag.flags.flag?.value).toBe(before);
    expect((await driver.world.engine.deployed()).hash).toBe(hash);
  });
});

describe("a flag that is switched off by hand while the code goes back", () => {
  it("stays off: the code is restored around it, and a person is asked", async () => {
    const driver = flagDriver();
    await driver.run();
    expect(driver.flag.exposures.at(-1)).toBe(100);
    // A fix of the code, by a canary alone; its failure leads back while the flag has been switched off.
    Object.assign(driver.deps.policy, { strategy: "canary" });
    const off = () => {
      const there = driver.flag.flags.flag;
      if (there)
        driver.flag.flags.put({ ...there, value: there.value.replace('"enabled":true', '"enabled":false') });
    };
    driver.world.knobs.errorPercent = (exposure) => {
      if (exposure === 20) off();
      return exposure === 20 ? 5 : 0.1;
    };
    const outcome = await driver.run({ version: "1.2.5" });
    expect(outcome).toMatchObject({ outcome: "held" });
    expect(driver.world.record()).toMatchObject({ stable: { version: "1.2.4" }, exposure: 0 });
    expect(driver.world.record()?.candidate).toBeUndefined();
    expect(driver.value()).toMatchObject({ enabled: false });
    expect(driver.world.weights.at(-1)).toBe(0);
    driver.flag.flags.put({
      ...(driver.flag.flags.flag ?? { tags: {} }),
      value: (driver.flag.flags.flag?.value ?? "").replace('"enabled":false', '"enabled":true'),
    });
    expect(await driver.run({ version: "1.2.5" })).toMatchObject({
      outcome: "reverted",
      revert: { stateEqual: true },
    });
  });
});

describe("a flag that somebody else edits", () => {
  const edit = (value: string) => JSON.stringify({ ...JSON.parse(value), owner: "team-x" });

  it("is never written over: it holds with the difference, and goes on once that is gone", async () => {
    const driver = flagDriver(alone);
    const { flags } = driver.flag;
    const holds = () =>
      driver
        .entries()
        .map(({ data }) => Object(data["decision"]))
        .filter(({ kind, reason }) => kind === "hold" && reason === "ForeignChange");
    let edited = false;
    let held = 0;
    driver.flag.knobs.errorPercent = (exposure) => {
      const there = flags.flag;
      if (exposure !== 10 || there === undefined) return 0.1;
      if (!edited) flags.put({ ...there, value: edit(there.value) });
      else if (holds().length > 0 && ++held === 1_000) {
        const { owner: _gone, ...rest } = JSON.parse(there.value);
        flags.put({ ...there, value: JSON.stringify(rest) });
      }
      edited = true;
      return 0.1;
    };
    expect(await driver.run()).toMatchObject({ outcome: "promoted" });
    expect(holds()[0].message).toBe("somebody else changed the flag: owner is not meant");
    expect(driver.flag.exposures).toEqual([0, 0.5, 10, 25, 50, 100]);
  });

  it("stays off after a revert that would take out what the stack doesn't know, until that is cleared", async () => {
    const driver = flagDriver(alone);
    driver.flag.knobs.errorPercent = (exposure) => {
      const there = driver.flag.flags.flag;
      if (exposure === 25 && there && !there.value.includes("team-x"))
        driver.flag.flags.put({ ...there, value: edit(there.value) });
      return exposure === 25 ? 5 : 0.1;
    };
    const outcome = await driver.run();
    expect(outcome).toMatchObject({ outcome: "held" });
    expect(exitOf(outcome)).toBe(22);
    expect(driver.value()).toMatchObject({ owner: "team-x", enabled: false });
    const { owner: _gone, ...rest } = driver.value() as Record<string, unknown>;
    driver.flag.flags.put({
      ...(driver.flag.flags.flag ?? { tags: {} }),
      value: JSON.stringify(rest),
    });
    expect(await driver.run()).toMatchObject({ outcome: "reverted", revert: { stateEqual: true } });
  });
});
