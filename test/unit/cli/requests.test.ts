import { describe, expect, it } from "vitest";
import { runCli } from "../../../src/cli/cli.ts";
import { aDriver } from "../../support/drive.ts";
import { createMemoryRecord, journalDraft } from "../../support/memory-record.ts";
import { until } from "../../support/memory-runtime.ts";
import { anIo, aWorld, cli } from "./harness.ts";

const stack = ["--stack", "prod"];
type Driver = ReturnType<typeof aDriver>;

async function heldAt20(): Promise<Driver> {
  const driver = aDriver();
  driver.world.knobs.metricsDown = (exposure) => exposure >= 20;
  await driver.run();
  return driver;
}

/** Another process that drives: it has the lease, and answers an abort as the loop does. */
async function liveDriver(driver: Driver, options: { readonly answers: boolean }): Promise<void> {
  const other = createMemoryRecord({ runtime: driver.deps.runtime, state: driver.record.state });
  const answer = await other.lease.acquire({ holder: "dana@ci pid 7", termMs: 30_000 });
  if (!answer.granted) throw new Error("the lease is taken");
  const rolloutId = driver.rolloutId();
  const draft = { ...journalDraft(answer.token), rolloutId };
  const taken = { kind: "continue", to: "soaking", step: "20", retry: true, reason: "Resumed", message: "" };
  await other.journal.append({ ...draft, kind: "decision", step: "20", data: { decision: taken } });
  if (!options.answers) return;
  void other.requests.changed(new AbortController().signal).then(async () => {
    const cause = { reason: "Aborted", message: "aborted", kind: "person" };
    const decision = { kind: "revert", cause, reason: "Aborted", message: "aborted" };
    await other.journal.append({ ...draft, kind: "decision", step: "revert", data: { decision } });
    await other.journal.append({
      ...draft,
      kind: "effect",
      step: "revert",
      data: { effect: "read-back", ok: true, leverMs: 9 },
    });
  });
}

const verbs = [
  { verb: "approve", argv: ["--by", "dana"] },
  { verb: "pause", argv: [] },
  { verb: "resume", argv: [] },
  { verb: "abort", argv: [] },
  { verb: "rollback", argv: ["--reason", "customer", "--by", "dana"] },
];

describe("with nothing in flight", () => {
  const pasts = [
    { past: "no rollout ever", prepare: async (_: Driver) => {} },
    { past: "a promoted one", prepare: async (driver: Driver) => void (await driver.run()) },
    {
      past: "a reverted one",
      prepare: async (driver: Driver) => {
        driver.world.knobs.errorPercent = () => 5;
        await driver.run();
      },
    },
  ];
  const cases = verbs.flatMap((one) => pasts.map((past) => ({ ...one, ...past })));
  it.each(cases)("$verb after $past: exit 7 and nothing is touched", async ({ verb, argv, prepare }) => {
    const driver = aDriver();
    await prepare(driver);
    const before = JSON.stringify([driver.entries(), driver.world.calls, driver.record.state.requests]);
    const world = aWorld(driver);
    const { code, json } = await cli([verb, ...stack, ...argv, "--json"], { world });
    expect(code).toBe(7);
    expect(json).toMatchObject({ ok: false, error: { code: "nothing-in-flight" } });
    expect(JSON.stringify([driver.entries(), driver.world.calls, driver.record.state.requests])).toBe(before);
    expect(world.opened).toEqual([]);
  });
});

describe("abort and rollback", () => {
  const both = [
    { verb: "abort", argv: ["--by", "dana", "--reason", "wrong build"], reason: "wrong build" },
    { verb: "rollback", argv: ["--reason", "customer", "--by", "dana"], reason: "customer" },
    {
      verb: "rollback",
      argv: ["--reason", "other", "--by", "dana", "--details", "tenant ids"],
      reason: "other: tenant ids",
    },
  ];

  it.each(both)(
    "$verb ($reason): no live driver, so the way back is driven here, exit 0",
    async ({ verb, argv, reason }) => {
      const driver = await heldAt20();
      const { code, json, stderr } = await cli([verb, ...stack, ...argv, "--json"], {
        world: aWorld(driver),
      });
      expect(code).toBe(0);
      expect(json).toMatchObject({ ok: true, data: { outcome: "reverted", revert: { stateEqual: true } } });
      expect(json["data"]).toMatchObject({ cause: { message: `aborted by dana: ${reason}` } });
      expect(driver.world.weights.at(-1)).toBe(0);
      expect(driver.world.record()).toMatchObject({ stable: { version: "1.2.3" }, exposure: 0 });
      expect(stderr).toContain("No driver is alive");
    },
  );

  it("a live driver is asked, and the answer is its read-back", async () => {
    const driver = await heldAt20();
    await liveDriver(driver, { answers: true });
    const world = aWorld(driver);
    const { code, json } = await cli(["abort", ...stack, "--json"], { world });
    expect(code).toBe(0);
    expect(json["data"]).toMatchObject({ outcome: "reverting", failedAt: "20" });
    expect(world.opened).toEqual([]);
  });

  it("a live driver that says nothing is waited for, until the process is told to stop: exit 8, the request stays", async () => {
    const driver = await heldAt20();
    await liveDriver(driver, { answers: false });
    const { io, streams, send } = anIo();
    const argv = ["abort", ...stack, "--json"];
    const running = runCli({ argv, io, world: aWorld(driver), version: "0" });
    await until(() => streams.stderr.includes("Asked the driver"));
    send("SIGTERM");
    expect(await running).toBe(8);
    expect(driver.record.state.requests).toMatchObject([{ kind: "abort" }]);
    expect(JSON.parse(streams.stdout)).toMatchObject({ ok: false, error: { code: "cancelled" } });
  });

  it("in a promotion it stops with the traffic where it is: held, exit 22", async () => {
    const driver = aDriver();
    await driver.run({ stopAfter: "promote-stable" });
    const { code, json } = await cli(["abort", ...stack, "--json"], { world: aWorld(driver) });
    expect(code).toBe(22);
    expect(json).toMatchObject({ data: { outcome: "held" }, error: { code: "held" } });
  });

  it("a revert that doesn't verify is no success: exit 21", async () => {
    const driver = await heldAt20();
    driver.world.knobs.upFails = (_step, converge) =>
      converge ? { kind: "resource", message: "forbidden" } : undefined;
    const { code, json } = await cli(["abort", ...stack, "--json"], { world: aWorld(driver) });
    expect(code).toBe(21);
    expect(json).toMatchObject({ data: { outcome: "revert-failed" } });
  });
});

describe("approve", () => {
  it("lets a held step go on at the next run, and says so", async () => {
    const driver = await heldAt20();
    const world = aWorld(driver);
    const { code, stdout } = await cli(["approve", ...stack, "--by", "dana"], { world });
    expect(code).toBe(0);
    expect(stdout).toContain("20 % of 1.2.4 is approved by dana.");
    expect(stdout).toContain("`rollouts run --stack prod` goes on");
    driver.world.knobs.metricsDown = (exposure) => exposure === 20;
    const after = await cli(["run", ...stack], { world });
    expect(after.code).toBe(0);
    expect(after.stderr).toContain("20 approved by dana");
  });

  it("refuses a step that it is not at", async () => {
    const driver = await heldAt20();
    const argv = ["approve", ...stack, "--by", "dana", "--step", "50", "--json"];
    const { code, json } = await cli(argv, { world: aWorld(driver) });
    expect(code).toBe(2);
    expect(json).toMatchObject({ error: { code: "step-not-at", path: "--step" } });
    expect(driver.record.state.requests).toEqual([]);
  });
});

describe("pause and resume", () => {
  it("a pause is kept, said once, and undone", async () => {
    const driver = aDriver();
    await driver.run({ stopAfter: "5" });
    const world = aWorld(driver);
    const reason = ["--by", "dana", "--reason", "db move"];
    expect((await cli(["pause", ...stack, ...reason], { world })).stdout).toContain("the gates stay on");
    expect((await cli(["pause", ...stack, ...reason], { world })).stdout).toContain(
      "Paused already, by dana.",
    );
    expect(driver.record.state.requests).toHaveLength(1);
    expect((await cli(["status", ...stack], { world })).stdout).toContain("paused by dana");
    expect((await cli(["resume", ...stack], { world })).code).toBe(0);
    expect((await cli(["run", ...stack], { world })).code).toBe(0);
  });

  it("resume of what isn't paused: exit 7, with what does help", async () => {
    const driver = await heldAt20();
    const { code, json } = await cli(["resume", ...stack, "--json"], { world: aWorld(driver) });
    expect(code).toBe(7);
    expect(json).toMatchObject({
      error: { code: "not-paused", hint: expect.stringContaining("rollouts approve") },
    });
  });
});

describe("who asks", () => {
  const names = [
    { why: "as given", argv: ["--by", "dana"], env: { GITHUB_ACTOR: "bot" }, by: "dana" },
    { why: "the actor of GitHub", argv: [], env: { GITHUB_ACTOR: "bot" }, by: "bot" },
    {
      why: "the requester of Azure Pipelines",
      argv: [],
      env: { BUILD_REQUESTEDFOR: "Dana D" },
      by: "Dana D",
    },
  ];
  it.each(names)("$why", async ({ argv, env, by }) => {
    const driver = aDriver();
    await driver.run({ stopAfter: "5" });
    await cli(["pause", ...stack, ...argv], { world: aWorld(driver), env });
    expect(driver.record.state.requests.at(-1)).toMatchObject({
      kind: "pause",
      by,
      reason: "no reason given",
    });
  });
});
