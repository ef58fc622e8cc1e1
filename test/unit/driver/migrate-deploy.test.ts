import { describe, expect, it } from "vitest";
import { createDeploy } from "../../../src/driver/migrate-deploy.ts";
import type { RunOptions } from "../../../src/driver/run.ts";
import { aDriver } from "../../support/drive.ts";

type Driver = ReturnType<typeof aDriver>;

function deployOf(driver: Driver, options: Partial<RunOptions> = {}) {
  return createDeploy(async () => driver.deps, { holder: "test", ...options });
}
const to = (version: string, instead: readonly string[] = []) => ({ version, instead });

describe("a deploy of a migration", () => {
  it("is a whole rollout under the stack's own strategy", async () => {
    const driver = aDriver();
    expect(await deployOf(driver)(to("1.2.4"))).toEqual({ how: "done", message: "1.2.4 was promoted" });
    expect(driver.world.weights).toEqual([0, 5, 20, 50, 100, 0]);
  });

  it("is done where the version is in service already", async () => {
    const driver = aDriver({ installed: "1.2.4" });
    expect(await deployOf(driver)(to("1.2.4"))).toEqual({
      how: "done",
      message: "1.2.4 is in service already",
    });
    expect(driver.world.calls).toEqual([]);
  });

  it("has failed where a gate reverts it; it stays out until a cause is written down", async () => {
    const driver = aDriver();
    driver.world.knobs.errorPercent = (exposure) => (exposure >= 20 ? 3 : 0.1);
    expect(await deployOf(driver)(to("1.2.4"))).toMatchObject({
      how: "failed",
      message: expect.stringMatching(/^1\.2\.4 was reverted at 20: /),
    });
    driver.world.knobs.errorPercent = () => 0.1;
    expect(await deployOf(driver)(to("1.2.4"))).toMatchObject({
      how: "failed",
      message: expect.stringMatching(/^1\.2\.4 was blocked, nothing was touched: .*--cause/),
    });
    const cleared = deployOf(driver, { clearance: { cause: "the pool is fixed", by: "dana" } });
    expect(await cleared(to("1.2.4"))).toMatchObject({ how: "done" });
  });

  it("has failed where it is held; its way back takes it back first, as the two can't be in flight at once", async () => {
    const driver = aDriver();
    driver.world.knobs.metricsDown = (exposure) => exposure >= 20;
    expect(await deployOf(driver)(to("1.2.4"))).toMatchObject({
      how: "failed",
      message: expect.stringMatching(/^1\.2\.4 is held at 20: /),
    });
    expect(driver.world.record()?.candidate?.version).toBe("1.2.4");
    expect(await deployOf(driver)(to("1.2.3", ["1.2.4"]))).toEqual({
      how: "done",
      message: "1.2.3 is in service already",
    });
    expect(driver.world.record()).toMatchObject({ stable: { version: "1.2.3" }, exposure: 0 });
    expect(driver.world.record()).not.toHaveProperty("candidate");
  });

  it("leaves a rollout alone that is none of the migration's", async () => {
    const driver = aDriver();
    await driver.run({ stopAfter: "5" });
    await expect(deployOf(driver)(to("2.0.0", ["1.0.0"]))).rejects.toMatchObject({
      code: "rollout-in-flight",
      exit: "blocked",
    });
  });

  it("takes its own rollout up where the process before was asked to stop", async () => {
    const driver = aDriver();
    driver.world.knobs.duringUp = async (step) => {
      if (step === "20") driver.stop.abort();
    };
    expect(await deployOf(driver)(to("1.2.4"))).toEqual({ how: "interrupted" });
    driver.world.knobs.duringUp = async () => {};
    const again = {
      ...driver,
      deps: { ...driver.deps, runtime: { ...driver.deps.runtime, signal: new AbortController().signal } },
    };
    expect(await deployOf(again)(to("1.2.4"))).toMatchObject({ how: "done" });
    expect(driver.entries().filter(({ kind }) => kind === "begin")).toHaveLength(1);
  });

  it("throws where another driver has the stack: nothing has failed", async () => {
    const driver = aDriver();
    await driver.record.lease.acquire({ holder: "dana@ci pid 7", termMs: 30_000 });
    await expect(deployOf(driver)(to("1.2.4"))).rejects.toMatchObject({ code: "lease-held" });
  });

  it("masks the stack's secrets in what it says", async () => {
    const driver = aDriver();
    driver.world.knobs.upFails = () => ({ kind: "resource", message: "401 for hunter2-hunter2" });
    const result = await deployOf(driver)(to("1.2.4"));
    expect(result).toMatchObject({ how: "failed" });
    expect(JSON.stringify(result)).toContain("[secret]");
    expect(JSON.stringify(result)).not.toContain("hunter2-hunter2");
  });
});
