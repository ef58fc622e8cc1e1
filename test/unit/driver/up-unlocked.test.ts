import { describe, expect, it } from "vitest";
import { RolloutError } from "../../../src/errors/errors.ts";
import type { EngineFailure } from "../../../src/ports/engine.ts";
import { aDriver } from "../../support/drive.ts";

const locked: EngineFailure = { kind: "locked", message: "the stack is currently locked by 1 lock(s)" };

/** A driver whose candidate fails at 20 %, and whose first update of the way back meets a lock. */
function lockedOnItsWayBack(recover: () => Promise<readonly string[]>) {
  const driver = aDriver();
  driver.world.knobs.errorPercent = (exposure) => (exposure >= 20 ? 3 : 0.1);
  let isLocked = true;
  driver.world.knobs.upFails = (_step, converge) => (converge && isLocked ? locked : undefined);
  let asked = 0;
  const engine = {
    ...driver.deps.engine,
    recover: async () => {
      asked += 1;
      const done = await recover();
      isLocked = false;
      return done;
    },
  };
  Object.assign(driver.deps, { engine });
  return { driver, asked: () => asked };
}

describe("a lock in the way of an update", () => {
  it("of an engine that is gone is removed, and the way back goes on at once", async () => {
    const removed = "Removed the lock of ci@here (pid 7): that process is gone.";
    const { driver, asked } = lockedOnItsWayBack(async () => [removed]);
    expect(await driver.run()).toMatchObject({ outcome: "reverted", revert: { stateEqual: true } });
    expect(asked()).toBe(1);
    const seen = driver.entries().find(({ data }) => data["recovered"] !== undefined);
    expect(seen).toMatchObject({ kind: "observed", data: { recovered: [removed] } });
    expect(driver.effects()).toContain("stack-at-zero");
  });

  it("of one that lives stays: it is waited for, and said whose it is", async () => {
    const live = new RolloutError("The stack is locked by dana@laptop (pid 8).", {
      code: "locked",
      exit: "leaseHeld",
    });
    const { driver, asked } = lockedOnItsWayBack(() => Promise.reject(live));
    const outcome = await driver.run();
    expect(outcome).toMatchObject({ outcome: "revert-failed" });
    expect(asked()).toBeGreaterThan(1);
    expect(driver.world.weights.at(-1)).toBe(0);
    const seen = driver.entries().find(({ data }) => data["locked"] !== undefined);
    expect(seen?.data["locked"]).toContain("dana@laptop");
  });
});
