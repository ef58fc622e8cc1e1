import { describe, expect, it } from "vitest";
import type { World } from "../../../src/cli/world.ts";
import { runRollout } from "../../../src/driver/run.ts";
import { flagAt } from "../../../src/plan/render-flag.ts";
import type { Driver } from "../../support/flag-cli.ts";
import { alone, aStack, beside, edit, flagId, stored } from "../../support/flag-cli.ts";
import { createMemoryRecord, journalDraft } from "../../support/memory-record.ts";
import { until } from "../../support/memory-runtime.ts";

const argv = ["flag", "off", flagId, "--stack", "prod", "--by", "dana", "--reason", "broken hashes"];
const json = [...argv, "--json"];

/** `rollouts flag off` of a stack whose flag is open to everybody. */
async function opened(policy = beside) {
  const stack = aStack(policy);
  expect((await stack.driver.run()).outcome).toBe("promoted");
  const from = stack.driver.world.calls.length;
  return { ...stack, calls: () => stack.driver.world.calls.slice(from) };
}

/** The rollout stopped by hand in the watch of a step. */
async function heldAt(step: string, policy = beside) {
  const stack = aStack(policy);
  expect(await stack.driver.run({ stopAfter: step })).toMatchObject({ outcome: "held", heldAt: step });
  const from = stack.driver.world.calls.length;
  return { ...stack, calls: () => stack.driver.world.calls.slice(from) };
}

describe("flag off, nothing in flight", () => {
  it.each([
    ["beside a service", beside, "flag-off"],
    ["alone", alone, "off"],
  ])("%s: the store first, then the stack, verified and journaled", async (_, policy, step) => {
    const { driver, run, calls } = await opened(policy);
    const { spec } = driver.deps.policy.flag ?? expect.unreachable();
    const { code, stdout, stderr } = await run(argv);
    expect(code).toBe(0);
    expect(stored(driver)).toEqual(flagAt(spec, 0));
    expect(calls()).toEqual(["lever 0", `up ${step}`]);
    expect(stdout).toMatch(/^AuditTrail\.NewTamperProofAlgorithm on prod: off, by dana: broken hashes\n/);
    expect(stdout).toMatch(/ {2}store +off after \d+(\.\d)? m?s\n/);
    expect(stdout).toMatch(/ {2}stack +has it off too, verified after .* \(objective: 5 min\)\n/);
    expect(stderr.split("\n")[0]).toMatch(/is off in the store after /);
    const own = driver
      .entries()
      .filter(({ rolloutId, data }) => rolloutId.startsWith("flag-off-") && data["effect"] !== "message");
    expect(own.map(({ kind, data }) => `${kind} ${data["effect"] ?? data["outcome"]}`)).toEqual([
      "intent flag-off",
      "intent up",
      "effect up",
      "effect preview-same",
      "effect flag-off",
      "end reverted",
    ]);
    expect(own[0]?.data["off"]).toMatchObject({ flag: flagId, by: "dana", reason: "broken hashes" });
    expect(driver.notify.sent.slice(-2)).toMatchObject([
      { phase: "rolling-back", title: `FLAG OFF: ${flagId}`, text: "dana: broken hashes." },
      { phase: "rolled-back", title: `${flagId}: the stack has it off too` },
    ]);
  });

  it("keeps the version out until somebody says why it may come again", async () => {
    const { driver, run } = await opened();
    await run(argv);
    expect(await driver.run()).toMatchObject({
      outcome: "blocked",
      cause: {
        reason: "Quarantined",
        message: expect.stringContaining("switched off by dana: broken hashes"),
      },
    });
    const cleared = await driver.run({ clearance: { cause: "mended", by: "dana" } });
    expect(cleared).toMatchObject({ outcome: "promoted", exposures: [0.5, 10, 25, 50, 100] });
  });

  it("is written before anything else is opened", async () => {
    const { driver, world, run } = await opened();
    const seen: string[] = [];
    const noted = (name: string) => seen.push(`${name}: ${stored(driver)["enabled"]}`);
    const watched: Partial<World> = {
      openFlags: async (...at) => {
        noted("store");
        return await (world.openFlags?.(...at) ?? expect.unreachable());
      },
      openRecord: async (...at) => {
        noted("record");
        return await world.openRecord(...at);
      },
      openDriver: async (...at) => {
        noted("engine");
        return await world.openDriver(...at);
      },
    };
    expect((await run(argv, watched)).code).toBe(0);
    expect(seen).toEqual(["store: true", "record: false", "engine: false"]);
  });

  it("that the stack has off already: nothing is written, and the journal keeps who asked", async () => {
    const { driver, run, calls } = await opened();
    await run(argv);
    const before = calls().length;
    const { code, json: again } = await run(json);
    expect(code).toBe(0);
    expect(again).toMatchObject({
      ok: true,
      data: { store: { written: false }, converged: { stack: "off-already", problems: [] } },
    });
    expect(calls()).toHaveLength(before);
    expect(endOf(driver)).toMatchObject({ data: { outcome: "nothing-to-do" } });
  });

  it("with fields that the stack doesn't know: it stays off, nothing is written, exit 22, and they are named", async () => {
    const { driver, run, calls } = await opened();
    edit(driver, (flag) => ({ ...flag, x_owner: "team-audit", telemetry: { enabled: true } }));
    const before = stored(driver);
    const { code, json: said } = await run(json);
    expect(code).toBe(22);
    expect(stored(driver)).toEqual({ ...before, enabled: false });
    expect(calls()).toEqual(["lever 0"]);
    expect(said).toMatchObject({
      ok: false,
      data: {
        converged: { stack: "kept-off", problems: ["x_owner is not meant", "telemetry is not meant"] },
      },
      error: {
        code: "flag-kept-off",
        message: expect.stringContaining("x_owner is not meant; telemetry is not meant"),
        hint: expect.stringContaining("no `pulumi up --refresh`"),
      },
    });
    expect(endOf(driver)).toMatchObject({ data: { outcome: "held" } });
    expect(driver.notify.sent.at(-1)).toMatchObject({ kind: "hold" });
    // Once they are out of the store, the same command finishes it.
    edit(driver, ({ x_owner: _owner, telemetry: _telemetry, ...flag }) => flag);
    expect((await run(argv)).code).toBe(0);
    expect(calls()).toEqual(["lever 0", "up flag-off"]);
  });

  it("--no-converge leaves the stack for later, and says what an update would do", async () => {
    const { driver, run, calls, world } = await opened();
    const { code, stdout } = await run([...argv, "--no-converge"]);
    expect(code).toBe(0);
    expect(stdout).toContain("until then `pulumi up --refresh` would write its own value");
    expect(calls()).toEqual(["lever 0"]);
    expect(world.opened).toEqual([]);
    expect(stored(driver)["enabled"]).toBe(false);
    expect((await run(argv)).code).toBe(0);
    expect(calls()).toEqual(["lever 0", "up flag-off"]);
  });

  it("an update that fails: the flag is off, exit 21, and both are said", async () => {
    const { driver, run } = await opened();
    driver.world.knobs.upFails = () => ({ kind: "resource", message: "forbidden" });
    const { code, json: said } = await run(json);
    expect(code).toBe(21);
    expect(said).toMatchObject({
      data: { store: { written: true }, converged: { stack: "off-failed" } },
      error: { code: "flag-off-failed", message: expect.stringContaining("the update failed: forbidden") },
    });
    expect(stored(driver)["enabled"]).toBe(false);
  });

  it("a flag that is on again after the update is no success", async () => {
    const { driver, run } = await opened();
    const { engine } = driver.deps;
    const up: typeof engine.up = async (options) => {
      const result = await engine.up(options);
      edit(driver, (flag) => ({ ...flag, enabled: true }));
      return result;
    };
    const { code, json: said } = await run(json, {
      openDriver: async () => ({ ...driver.deps, engine: { ...engine, up } }),
    });
    expect(code).toBe(21);
    expect(JSON.stringify(said)).toContain("is on again: somebody else switched it on");
  });

  it("while another driver has the stack: the flag is off, exit 24, and both are said", async () => {
    const { driver, run } = await opened();
    const other = createMemoryRecord({ runtime: driver.deps.runtime, state: driver.record.state });
    await other.lease.acquire({ holder: "dana@ci pid 7", termMs: 60_000 });
    const { code, json: said } = await run(json);
    expect(code).toBe(24);
    expect(said).toMatchObject({
      data: { store: { written: true }, converged: { stack: "failed" } },
      error: { code: "lease-held", message: expect.stringContaining("dana@ci pid 7") },
    });
    expect(stored(driver)["enabled"]).toBe(false);
  });
});

describe("flag off, a rollout in flight", () => {
  it.each([
    ["beside a service", beside, "flag-25"],
    ["alone", alone, "25"],
  ])("%s, with nobody alive: the way back is driven from here", async (_, policy, step) => {
    const { driver, run } = await heldAt(step, policy);
    const { code, json: said } = await run(json);
    expect(code).toBe(0);
    expect(said).toMatchObject({
      data: { converged: { stack: "turned-back", rollout: { data: { outcome: "reverted" } } } },
    });
    expect(stored(driver)["enabled"]).toBe(false);
    const { cause, failedAt } = Object((said["data"] as Record<string, unknown>)["converged"]).rollout.data;
    expect([failedAt, cause.message]).toEqual([step, "aborted by dana: flag off: broken hashes"]);
    // The code stays.
    if (policy === beside)
      expect(driver.world.record()).toMatchObject({ stable: { version: "1.2.4" }, exposure: 0 });
  });

  it("a live driver is asked at once, before the application has shown anything", async () => {
    const { driver, run, world } = await heldAt("flag-25");
    await liveDriver(driver);
    const { code, json: said } = await run(json);
    expect(code).toBe(0);
    expect(said).toMatchObject({
      data: { converged: { rollout: { data: { outcome: "reverting", failedAt: "flag-25" } } } },
    });
    expect(world.opened).toEqual([]);
  });

  it("whose driver holds, as the flag has changed under it, before it hears: driven back from here", async () => {
    const { driver, run } = await heldAt("flag-25");
    await liveDriver(driver, "holds");
    const { code, json: said } = await run(json);
    expect(code).toBe(0);
    expect(said).toMatchObject({ data: { converged: { rollout: { data: { outcome: "reverted" } } } } });
    expect(stored(driver)["enabled"]).toBe(false);
  });

  it("that was promoted before it heard: the stack follows by itself", async () => {
    const { driver, run, calls } = await heldAt("flag-100");
    await liveDriver(driver, "finishes");
    const { code, json: said } = await run(json);
    expect(code).toBe(0);
    expect(said).toMatchObject({ data: { converged: { stack: "switched-off" } } });
    expect(calls().at(-1)).toBe("up flag-off");
  });

  it("that is over by the time it is asked: the stack follows by itself", async () => {
    const { driver, world, run, calls } = await heldAt("flag-100");
    const { openRecord } = world;
    let opened = 0;
    const { code, json: said } = await run(json, {
      openRecord: async (...at) => {
        // The second look is the way back's own: the driver has finished between the two.
        if (++opened === 2) {
          edit(driver, (flag) => ({ ...flag, enabled: true }));
          expect((await driver.run()).outcome).toBe("promoted");
          edit(driver, (flag) => ({ ...flag, enabled: false }));
        }
        return await openRecord(...at);
      },
    });
    expect(code).toBe(0);
    expect(said).toMatchObject({ data: { converged: { stack: "switched-off" } } });
    expect(calls().at(-1)).toBe("up flag-off");
  });

  it("amid an update to a phase: it is stopped, and the flag is off again behind it", async () => {
    const { driver, run } = aStack(beside);
    let asked: ReturnType<typeof run> | undefined;
    driver.world.knobs.duringUp = async (step, signal) => {
      if (step !== "flag-50") return;
      asked = run(argv);
      await until(() => signal?.aborted === true);
    };
    const outcome = await driver.run();
    expect(outcome).toMatchObject({ outcome: "reverted", failedAt: "flag-50" });
    expect((await asked)?.code).toBe(0);
    expect(stored(driver)["enabled"]).toBe(false);
    expect(driver.world.record()).toMatchObject({ stable: { version: "1.2.4" } });
  });

  it("with fields that the stack doesn't know: the way back holds, exit 22, and they are named", async () => {
    const { driver, run } = await heldAt("flag-25");
    edit(driver, (flag) => ({ ...flag, x_owner: "team-audit" }));
    const { code, json: said } = await run(json);
    expect(code).toBe(22);
    expect(said).toMatchObject({
      data: { converged: { stack: "turned-back" } },
      error: { code: "flag-kept-off", message: expect.stringContaining("x_owner is not meant") },
    });
    expect(stored(driver)).toMatchObject({ enabled: false, x_owner: "team-audit" });
  });

  it("of the code, with the flag off in the stack: nothing is to do there", async () => {
    const { driver, run } = await heldAt("20");
    edit(driver, (flag) => ({ ...flag, enabled: true }));
    const { code, json: said } = await run(json);
    expect(code).toBe(0);
    expect(said).toMatchObject({ data: { store: { written: true }, converged: { stack: "off-already" } } });
    expect(driver.world.record()).toMatchObject({ exposure: 20 });
  });

  it("of the code, with the flag open in the stack: exit 22, as another update could open it again", async () => {
    const { driver } = await opened();
    const canary = aStack({ ...beside, strategy: "canary" }, driver);
    const { deps } = canary.driver;
    const held = await runRollout(deps, { version: "1.2.5", holder: "test", stopAfter: "20" });
    expect(held).toMatchObject({ outcome: "held", heldAt: "20" });
    const { code, json: said } = await canary.run(json);
    expect(code).toBe(22);
    expect(said).toMatchObject({
      data: { converged: { stack: "in-flight" } },
      error: { code: "rollout-in-flight", message: expect.stringContaining("1.2.5 is in flight") },
    });
    expect(stored(driver)["enabled"]).toBe(false);
  });
});

function endOf(driver: Driver) {
  return driver.entries().findLast(({ kind }) => kind === "end");
}

/** Another process that drives: it has the lease, and answers an abort as the loop does, or with an end of its own. */
async function liveDriver(
  driver: Driver,
  answers: "turns-back" | "holds" | "finishes" = "turns-back",
): Promise<void> {
  const other = createMemoryRecord({ runtime: driver.deps.runtime, state: driver.record.state });
  const answer = await other.lease.acquire({ holder: "dana@ci pid 7", termMs: 30_000 });
  if (!answer.granted) throw new Error("the lease is taken");
  const draft = { ...journalDraft(answer.token), rolloutId: driver.rolloutId() };
  const step = "flag-25";
  const taken = { kind: "continue", to: "soaking", step, retry: true, reason: "Resumed", message: "" };
  await other.journal.append({ ...draft, kind: "decision", step, data: { decision: taken } });
  void other.requests.changed(new AbortController().signal).then(async () => {
    if (answers !== "turns-back") {
      const decision =
        answers === "holds"
          ? { kind: "escalate", reason: "ForeignChange", message: "somebody else changed the flag" }
          : { kind: "complete", to: "completed", reason: "Promoted", message: "promoted" };
      const outcome = answers === "holds" ? "held" : "promoted";
      await other.journal.append({ ...draft, kind: "decision", step, data: { decision } });
      await other.journal.append({ ...draft, kind: "end", step, data: { outcome } });
      await other.lease.release(answer.token);
      return;
    }
    const cause = { reason: "Aborted", message: "aborted", kind: "person" };
    const decision = { kind: "revert", cause, reason: "Aborted", message: "aborted" };
    await other.journal.append({ ...draft, kind: "decision", step: "revert", data: { decision } });
    const data = { effect: "read-back", ok: true, leverMs: 9 };
    await other.journal.append({ ...draft, kind: "effect", step: "revert", data });
  });
}
