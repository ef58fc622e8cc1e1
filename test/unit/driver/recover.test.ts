import { describe, expect, it } from "vitest";
import { recoverStack } from "../../../src/driver/recover.ts";
import { aDriver } from "../../support/drive.ts";

const options = { holder: "test", force: false, version: "1.2.4" };

describe("recover", () => {
  it("takes weights that the lever still owns back to the record, with nothing in flight", async () => {
    const driver = aDriver();
    await driver.world.lever.setExposure(7);
    const recovery = await recoverStack(driver.deps, options);
    expect(recovery).toMatchObject({ converged: true });
    expect(driver.world.calls.at(-1)).toBe("up install converge");
    expect(driver.world.weights.at(-1)).toBe(0);
  });

  it("leaves a rollout in flight to run, and names it", async () => {
    const driver = aDriver();
    await driver.run({ stopAfter: "5" });
    const before = driver.world.calls.length;
    expect(await recoverStack(driver.deps, options)).toMatchObject({
      converged: false,
      inFlight: { version: "1.2.4", state: "held", step: "5" },
    });
    expect(driver.world.calls).toHaveLength(before);
  });

  it("is refused while another driver holds the lease: exit 24", async () => {
    const driver = aDriver();
    await driver.record.lease.acquire({ holder: "bob@ci pid 1", termMs: 30_000 });
    await expect(recoverStack(driver.deps, options)).rejects.toMatchObject({ exit: "leaseHeld" });
  });

  it("gives the lease back", async () => {
    const driver = aDriver();
    await recoverStack(driver.deps, options);
    expect(await driver.run()).toMatchObject({ outcome: "promoted" });
  });
});
