import { describe, expect, it } from "vitest";
import type { Outcome } from "../../../src/driver/outcome.ts";
import { exitOf } from "../../../src/driver/outcome.ts";
import type { RunOptions } from "../../../src/driver/run.ts";
import { runRollout } from "../../../src/driver/run.ts";
import type { StartPorts } from "../../../src/driver/session.ts";
import type { EnvironmentPolicy } from "../../../src/types/policy.ts";
import { aDriver } from "../../support/drive.ts";
import { createStart, guarded } from "../../support/start-world.ts";

const thursday = Date.UTC(2026, 0, 15, 10);
const fridayNight = Date.UTC(2026, 0, 16, 20);
const hour = 3_600_000;
const day = 24 * hour;
const change = { id: "CHG1", state: "approved", service: "atp-ingestion" };

/** A driver of prod with everything that it asks. */
function aStart(options: { policy?: Partial<EnvironmentPolicy>; startMs?: number } = {}) {
  const driver = aDriver({
    policy: { ...guarded, ...options.policy },
    startMs: options.startMs ?? thursday,
  });
  const asked = createStart();
  const run = (more: Partial<RunOptions> = {}, start: StartPorts | undefined = asked.start) =>
    runRollout(
      { ...driver.deps, ...(start === undefined ? {} : { start }) },
      { version: "1.2.4", holder: "test", changeRequest: "CHG1", requesters: [bob], ...more },
    );
  const now = () => driver.clock.now();
  const change1 = (more: object = {}) =>
    asked.changes.put({ ...change, startMs: now() - hour, endMs: now() + 8 * day, ...more });
  const hash = (outcome: Outcome) => ({
    stack: "prod",
    version: "1.2.4",
    planHash: outcome.planHash ?? "none",
  });
  /** The verdicts in the journal, by their member. */
  const observed = (name: string) =>
    driver.entries().flatMap(({ kind, data }) => (kind === "observed" && data[name] ? [data[name]] : []));
  return { ...driver, ...asked, run, now, change1, hash, observed };
}

const bob = { source: "github", id: "bob" } as const;

/** All holds but the approvals: where they are asked for. */
async function atTheDoor(options: Parameters<typeof aStart>[0] = {}) {
  const world = aStart(options);
  world.promote("1.2.4", world.now() - day);
  world.change1();
  const asked = await world.run();
  return { ...world, asked, subject: world.hash(asked) };
}

describe("the order of what is checked before a start", () => {
  it("quarantine, window, promotions, change, approvals: mended one by one", async () => {
    const world = aStart({ startMs: fridayNight });
    world.world.knobs.errorPercent = (exposure) => (exposure >= 5 ? 3 : 0.1);
    expect((await world.run({ rehearsed: true })).outcome).toBe("reverted");
    world.world.knobs.errorPercent = () => 0.1;
    const next = async (more: Partial<RunOptions> = {}) => {
      const outcome = await world.run(more);
      expect([outcome.outcome, exitOf(outcome)]).toEqual(["blocked", 23]);
      return outcome.cause?.reason;
    };
    expect(await next()).toBe("Quarantined");
    expect(await next({ clearance: { cause: "pool fixed", by: "dana" } })).toBe("WindowClosed");
    await world.clock.advance(Date.UTC(2026, 0, 19, 8) - world.now());
    expect(await next()).toBe("NotPromoted");
    world.promote("1.2.4", world.now() - day);
    expect(await next()).toBe("ChangeNotApproved");
    world.change1();
    expect(await next()).toBe("ApprovalsMissing");
    expect(world.world.calls.filter((call) => call === "up 5")).toHaveLength(1); // the rehearsal's
    const asked = await world.run();
    world.approve("dana", world.hash(asked), world.now());
    world.approve("eve", world.hash(asked), world.now());
    expect((await world.run()).outcome).toBe("promoted");
    expect(world.observed("approvals").at(-1)).toMatchObject({ ok: true });
    expect(world.observed("change").at(-1)).toMatchObject({ ok: true, message: "CHG1 is approved" });
    expect(world.observed("promotions").at(-1)).toMatchObject({ ok: true });
    expect(world.observed("window").at(-1)).toMatchObject({ open: true });
  });

  it("nothing is touched by a refusal", async () => {
    const world = aStart({ startMs: fridayNight });
    await world.run();
    expect(world.world.calls).toEqual([]);
  });
});

describe("windows", () => {
  it("closed: blocked with the time when it opens, in the journal too", async () => {
    const world = aStart({ startMs: fridayNight });
    const { cause } = await world.run();
    expect(cause).toMatchObject({
      reason: "WindowClosed",
      message: expect.stringContaining("opens Mon 19 Jan 2026, 08:00 (UTC)"),
    });
    expect(world.observed("window")).toMatchObject([{ open: false, opensAtMs: Date.UTC(2026, 0, 19, 8) }]);
  });

  it("none where the stack has none", async () => {
    const world = await atTheDoor();
    const { windows: _none, ...policy } = world.deps.policy;
    const outcome = await runRollout(
      { ...world.deps, policy, start: world.start },
      { version: "1.2.4", holder: "test" },
    );
    expect(outcome.cause?.reason).toBe("ChangeNotApproved");
  });
});

describe("promotions in the other stacks", () => {
  const cases = [
    { why: "nowhere", promote: [], says: "never promoted in test" },
    { why: "only in test", promote: [["1.2.4", day, ["test"]]], says: "never promoted in staging" },
    { why: "another version", promote: [["1.2.3", day, undefined]], says: "last there: " },
    { why: "15 days ago", promote: [["1.2.4", 15 * day, undefined]], says: "14 days is the limit" },
  ] as const;
  it.each(cases)("$why: blocked", async ({ promote, says }) => {
    const world = aStart();
    for (const [version, ago, stacks] of promote) world.promote(version, world.now() - ago, stacks);
    const { cause } = await world.run();
    expect(cause?.reason).toBe("NotPromoted");
    expect(cause?.message).toContain(says);
  });

  it("journals that can't be read: nothing was promoted", async () => {
    const world = aStart();
    const promotions = async () => Promise.reject(new Error("EACCES"));
    const { cause } = await world.run({}, { ...world.start, promotions });
    expect(cause).toMatchObject({ reason: "NotPromoted", message: expect.stringContaining("EACCES") });
  });

  it("switched off in config: goes on, recorded", async () => {
    const origins = { "promotedIn.stacks": "config" } as const;
    const world = aStart({ policy: { promotedIn: { stacks: [], withinDays: 14 }, origins } });
    expect((await world.run()).cause?.reason).toBe("ChangeNotApproved");
    expect(world.observed("promotions")).toEqual(["off"]);
  });
});

describe("the CAB's change", () => {
  const cases = [
    { why: "none is named", id: undefined, put: {}, says: "--change-request ID" },
    { why: "there is no such change", id: "CHG2", put: {}, says: "no such change" },
    { why: "it is still assessed", id: "CHG1", put: { state: "assess" }, says: "is assess" },
    { why: "it is of another service", id: "CHG1", put: { service: "billing" }, says: "for billing" },
    { why: "it is over", id: "CHG1", put: { endMs: thursday - 1 }, says: "ended at" },
  ];
  it.each(cases)("$why: blocked", async ({ id, put, says }) => {
    const world = aStart();
    world.promote("1.2.4", world.now() - day);
    world.change1({ startMs: thursday - day, ...put });
    const options = id === undefined ? {} : { changeRequest: id };
    const outcome = await runRollout(
      { ...world.deps, start: world.start },
      { version: "1.2.4", holder: "test", ...options },
    );
    expect(outcome.cause?.reason).toBe("ChangeNotApproved");
    expect(outcome.cause?.message).toContain(says);
  });

  it("its system fails: blocked, never approved for want of an answer", async () => {
    const world = aStart();
    world.promote("1.2.4", world.now() - day);
    world.changes.failWith("HTTP 503");
    expect((await world.run()).cause).toMatchObject({ reason: "ChangeNotApproved", message: "HTTP 503" });
  });

  it("one that is named where nobody asks for it has to hold too", async () => {
    const world = aStart({ policy: { approvals: { required: 0, cab: false, expedited: false } } });
    world.promote("1.2.4", world.now() - day);
    expect((await world.run()).cause?.reason).toBe("ChangeNotApproved");
    world.change1();
    expect((await world.run()).outcome).toBe("promoted");
  });
});

describe("approvals", () => {
  it("missing: the whole hash and the line are in outcome, journal and, once, on the channels", async () => {
    const world = await atTheDoor();
    const { asked, subject } = world;
    expect(subject.planHash).toMatch(/^[0-9a-f]{64}$/);
    const line = `approve prod 1.2.4 plan ${subject.planHash}`;
    expect(asked.approvalRequest).toContain(line);
    const entry = world.entries().find(({ data }) => data["request"] !== undefined);
    expect(entry).toMatchObject({
      planHash: subject.planHash,
      data: { subject, request: asked.approvalRequest },
    });
    await world.run();
    const told = world.notify.sent.filter(({ kind }) => kind === "approval");
    expect(told).toHaveLength(1);
    expect(told[0]?.text).toContain(line);
  });

  it("two different people: promoted", async () => {
    const world = await atTheDoor();
    for (const id of ["dana", "eve"]) world.approve(id, world.subject, world.now());
    expect((await world.run()).outcome).toBe("promoted");
  });

  const refused = [
    { why: "the same person twice", by: ["dana", "Dana"], reason: "same-person" },
    { why: "an author of the commits", by: ["dana", "ada"], reason: "author" },
    { why: "who calls", by: ["dana", "bob"], reason: "requester" },
  ];
  it.each(refused)("$why: refused as $reason", async ({ by, reason }) => {
    const world = await atTheDoor();
    for (const id of by) world.approve(id, world.subject, world.now());
    const { cause } = await world.run();
    expect(cause?.reason).toBe("ApprovalsMissing");
    expect(cause?.message).toContain(`${reason},`);
  });

  it("replayed from another stack, and expired", async () => {
    const world = await atTheDoor();
    world.approve("dana", { ...world.subject, stack: "staging" }, world.now());
    world.approve("eve", world.subject, world.now() - 25 * hour);
    const { cause } = await world.run();
    expect(cause?.message).toContain("wrong-stack");
    expect(cause?.message).toContain("expired");
  });

  it("of a plan that has changed: void", async () => {
    const world = await atTheDoor();
    for (const id of ["dana", "eve"]) world.approve(id, world.subject, world.now());
    const policy = { ...world.deps.policy, drainSeconds: 31 };
    const outcome = await runRollout(
      { ...world.deps, policy, start: world.start },
      { version: "1.2.4", holder: "test", changeRequest: "CHG1", requesters: [bob] },
    );
    expect(outcome.cause?.message).toContain("plan-changed");
    expect(outcome.planHash).not.toBe(world.subject.planHash);
  });

  it("are used up by a rollout that was taken back", async () => {
    const world = await atTheDoor();
    for (const id of ["dana", "eve"]) world.approve(id, world.subject, world.now());
    world.world.knobs.errorPercent = (exposure) => (exposure >= 5 ? 3 : 0.1);
    expect((await world.run()).outcome).toBe("reverted");
    const { cause } = await world.run({ clearance: { cause: "fixed", by: "dana" } });
    expect(cause?.message).toContain("already-used");
  });

  it("a source that fails blocks, however many others agree", async () => {
    const world = await atTheDoor();
    world.source.set({ status: "error", message: "HTTP 502" });
    expect((await world.run()).cause).toMatchObject({
      reason: "ApprovalsMissing",
      message: "approvals can't be read: memory: HTTP 502",
    });
  });

  it.each([
    ["no source", { approvals: [] }],
    ["nothing to ask at all", undefined],
  ])("%s: blocked with the hint, and nobody is asked in vain", async (_, part) => {
    const policy = {
      approvals: { required: 2, cab: false, expedited: false },
      promotedIn: { stacks: [], withinDays: 14 },
    };
    const world = aStart({ policy });
    const start = part === undefined ? {} : { start: { ...world.start, ...part } };
    const outcome = await runRollout({ ...world.deps, ...start }, { version: "1.2.4", holder: "test" });
    expect(outcome.cause?.reason).toBe("ApprovalsMissing");
    expect(outcome.cause?.message).toContain("rollout.approvals.sources");
    expect(world.notify.sent).toEqual([]);
  });
});

describe("a rehearsal", () => {
  it("replaces every check, and says so in the journal", async () => {
    const world = aStart({ startMs: fridayNight });
    expect((await world.run({ rehearsed: true }, undefined)).outcome).toBe("promoted");
    for (const name of ["window", "promotions", "change", "approvals"]) {
      expect(world.observed(name)).toEqual(["rehearsed"]);
    }
    expect(world.source.asked).toBe(0);
  });
});

describe("a hotfix of prod", () => {
  const policy: Partial<EnvironmentPolicy> = {
    strategy: "direct",
    increments: [{ exposure: 100, soakSeconds: 1800 }],
    approvals: { required: 2, cab: false, expedited: true },
    approvers: { sources: [], keys: [], people: {}, expiresSeconds: 3600 },
  };
  const hotfix = { kind: "hotfix" } as const;

  it("is exempt from window and promotions, needs no CAB, and each of these is recorded", async () => {
    const world = aStart({ policy, startMs: fridayNight });
    const start = async () =>
      runRollout(
        { ...world.deps, start: world.start, metrics: inPlace(world.deps.metrics) },
        { version: "1.2.4", holder: "test", change: hotfix },
      );
    const asked = await start();
    expect(asked.cause?.reason).toBe("ApprovalsMissing");
    expect(asked.approvalRequest).toContain("now and in parallel");
    expect(asked.approvalRequest).toContain("An approval holds for 1 h");
    world.approve("dana", world.hash(asked), world.now() - 2 * hour);
    world.approve("eve", world.hash(asked), world.now());
    expect((await start()).cause?.message).toContain("expired");
    world.approve("dana", world.hash(asked), world.now());
    const done = await start();
    expect(done).toMatchObject({ outcome: "promoted", version: "1.2.4" });
    expect(world.observed("window").at(-1)).toMatchObject({ open: true, exempt: true });
    expect(world.observed("promotions").at(-1)).toMatchObject({ ok: true, exempt: true });
    expect(world.observed("change").at(-1)).toMatchObject({
      follows: true,
      message: expect.stringContaining("an emergency change has to follow"),
    });
    expect(world.world.calls).toEqual(["up direct", "up settle"]);
  });

  it("an approval of the canary is none of the hotfix", async () => {
    const canary = await atTheDoor();
    const world = aStart({ policy });
    const asked = await world.run({ change: hotfix });
    expect(world.hash(asked).planHash).not.toBe(canary.subject.planHash);
  });
});

describe("a change that is in flight", () => {
  it("goes on as its plan says; another one is refused (23)", async () => {
    const policy: Partial<EnvironmentPolicy> = {
      approvals: { required: 0, cab: false, expedited: false },
      promotedIn: { stacks: [], withinDays: 14 },
    };
    const world = aStart({ policy });
    const first = { change: { kind: "new-feature" } } as const;
    const bare = (more: Partial<RunOptions>) =>
      runRollout({ ...world.deps, start: world.start }, { version: "1.2.4", holder: "test", ...more });
    expect((await bare({ ...first, stopAfter: "5" })).outcome).toBe("held");
    await expect(bare({ change: { kind: "hotfix" } })).rejects.toMatchObject({
      code: "rollout-in-flight",
      exit: "blocked",
    });
    expect((await bare({})).outcome).toBe("promoted");
    expect(world.entries()[0]?.data["plan"]).toMatchObject({ change: "new-feature", strategy: "canary" });
  });
});

/** In place the service is one side. */
function inPlace(metrics: ReturnType<typeof aDriver>["deps"]["metrics"]): typeof metrics {
  return {
    name: metrics.name,
    observe: async (query) => {
      const answer = await metrics.observe(query);
      return answer.status === "value" ? { ...answer, stable: answer.candidate } : answer;
    },
  };
}
