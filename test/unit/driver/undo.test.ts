import { describe, expect, it } from "vitest";
import { quarantine } from "../../../src/driver/checks/quarantine.ts";
import { takes } from "../../../src/driver/outbox-owed.ts";
import { lastRollout } from "../../../src/driver/resume.ts";
import type { JournalEntry } from "../../../src/types/journal.ts";
import { aPolicy, aSnapshot } from "../../support/builders.ts";
import { createMemoryRecord } from "../../support/memory-record.ts";
import { aRolledStack, identityOf, type RolledStack } from "../../support/rolled-stack.ts";

const ofUndo = ({ rolloutId }: JournalEntry) => rolloutId.startsWith("undo-");
const effectsOf = (stack: RolledStack) =>
  stack
    .entries()
    .filter((entry) => ofUndo(entry) && entry.kind === "effect")
    .map(({ data }) => `${data["effect"]}${data["ok"] === true ? "" : " failed"}`)
    .filter((effect) => !effect.startsWith("message"));
const endOf = (stack: RolledStack) => stack.entries().find((entry) => ofUndo(entry) && entry.kind === "end");

describe("undo to a revision", () => {
  it("pods first, then the stack twice, then both are verified; the first of three versions serves again", async () => {
    const stack = await aRolledStack();
    const first = stack.entries().find(({ data }) => data["effect"] === "baseline");
    const outcome = await stack.undo(1);
    expect(outcome).toMatchObject({
      outcome: "undone",
      version: "1.2.3",
      from: "1.2.5",
      revision: 1,
      running: { number: 4, ready: 6, desired: 6, image: "atp.azurecr.io/ingestion:1.2.3" },
      problems: [],
      notes: [],
      differences: [],
    });
    expect(stack.world.calls).toEqual(["lever 0", "up install converge", "up install converge", "release"]);
    expect(effectsOf(stack)).toEqual([
      "lever",
      "read-back",
      "pods-gone",
      "stack-at-zero",
      "candidate-removed",
      "stable-verified",
      "preview-same",
      "verified",
    ]);
    expect(stack.world.record()).toEqual(Object(first?.data["baseline"])["record"]);
  });

  it("writes the stack without a refresh, then with one, each by force", async () => {
    const stack = await aRolledStack();
    const seen: unknown[] = [];
    const { up } = stack.deps.engine;
    const spied: typeof up = (options) => {
      seen.push([options.refresh, options.converge, options.target.kind]);
      return up(options);
    };
    Object.assign(stack.deps.engine, { up: spied });
    await stack.undo(2);
    expect(seen).toEqual([
      [false, true, "release"],
      [true, true, "release"],
    ]);
  });

  it("is no rollout that `run` takes up, keeps the version before out, and lets others in", async () => {
    const stack = await aRolledStack();
    const before = lastRollout(stack.entries());
    await stack.undo(1, { reason: "corruption: tenant ids" });
    expect(lastRollout(stack.entries())).toEqual(before);
    expect(stack.entries().filter((entry) => ofUndo(entry) && entry.kind === "begin")).toEqual([]);
    expect(quarantine(stack.entries(), identityOf("1.2.5"))?.cause).toBe(
      "undone to revision 1 (1.2.3) by dana: corruption: tenant ids",
    );
    expect(await stack.run({ version: "1.2.5" })).toMatchObject({
      outcome: "blocked",
      cause: { reason: "Quarantined" },
    });
    expect(await stack.run({ version: "1.2.3" })).toMatchObject({ outcome: "nothing-to-do" });
    expect(await stack.run({ version: "1.2.6" })).toMatchObject({ outcome: "promoted" });
  });

  it("tells people when it begins and when it is over", async () => {
    const stack = await aRolledStack();
    const before = stack.notify.sent.length;
    await stack.undo(1);
    expect(stack.notify.sent.slice(before).map(({ kind, title }) => [kind, title])).toEqual([
      ["revert", "ROLLBACK IN PROGRESS: atp-ingestion 1.2.5 → 1.2.3"],
      ["revert", "Rollback complete: atp-ingestion serves 1.2.3"],
    ]);
  });

  it("for a concern it tells that concern's people too", async () => {
    const stack = await aRolledStack();
    const before = stack.notify.sent.length;
    await stack.undo(1, { concern: "compliance" });
    const told = stack.notify.sent.slice(before);
    expect(told.map(({ concern }) => concern)).toEqual(["compliance", "compliance"]);
    expect(told.every((message) => takes({ kind: "slack", for: "compliance" }, message))).toBe(true);
  });

  it("the version in service: nothing to do, and nothing is written", async () => {
    const stack = await aRolledStack();
    const before = stack.entries().length;
    expect(await stack.undo(3)).toMatchObject({ outcome: "nothing-to-do", version: "1.2.5" });
    expect([stack.entries().length, stack.world.calls]).toEqual([before, []]);
  });

  it("a version with a ConfigMap of its own: the stack goes first, for its pods could not start", async () => {
    const stack = await aRolledStack();
    const old = aSnapshot("1.2.3", { config: { RELEASE: "1.2.3" } });
    const entry = stack.record.state.entries.find(({ data }) => data["effect"] === "baseline");
    Object.assign(Object(entry?.data["baseline"])["record"], { stable: old });
    stack.pods.identities.set(1, old.identity);
    const outcome = await stack.undo(1);
    expect(outcome).toMatchObject({ outcome: "undone", notes: [expect.stringContaining("ConfigMap")] });
    expect(stack.world.calls).toEqual(["up install converge", "up install converge", "release"]);
    expect(effectsOf(stack).slice(0, 3)).toEqual(["stack-at-zero", "pods-gone", "candidate-removed"]);
  });
});

describe("refused before anything is touched", () => {
  interface Refusal {
    readonly why: string;
    readonly revision: number;
    readonly prepare: (stack: RolledStack) => unknown;
    readonly code: string;
    readonly exit: string;
    readonly hint: string;
  }
  const usable = "Revisions that can be used: 1 (1.2.3), 2 (1.2.4).";
  const cases: readonly Refusal[] = [
    {
      why: "no such revision: the history limit has taken it",
      revision: 9,
      prepare: () => {},
      code: "no-such-revision",
      exit: "blocked",
      hint: usable,
    },
    {
      why: "no baseline in the journal: what the stack was with it is not known",
      revision: 1,
      prepare: (stack) => stack.pods.identities.set(1, "1.2.2+0123"),
      code: "no-snapshot",
      exit: "blocked",
      hint: "Revisions that can be used: 2 (1.2.4).",
    },
    {
      why: "pods without an identity",
      revision: 1,
      prepare: (stack) => stack.pods.identities.set(1, undefined),
      code: "no-snapshot",
      exit: "blocked",
      hint: "Revisions that can be used: 2 (1.2.4).",
    },
    {
      why: "a baseline that the journal has masked: it would be written masked",
      revision: 1,
      prepare: (stack) => {
        const entry = stack.record.state.entries.find(({ data }) => data["effect"] === "baseline");
        Object(entry?.data["baseline"])["record"].stable.workload.image = "***";
      },
      code: "no-snapshot",
      exit: "blocked",
      hint: "Revisions that can be used: 2 (1.2.4).",
    },
    {
      why: "nothing at all can be used",
      revision: 1,
      prepare: (stack) => {
        for (const number of [1, 2, 3]) stack.pods.identities.set(number, undefined);
      },
      code: "no-snapshot",
      exit: "blocked",
      hint: "No revision can be used",
    },
    {
      why: "a rollout is in flight: it has a way back of its own",
      revision: 1,
      prepare: (stack) => stack.run({ version: "1.2.6", stopAfter: "roll" }),
      code: "rollout-in-flight",
      exit: "blocked",
      hint: "without --to-revision",
    },
    {
      why: "the last rollout has no end yet: its own would come after this one's",
      revision: 1,
      prepare: (stack) => stack.record.state.entries.pop(),
      code: "rollout-not-closed",
      exit: "blocked",
      hint: "`rollouts run` closes it",
    },
    {
      why: "somebody else's version runs",
      revision: 1,
      prepare: (stack) => {
        stack.pods.foreign = "1.2.9+ffff";
      },
      code: "foreign-version",
      exit: "blocked",
      hint: "Somebody else changed it",
    },
    {
      why: "an update was cut off",
      revision: 1,
      prepare: (stack) => stack.world.knobs.pending.push("update Deployment"),
      code: "pending-operations",
      exit: "blocked",
      hint: "`rollouts recover`",
    },
    {
      why: "a canary: its versions don't take each other's place",
      revision: 1,
      prepare: (stack) => Object.assign(stack.deps, { policy: aPolicy() }),
      code: "not-in-place",
      exit: "config",
      hint: "rolling and direct",
    },
  ];
  it.each(cases)("$why", async ({ revision, prepare, code, exit, hint }) => {
    const stack = await aRolledStack();
    await prepare(stack);
    const before = stack.entries().length;
    const calls = [...stack.world.calls];
    await expect(stack.undo(revision)).rejects.toMatchObject({
      code,
      exit,
      hint: expect.stringContaining(hint),
    });
    expect(stack.entries().length).toBe(before);
    expect(stack.world.calls).toEqual(calls);
    expect(stack.record.state.lease?.released).toBe(true);
  });

  it("another driver holds the lease: exit 24, and the cluster isn't even asked", async () => {
    const stack = await aRolledStack();
    const other = createMemoryRecord({ runtime: stack.deps.runtime, state: stack.record.state });
    await other.lease.acquire({ holder: "kim@ci pid 7", termMs: 30_000 });
    stack.pods.listFails = true;
    await expect(stack.undo(1)).rejects.toMatchObject({ code: "lease-held", exit: "leaseHeld" });
    expect(stack.world.calls).toEqual([]);
  });
});

describe("when something fails on the way", () => {
  it("the lever: the stack still goes back, and it is said", async () => {
    const stack = await aRolledStack();
    stack.world.knobs.leverFails = () => true;
    const outcome = await stack.undo(1);
    expect(outcome).toMatchObject({ outcome: "undone", notes: [expect.stringContaining("does not answer")] });
    expect(stack.world.record()).toMatchObject({ stable: { version: "1.2.3" } });
  });

  it("the engine: not undone, said what runs, the version before isn't in quarantine", async () => {
    const stack = await aRolledStack();
    stack.world.knobs.upFails = () => ({ kind: "locked", message: "the stack is locked by pid 7" });
    const outcome = await stack.undo(1);
    expect(outcome).toMatchObject({
      outcome: "undo-failed",
      problems: ["the stack could not be put back: the stack is locked by pid 7"],
      running: { image: "atp.azurecr.io/ingestion:1.2.3" },
    });
    expect(endOf(stack)?.data).toMatchObject({
      outcome: "revert-failed",
      message: expect.stringContaining("locked"),
    });
    expect(quarantine(stack.entries(), identityOf("1.2.5"))).toBeUndefined();
    expect(stack.notify.sent.at(-1)).toMatchObject({ kind: "revert-failed" });
  });

  it("the engine is lost altogether: a stated end all the same", async () => {
    const stack = await aRolledStack();
    Object.assign(stack.deps.engine, { up: async () => Promise.reject(new Error("spawn pulumi ENOENT")) });
    expect(await stack.undo(1)).toMatchObject({
      outcome: "undo-failed",
      problems: [expect.stringContaining("ENOENT")],
    });
    expect(endOf(stack)?.data).toMatchObject({ outcome: "revert-failed" });
  });

  const unverified = [
    {
      why: "one pod of the old version isn't ready in time",
      break: (stack: RolledStack) => {
        stack.pods.ready = 5;
      },
      problem: "1.2.3 has 5 of 6 pods ready",
    },
    {
      why: "pods of the version before stay",
      break: (stack: RolledStack) => {
        stack.pods.left = () => true;
      },
      problem: "pods of 1.2.5 are left",
    },
    {
      why: "a preview with refresh would still write",
      break: (stack: RolledStack) => {
        stack.world.knobs.notLive = () => true;
      },
      problem: "a preview with refresh still shows update",
    },
    {
      why: "the cluster can't be read any more",
      break: (stack: RolledStack) => {
        const { list } = stack.revisions;
        let calls = 0;
        Object.assign(stack.revisions, {
          list: () => (++calls === 1 ? list() : Promise.reject(new Error("no answer in time"))),
        });
      },
      problem: "the Deployment can't be read: no answer in time",
    },
  ];
  it.each(unverified)("$why: not undone", async ({ break: damage, problem }) => {
    const stack = await aRolledStack();
    damage(stack);
    const outcome = await stack.undo(1);
    expect(outcome).toMatchObject({
      outcome: "undo-failed",
      problems: [expect.stringContaining(problem)],
    });
    expect(endOf(stack)?.data).toMatchObject({ outcome: "revert-failed" });
  });

  it("pods that come late, and what isn't live for a while, are waited for", async () => {
    const stack = await aRolledStack();
    const start = stack.clock.now();
    stack.pods.left = () => stack.clock.now() < start + 60_000;
    stack.world.knobs.notLive = () => stack.clock.now() < start + 90_000;
    expect(await stack.undo(1)).toMatchObject({ outcome: "undone", goneMs: 60_000 });
  });

  it("a lost lease stops it at once: nothing more is begun", async () => {
    const stack = await aRolledStack();
    const { lever } = stack.deps;
    const pulled = lever.setExposure;
    lever.setExposure = async (exposure) => {
      await pulled(exposure);
      if (stack.record.state.lease) stack.record.state.lease.token += 1;
    };
    await expect(stack.undo(1)).rejects.toMatchObject({ exit: "leaseHeld" });
    expect(stack.world.calls).toEqual(["lever 0"]);
  });

  it("after a crash between pods and stack the same version is asked for again, by its new number", async () => {
    const stack = await aRolledStack();
    const fails = { kind: "unknown", message: "killed" } as const;
    stack.world.knobs.upFails = () => fails;
    await stack.undo(1);
    stack.world.knobs.upFails = () => undefined;
    expect((await stack.revisions.list()).map(({ number }) => number).sort()).toEqual([2, 3, 4]);
    expect(await stack.undo(4)).toMatchObject({ outcome: "undone", version: "1.2.3", from: "1.2.5" });
  });
});
