import { describe, expect, it } from "vitest";
import { parseFlag, printFlag } from "../../../src/plan/flag-json.ts";
import { flagContentType, flagKey } from "../../../src/plan/flag-value.ts";
import { flagText } from "../../../src/plan/render-flag.ts";
import { aStack, beside } from "../../support/flag-cli.ts";
import { flagId, startFlagsWorld } from "../../support/flags-world.ts";
import { aFlag } from "../../support/memory-flag-stack.ts";

const argv = ["flag", "off", "--stack", "prod", "--by", "dana", "--reason", "broken hashes"];
const label = "prod";

/** A stack whose flag is open to everybody, with its flag in a real store over HTTPS. */
async function aStore() {
  const { server, flags, put, slept } = await startFlagsWorld({ label });
  const policy = { ...beside, flag: { ...aFlag(), ...beside.flag, label } };
  const { driver, world, run } = aStack(policy);
  expect((await driver.run()).outcome).toBe("promoted");
  const release = driver.world.record()?.flag ?? expect.unreachable();
  put({ value: flagText(release), contentType: flagContentType, tags: { team: "audit" } });
  const { flag } = driver.deps;
  const deps = { ...driver.deps, ...(flag === undefined ? {} : { flag: { ...flag, flags } }) };
  const more = { openFlags: async () => flags, openDriver: async () => deps };
  const id = { key: flagKey(flagId), label };
  const upped = driver.world.calls.length;
  return {
    server,
    put,
    slept,
    world,
    run: (...words: readonly string[]) => run([...argv, ...words], more),
    kept: () => server.store.get(id),
    flag: () => JSON.parse(server.store.get(id)?.value ?? "null"),
    puts: () => server.calls.filter((call) => call.startsWith("PUT")).length,
    ups: () => driver.world.calls.slice(upped).filter((call) => call.startsWith("up")),
  };
}

describe("flag off in App Configuration", () => {
  it("during a concurrent foreign edit keeps that edit's other fields, and the stack holds with their names", async () => {
    const { server, put, run, kept, flag, ups, puts } = await aStore();
    const theirs = {
      ...parseFlag(kept()?.value ?? ""),
      variants: [{ name: "theirs", configuration_value: { a: 12 } }],
      x_team: "theirs",
    };
    server.beforeNextWrite(() =>
      put({
        value: printFlag(theirs),
        contentType: flagContentType,
        tags: { team: "theirs" },
        description: "theirs",
      }),
    );
    const { code, json } = await run("--json");
    expect(flag()).toEqual({ ...theirs, enabled: false });
    expect(kept()).toMatchObject({
      content_type: flagContentType,
      tags: { team: "theirs" },
      description: "theirs",
      label,
    });
    expect(puts()).toBe(2);
    expect(ups()).toEqual([]);
    expect(code).toBe(22);
    expect(json).toMatchObject({
      data: {
        store: { written: true, attempts: 2 },
        converged: { problems: ["variants is not meant", "x_team is not meant"] },
      },
      error: { code: "flag-kept-off" },
    });
  });

  it("is one write, and the stack follows where the edit was of nothing that it owns", async () => {
    const { server, put, run, kept, flag, ups } = await aStore();
    const { value } = kept() ?? expect.unreachable();
    server.beforeNextWrite(() =>
      put({ value: value ?? "", contentType: flagContentType, tags: { team: "theirs" } }),
    );
    expect((await run()).code).toBe(0);
    expect(flag()).toEqual({ ...JSON.parse(value ?? ""), enabled: false });
    expect(kept()?.tags).toEqual({ team: "theirs" });
    expect(ups()).toEqual(["up flag-off"]);
  });

  it("is written once where the answer was lost, and found off by the next read", async () => {
    const { server, run, flag, puts } = await aStore();
    server.faults.lostResponses = 1;
    const { code, json } = await run("--json", "--no-converge");
    expect(code).toBe(0);
    expect([flag().enabled, puts()]).toEqual([false, 1]);
    expect(json).toMatchObject({ data: { store: { written: true, attempts: 2 } } });
  });

  it("waits as long as a store asks for that is asked too often", async () => {
    const { server, run, flag, slept } = await aStore();
    server.faults.throttles = 2;
    expect((await run("--no-converge")).code).toBe(0);
    expect(slept).toEqual([1_200, 1_200]);
    expect(flag().enabled).toBe(false);
  });

  it("locked: exit 4, and how it is unlocked and done by hand", async () => {
    const { server, run, flag, ups } = await aStore();
    server.store.lock({ key: flagKey(flagId), label }, true);
    const { code, json } = await run("--json");
    expect(code).toBe(4);
    const place = `--feature ${flagId} --name atp-test --label prod --yes`;
    expect(json).toEqual({
      schemaVersion: 1,
      command: "flag",
      ok: false,
      error: {
        code: "flag-locked",
        message: expect.stringContaining("is locked"),
        hint: `Find out who locked it, and why. \`az appconfig feature unlock ${place}\`, then again; or by hand: \`az appconfig feature disable ${place}\`.`,
      },
    });
    expect([flag().enabled, ups()]).toEqual([true, []]);
  });

  it("denied: exit 3, with the role that it takes and the command by hand", async () => {
    const { server, run, ups } = await aStore();
    server.faults.denied = true;
    const { code, json } = await run("--json");
    expect(code).toBe(3);
    expect(json).toMatchObject({
      error: {
        code: "flag-denied",
        hint: expect.stringMatching(/^By hand: `az appconfig feature disable .*App Configuration Data Owner/),
      },
    });
    expect(ups()).toEqual([]);
  });

  it("gone: exit 4, as applications take it as off", async () => {
    const { put, run, ups } = await aStore();
    put(undefined);
    const { code, json } = await run("--json");
    expect(code).toBe(4);
    expect(json).toMatchObject({
      error: { code: "flag-gone", hint: expect.stringContaining("applications take it as off") },
    });
    expect(ups()).toEqual([]);
  });

  it("not answering: exit 4, and the command by hand", async () => {
    const { server, run } = await aStore();
    await server.close();
    const { code, stderr } = await run();
    expect(code).toBe(4);
    expect(stderr).toContain("ECONNREFUSED");
    expect(stderr).toContain("By hand: `az appconfig feature disable --feature");
  });

  it("no JSON: exit 4, and nothing of it is told", async () => {
    const { put, run } = await aStore();
    put({ value: "{ planted // by hand", contentType: flagContentType, tags: {} });
    const { code, json } = await run("--json");
    expect(code).toBe(4);
    expect(json).toMatchObject({ error: { code: "flag-json" } });
    expect(JSON.stringify(json)).not.toContain("planted");
  });
});
