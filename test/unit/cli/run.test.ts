import { describe, expect, it } from "vitest";
import { aDriver } from "../../support/drive.ts";
import { aStackConfig, aWorld, cli } from "./harness.ts";

const stack = ["--stack", "prod"];

describe("run", () => {
  it("promotes: timeline on stderr, the outcome alone on stdout", async () => {
    const { code, stdout, stderr } = await cli(["run", ...stack], { world: aWorld(aDriver()) });
    expect(code).toBe(0);
    expect(stdout).toBe("1.2.4 promoted after 5 → 20 → 50 → 100 %\n  journal  memory:journal\n");
    expect(stderr).toContain("00:15:00  ✓ 5 % ");
    expect(stderr).toContain("★ promoted");
  });

  it("--json: the outcome as data, nothing else on stdout", async () => {
    const { json } = await cli(["run", ...stack, "--json"], { world: aWorld(aDriver()) });
    expect(json).toMatchObject({
      command: "run",
      ok: true,
      data: { outcome: "promoted", exposures: [5, 20, 50, 100] },
    });
  });

  it("a revert: exit 20, data and the reason beside it", async () => {
    const driver = aDriver();
    driver.world.knobs.errorPercent = (exposure) => (exposure >= 20 ? 3 : 0.1);
    const { code, json } = await cli(["run", ...stack, "--json"], { world: aWorld(driver) });
    expect(code).toBe(20);
    expect(json).toMatchObject({
      ok: false,
      data: { outcome: "reverted", failedAt: "20", exposures: [5, 20], revert: { stateEqual: true } },
      error: { code: "reverted", hint: expect.stringContaining("--cause TEXT --by NAME") },
    });
  });

  it("refuses a version that was reverted (23), and takes it with a cause and a name", async () => {
    const driver = aDriver();
    driver.world.knobs.errorPercent = () => 5;
    const world = aWorld(driver);
    await cli(["run", ...stack], { world });
    driver.world.knobs.errorPercent = () => 0.1;
    const again = await cli(["run", ...stack, "--json"], { world });
    expect(again.code).toBe(23);
    expect(again.json).toMatchObject({ data: { outcome: "blocked" }, error: { code: "blocked" } });
    const cleared = await cli(["run", ...stack, "--cause", "pool fixed", "--by", "dana"], { world });
    expect(cleared.code).toBe(0);
    expect(cleared.stderr).toContain("lifted by dana: pool fixed");
  });

  it("a version in service: exit 0 and says so; 7 with --expect-changes", async () => {
    const world = aWorld(aDriver({ installed: "1.2.4" }));
    const calm = await cli(["run", ...stack], { world });
    expect(calm.code).toBe(0);
    expect(calm.stdout).toContain("1.2.4 is in service already: nothing to do");
    const strict = await cli(["run", ...stack, "--expect-changes", "--json"], { world });
    expect(strict.code).toBe(7);
    expect(strict.json).toMatchObject({ ok: false, error: { code: "nothing-to-do" } });
  });

  it("--version against the config is refused before a driver is opened", async () => {
    const world = aWorld(aDriver());
    const { code, json } = await cli(["run", ...stack, "--version", "1.2.9", "--json"], { world });
    expect(code).toBe(2);
    expect(json).toMatchObject({ error: { code: "version-differs", path: "--version" } });
    expect(world.opened).toEqual([]);
  });

  it("--set-config leaves the config alone while another version is in flight", async () => {
    const driver = aDriver();
    await driver.run({ stopAfter: "5" });
    const world = aWorld(driver);
    const argv = ["run", ...stack, "--version", "1.2.9", "--set-config", "--json"];
    const { code, json } = await cli(argv, { world });
    expect(code).toBe(23);
    expect(json).toMatchObject({ error: { code: "rollout-in-flight" } });
  });

  it("--until stops there, held (22); an unknown step is refused with the list", async () => {
    const world = aWorld(aDriver());
    const held = await cli(["run", ...stack, "--until", "20", "--json"], { world });
    expect(held.code).toBe(22);
    expect(held.json).toMatchObject({ data: { outcome: "held", heldAt: "20" } });
    const wrong = await cli(["run", ...stack, "--until", "30", "--json"], { world });
    expect(wrong.code).toBe(2);
    expect(wrong.json).toMatchObject({
      error: { hint: "Steps: 5, 20, 50, 100, promote-stable, promote-switch, promote-clean." },
    });
  });

  it("goes on with what is in flight", async () => {
    const driver = aDriver();
    await driver.run({ stopAfter: "20" });
    const { code, stderr } = await cli(["run", ...stack], { world: aWorld(driver) });
    expect(code).toBe(0);
    // The steps before were told by the process that took them.
    expect(stderr).not.toContain("✓ 5 %");
    expect(stderr).toContain("✓ 50 %");
  });

  it("is refused while another driver has the lease (24)", async () => {
    const driver = aDriver();
    await driver.record.lease.acquire({ holder: "dana@ci pid 7", termMs: 30_000 });
    const { code, json } = await cli(["run", ...stack, "--json"], { world: aWorld(driver) });
    expect(code).toBe(24);
    expect(json).toMatchObject({
      error: { code: "lease-held", message: expect.stringContaining("dana@ci pid 7") },
    });
  });
});

describe("step", () => {
  it("takes one increment at a time, to the end", async () => {
    const world = aWorld(aDriver());
    const seen: unknown[] = [];
    for (let taken = 0; taken < 7; taken += 1) {
      const { code, json } = await cli(["step", ...stack, "--json"], { world });
      const { heldAt, outcome } = json["data"] as Record<string, unknown>;
      seen.push([code, heldAt ?? outcome]);
    }
    expect(seen).toEqual([
      [22, "5"],
      [22, "20"],
      [22, "50"],
      [22, "100"],
      [22, "promote-stable"],
      [22, "promote-switch"],
      [0, "promoted"],
    ]);
  });

  it("refuses a step that isn't the next one, and says which is", async () => {
    const driver = aDriver();
    await driver.run({ stopAfter: "5" });
    const world = aWorld(driver);
    const { code, json } = await cli(["step", "50", ...stack, "--json"], { world });
    expect(code).toBe(2);
    expect(json).toMatchObject({ error: { code: "step-refused", hint: "rollouts step 20" } });
    expect((await cli(["step", "20", ...stack], { world })).code).toBe(22);
  });

  it("finishes the step that was held without proof, not the one behind it", async () => {
    const driver = aDriver();
    driver.world.knobs.metricsDown = (exposure) => exposure >= 20;
    await driver.run();
    driver.world.knobs.metricsDown = () => false;
    const { json } = await cli(["step", ...stack, "--json"], { world: aWorld(driver) });
    expect(json["data"]).toMatchObject({ outcome: "held", heldAt: "20" });
  });

  it("installs the first version in one step", async () => {
    const driver = aDriver({ installed: null });
    const { code } = await cli(["step", ...stack], { world: aWorld(driver, aStackConfig()) });
    expect(code).toBe(0);
  });
});
