import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { flagContentType } from "../../../src/plan/flag-value.ts";
import { aDriver } from "../../support/drive.ts";
import { alone, aStack, beside, edit, flagId, stored } from "../../support/flag-cli.ts";
import { aFlagSpec } from "../../support/memory-flag-stack.ts";
import { createMemoryFlags } from "../../support/memory-flags.ts";
import { aStackConfig, aWorld, cli } from "./harness.ts";

const status = ["flag", "status", "--stack", "prod"];
const off = ["flag", "off", "--stack", "prod", "--by", "dana", "--reason", "broken hashes"];
const dir = mkdtempSync(join(tmpdir(), "rollouts-flag-status-"));
afterAll(() => rmSync(dir, { recursive: true }));

describe("flag status", () => {
  it("shows the store beside what the journal says, and opens no engine", async () => {
    const { driver, run, world } = aStack(beside);
    await driver.run({ stopAfter: "flag-25" });
    const { code, stdout, stderr } = await run(status);
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).toBe(
      [
        `${flagId} on prod: on, 25 % of the tenants`,
        "",
        "  store    https://atp-test.azconfig.io, no label",
        `           etag ${driver.world.flag?.flags.flag?.etag}`,
        "  meant    25 % of the tenants (25 % of tenants of 1.2.4, in flight), and so it is",
        "  refresh  applications read it every 5 s, and the store's caches take a few more: 10 s at the worst, objective 10 s",
        "",
      ].join("\n"),
    );
    expect(world.opened).toEqual([]);
  });

  it.each([
    ["beta", "flag-beta", { enabled: true, exposure: 0.5 }, "on, beta: named tenants"],
    ["off", "20", { enabled: false, exposure: 0 }, ": off"],
  ])("%s is said in words, never as a share", async (_, step, store, words) => {
    const { driver, run } = aStack(beside);
    await driver.run({ stopAfter: step });
    expect((await run([...status, "--json"])).json).toMatchObject({
      data: { store, meant: { exposure: store.exposure }, differences: [] },
    });
    const { stdout } = await run(status);
    expect(stdout).toContain(words);
    expect(stdout).not.toContain("0.5");
  });

  it("names what differs from what the stack wrote, and warns of what will not do what it says", async () => {
    const { driver, run } = aStack(alone);
    await driver.run();
    edit(driver, (flag) => ({
      ...flag,
      enabled: false,
      x_owner: "team-audit",
      conditions: { client_filters: [{ name: "Percentage", parameters: { Value: 5 } }] },
    }));
    const { code, stdout } = await run(status);
    expect(code).toBe(0);
    expect(stdout).toContain("differs  enabled is false, meant true");
    expect(stdout).toContain("differs  x_owner is not meant");
    expect(stdout).toContain("! the filter Percentage has no effect in JavaScript");
  });

  it("tells of the emergency since, and what became of the stack", async () => {
    const { driver, run } = aStack(beside);
    await driver.run();
    edit(driver, (flag) => ({ ...flag, x_owner: "team-audit" }));
    await run(off);
    const kept = await run([...status, "--json"]);
    expect(kept.json).toMatchObject({
      data: {
        store: { enabled: false },
        meant: { exposure: 100 },
        off: { by: "dana", reason: "broken hashes", outcome: "kept-off" },
        differences: ["enabled is false, meant true", "x_owner is not meant"],
      },
    });
    edit(driver, ({ x_owner: _, ...flag }) => flag);
    await run(off);
    const { stdout } = await run(status);
    expect(stdout).toMatch(/emergency +off .* by dana: broken hashes; the stack has it off too/);
    expect(stdout).toContain("meant      off (off of 1.2.4), and so it is");
    await driver.run({ clearance: { cause: "mended", by: "dana" } });
    expect((await run(status)).stdout).not.toContain("emergency");
  });

  it("knows of rollouts that moved something else, and of none", async () => {
    const { driver, run } = aStack(beside);
    expect((await run(status)).stdout).toContain("meant    no rollout of this journal has moved it");
    await driver.run();
    const { deps } = driver;
    const { runRollout } = await import("../../../src/driver/run.ts");
    await runRollout(
      { ...deps, policy: { ...deps.policy, strategy: "canary" } },
      { version: "1.2.5", holder: "test" },
    );
    expect((await run([...status, "--json"])).json).toMatchObject({
      data: { meant: { exposure: 100, version: "1.2.4", inFlight: false } },
    });
  });

  it("compares the share alone where the definition in config is another now", async () => {
    const { driver } = aStack(beside);
    await driver.run({ stopAfter: "flag-10" });
    const flag = { ...(beside.flag ?? expect.unreachable()), spec: aFlagSpec({ description: "another" }) };
    const world = aWorld(driver, aStackConfig({ ...beside, flag }));
    const { json } = await cli([...status, "--json"], { world });
    expect(json).toMatchObject({
      data: { differences: [expect.stringContaining("has changed since it was planned")] },
    });
  });

  it("gone is no error: applications take it as off", async () => {
    const { driver, run } = aStack(beside);
    driver.world.flag?.flags.put(undefined);
    const { code, stdout } = await run([...status, "--tenant", "tenant-beta-001"]);
    expect(code).toBe(0);
    expect(stdout).toContain("not in the store");
    expect(stdout).toContain("! nothing stands under its key and label: applications take it as off");
    expect(stdout).toContain("tenant   tenant-beta-001: off");
  });

  it("what can't be read is said, and locked too", async () => {
    const flags = createMemoryFlags();
    flags.put({ value: "{ planted //", contentType: "text/plain", tags: {} });
    flags.lock(true);
    const { run } = aStack(beside);
    const { code, stdout } = await run(status, { openFlags: async () => flags });
    expect(code).toBe(0);
    expect(stdout).toContain(`${flagId} on prod: can't be read`);
    expect(stdout).toContain("! the content type is text/plain");
    expect(stdout).toContain("! The flag's value is no JSON");
    expect(stdout).toContain("! it is locked");
    expect(stdout).not.toContain("planted");
  });

  it("a store that doesn't answer is an error", async () => {
    const { driver, run } = aStack(beside);
    const { RolloutError } = await import("../../../src/errors/errors.ts");
    driver.world.flag?.flags.failWith(new RolloutError("HTTP 503", { code: "flag-store", exit: "resource" }));
    expect((await run([...status, "--json"])).code).toBe(4);
  });
});

describe("flag status --tenant", () => {
  it("prints what the application answers, not `enabled`", async () => {
    const { driver, run } = aStack(beside);
    await driver.run({ stopAfter: "flag-10" });
    const answer = async (...more: readonly string[]) =>
      Object((await run([...status, ...more, "--json"])).json["data"])["tenant"];
    expect(await answer("--tenant", "tenant-beta-001")).toMatchObject({ enabled: true, groups: [] });
    // Buckets of this id: azure.md 2.2 has 24.47 for tenant-0003, 1.24 for tenant-beta-002.
    expect(await answer("--tenant", "tenant-0003")).toMatchObject({ enabled: false });
    expect(await answer("--tenant", "tenant-beta-002")).toMatchObject({ enabled: true });
    expect(stored(driver)["enabled"]).toBe(true);
  });

  it("takes groups from the command line, else from the file of the tenants", async () => {
    writeFileSync(join(dir, "tenants.json"), '[{"id":"tenant-0003","groups":["beta-testers"]}]');
    const spec = aFlagSpec({ beta: { users: [], groups: [{ name: "beta-testers", percentage: 100 }] } });
    const flag = { ...(beside.flag ?? expect.unreachable()), spec, tenants: "tenants.json" };
    const policy = { ...beside, flag };
    const driver = aDriver({ policy });
    await driver.run({ stopAfter: "flag-beta" });
    const world = aWorld(driver, aStackConfig(policy));
    const answer = async (...more: readonly string[]) => {
      const { json } = await cli([...status, ...more, "--json"], { world, cwd: dir });
      return Object(json["data"])["tenant"];
    };
    expect(await answer("--tenant", "tenant-0003")).toMatchObject({
      enabled: true,
      groups: ["beta-testers"],
    });
    expect(await answer("--tenant", "tenant-0003", "--group", "others")).toMatchObject({ enabled: false });
    expect(await answer("--tenant", "tenant-0009", "--group", "others,beta-testers")).toMatchObject({
      enabled: true,
    });
  });

  it("names the variant of an A/B test, and says where chance would answer otherwise", async () => {
    const variants = { on: { name: "sha512", value: 512 }, off: { name: "sha256", value: 256 } };
    const spec = aFlagSpec({ by: "variant", variants });
    const policy = { ...beside, flag: { ...(beside.flag ?? expect.unreachable()), spec } };
    const { driver, run } = aStack(policy);
    await driver.run({ stopAfter: "flag-beta" });
    expect((await run([...status, "--tenant", "tenant-beta-001"])).stdout).toContain("on, variant sha512");
    expect((await run([...status, "--tenant", "tenant-0003"])).stdout).toContain("on, variant sha256");

    driver.world.flag?.flags.put({
      value: JSON.stringify({
        id: flagId,
        enabled: true,
        conditions: { client_filters: [{ name: "Microsoft.Percentage", parameters: { Value: 50 } }] },
      }),
      contentType: flagContentType,
      tags: {},
    });
    const { stdout } = await run([...status, "--tenant", "tenant-0003"]);
    expect(stdout).toContain("tenant   tenant-0003: off");
    expect(stdout).toContain("without its Percentage filter, which draws anew at each call");
  });
});
