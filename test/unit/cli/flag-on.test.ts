import { describe, expect, it } from "vitest";
import { flagAt } from "../../../src/plan/render-flag.ts";
import { alone, aStack, beside, edit, flagId, stored } from "../../support/flag-cli.ts";
import { createMemoryRecord } from "../../support/memory-record.ts";

const asked = ["--stack", "prod", "--by", "dana", "--reason", "false alarm"];
const on = ["flag", "on", flagId, ...asked];
const off = ["flag", "off", flagId, ...asked];

async function opened(policy = beside) {
  const stack = aStack(policy);
  expect((await stack.driver.run()).outcome).toBe("promoted");
  return stack;
}

describe("flag on", () => {
  it.each([
    ["beside a service", beside],
    ["alone", alone],
  ])("%s takes an emergency back where the stack has it open, and keeps all else", async (_, policy) => {
    const { driver, run } = await opened(policy);
    await run([...off, "--no-converge"]);
    edit(driver, (flag) => ({ ...flag, x_owner: "team-audit" }));
    const before = stored(driver);
    const { code, stdout } = await run(on);
    expect(code).toBe(0);
    expect(stored(driver)).toEqual({ ...before, enabled: true });
    expect(stdout).toContain(`${flagId} on prod: on, everybody, by dana: false alarm`);
    expect(stdout).toContain("differs  x_owner is not meant");
    const own = driver
      .entries()
      .filter(({ rolloutId, data }) => rolloutId.startsWith("flag-on-") && data["effect"] !== "message");
    expect(own.map(({ kind, data }) => [kind, data["effect"]])).toEqual([
      ["intent", "flag-on"],
      ["effect", "flag-on"],
    ]);
    expect(driver.notify.sent.at(-1)).toMatchObject({ title: `FLAG ON AGAIN: ${flagId}` });
    expect(own[0]?.data["on"]).toEqual({ flag: flagId, by: "dana", reason: "false alarm" });
  });

  it("opens a phase that is held no further than the stack has it", async () => {
    const { driver, run } = aStack(beside);
    await driver.run({ stopAfter: "flag-25" });
    const before = stored(driver);
    await run([...off, "--no-converge"]);
    const { json } = await run([...on, "--json"]);
    expect(json).toMatchObject({ data: { written: true, exposure: 25, differences: [] } });
    expect(stored(driver)).toEqual(before);
    // And the rollout goes on from there.
    expect((await driver.run()).outcome).toBe("promoted");
  });

  it("of what is on already writes nothing", async () => {
    const { driver, run } = await opened();
    const writes = driver.world.flag?.flags.writes;
    expect((await run([...on, "--json"])).json).toMatchObject({ data: { written: false, exposure: 100 } });
    expect(driver.world.flag?.flags.writes).toBe(writes);
  });

  it.each([
    ["beside a service", beside, "flag-beta, flag-10, flag-25, flag-50, flag-100"],
    ["alone", alone, "beta, 10, 25, 50, 100"],
  ])("%s is refused where the stack has it off, with the phases that open it", async (_, policy, phases) => {
    const { driver, run } = await opened(policy);
    const { spec } = driver.deps.policy.flag ?? expect.unreachable();
    await run(off);
    const { code, json } = await run([...on, "--json"]);
    expect(code).toBe(23);
    expect(json).toMatchObject({
      error: {
        code: "flag-not-open",
        hint: expect.stringContaining(`(${phases}): \`rollouts run\`, or by hand \`pulumi config set step`),
      },
    });
    expect(stored(driver)).toEqual(flagAt(spec, 0));
  });

  it("is refused while another driver has the stack (24), and while a rollout goes back (23)", async () => {
    const { driver, run } = await opened();
    await run([...off, "--no-converge"]);
    const other = createMemoryRecord({ runtime: driver.deps.runtime, state: driver.record.state });
    const lease = await other.lease.acquire({ holder: "dana@ci pid 7", termMs: 60_000 });
    expect((await run([...on, "--json"])).json).toMatchObject({ error: { code: "lease-held" } });
    if (lease.granted) await other.lease.release(lease.token);

    const back = aStack(beside);
    await back.driver.run({ stopAfter: "flag-25" });
    edit(back.driver, (flag) => ({ ...flag, x_owner: "team-audit" }));
    expect((await back.run(off)).code).toBe(22);
    const { code, json } = await back.run([...on, "--json"]);
    expect(code).toBe(23);
    expect(json).toMatchObject({ error: { code: "rollout-in-flight" } });
    expect(stored(back.driver)["enabled"]).toBe(false);
  });
});
