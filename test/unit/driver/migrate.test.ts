import { describe, expect, it } from "vitest";
import { RolloutError } from "../../../src/errors/errors.ts";
import { recordIn } from "../../../src/plan/migration-journal.ts";
import type { MigrationPosition } from "../../../src/types/migration.ts";
import { done, endless, failed } from "../../support/memory-phase-commands.ts";
import { until } from "../../support/memory-runtime.ts";
import { aMigrateWorld, weeksMs } from "../../support/migrate-world.ts";

type World = ReturnType<typeof aMigrateWorld>;

async function refusal(work: Promise<unknown>) {
  const error = await work.catch((thrown: unknown) => thrown);
  if (!(error instanceof RolloutError)) throw new Error(`no refusal: ${JSON.stringify(error)}`);
  return error;
}

/** Walks phase by phase. */
async function walkTo(world: World, ...phases: readonly MigrationPosition[]) {
  for (const phase of phases) expect((await world.ask(phase)).outcome).toBe("done");
}

const dies = (message = "the process died") => {
  throw new Error(message);
};

describe("a move", () => {
  it("walks the five phases, each of their actions once and in order", async () => {
    const world = aMigrateWorld();
    await walkTo(world, "expand", "dual-write", "backfill", "switch-reads");
    await world.clock.advance(weeksMs(2));
    const { outcome, record, move } = await world.ask("contract", { by: "dana" });
    expect({ outcome, at: record.phase, move }).toEqual({
      outcome: "done",
      at: "contract",
      move: { phase: "contract", direction: "forward" },
    });
    expect(world.did()).toEqual([
      "migrate add-column",
      "deploy 2.0.0",
      "migrate backfill",
      "deploy 3.0.0",
      "migrate relax",
      "deploy 4.0.0",
      "migrate drop-column",
    ]);
  });

  it("walks back over each of the first four, also where nothing has to be done", async () => {
    const world = aMigrateWorld();
    await walkTo(world, "expand", "dual-write", "backfill", "switch-reads");
    world.did().length = 0;
    await walkTo(world, "backfill", "dual-write", "expand", "start");
    expect(world.did()).toEqual(["deploy 2.0.0", "deploy 1.0.0", "migrate drop-new-column"]);
    expect(world.record()).toMatchObject({ phase: "start" });
  });

  it("names the way back, and stores where it is about to be, before its first effect", async () => {
    const world = aMigrateWorld();
    world.commands.answers["migrate add-column"] = () => {
      const [begin, intent] = world.entries();
      expect(begin).toMatchObject({
        kind: "begin",
        state: "applying",
        step: "expand",
        data: {
          actions: ["run migrate add-column"],
          reverse: { actions: ["run migrate drop-new-column"] },
          record: { phase: "start", underway: { phase: "expand", direction: "forward", done: 0, of: 1 } },
        },
      });
      expect(intent).toMatchObject({ kind: "intent", data: { what: "run migrate add-column" } });
      return done;
    };
    await world.ask("expand");
    expect(world.told()).toEqual([
      "begin",
      "intent run migrate add-column",
      "effect run migrate add-column",
      "end done",
    ]);
    expect.assertions(3);
  });

  it("hands a command its time limit, and journals how far it came", async () => {
    const world = aMigrateWorld();
    await walkTo(world, "expand", "dual-write");
    world.commands.answers["migrate backfill"] = ({ timeoutMs }) => {
      expect(timeoutMs).toBe(21_600_000);
      return {
        ok: true,
        progress: { done: 9, total: 9 },
        notes: ["A checkpoint was not kept: it holds a secret."],
      };
    };
    await world.ask("backfill");
    expect(world.entries().at(-2)).toMatchObject({
      kind: "effect",
      data: { ok: true, progress: "9/9", notes: [expect.stringContaining("not kept")] },
    });
  });

  it("has nothing to do where it stands already", async () => {
    const world = aMigrateWorld();
    await walkTo(world, "expand");
    const before = world.entries().length;
    expect(await world.ask("expand")).toMatchObject({ outcome: "nothing-to-do" });
    expect(await world.ask()).toMatchObject({ outcome: "nothing-to-do" });
    expect(world.entries()).toHaveLength(before);
  });

  it.each([
    ["a skip", "backfill", "phase-skipped"],
    ["no phase", "migrate", "phase-unknown"],
    ["contract", "contract", "phase-skipped"],
  ])("refuses %s with exit 2, and writes nothing", async (_, asked, code) => {
    const world = aMigrateWorld();
    expect(await refusal(world.ask(asked))).toMatchObject({ code, exit: "config" });
    expect(world.entries()).toEqual([]);
  });

  it("masks secrets in everything that it journals", async () => {
    const world = aMigrateWorld();
    world.commands.answers["migrate add-column"] = () => failed("no route for planted-hunter22");
    await world.ask("expand", { by: "planted-hunter22" });
    const text = JSON.stringify(world.entries());
    expect(text).toContain("no route for [secret]");
    expect(text).not.toContain("planted-hunter22");
  });
});

describe("contract", () => {
  async function readsSwitched() {
    const world = aMigrateWorld();
    await walkTo(world, "expand", "dual-write", "backfill", "switch-reads");
    return world;
  }

  it("is refused before its time, and without somebody who agrees", async () => {
    const world = await readsSwitched();
    expect(await refusal(world.ask("contract", { by: "dana" }))).toMatchObject({
      code: "contract-early",
      exit: "config",
    });
    await world.clock.advance(weeksMs(2));
    expect(await refusal(world.ask("contract"))).toMatchObject({
      code: "by-missing",
      exit: "config",
      path: "--by",
      message: "contract has no way back (the old column is gone), and nobody says who agrees.",
    });
    await world.ask("contract", { by: "dana" });
    expect(world.entries().findLast(({ kind }) => kind === "begin")).toMatchObject({
      data: { by: "dana", reverse: { impossible: "the old column is gone" } },
    });
    expect(await refusal(world.ask("switch-reads"))).toMatchObject({
      code: "revert-across-contract",
      exit: "config",
    });
  });

  it("freezes where it fails, whatever onFailure says, and goes on once a person has looked", async () => {
    const world = await readsSwitched();
    await world.clock.advance(weeksMs(2));
    world.knobs.deploy = async () => ({ how: "failed", message: "4.0.0 was reverted at 20" });
    expect(await world.ask("contract", { by: "dana" })).toMatchObject({
      outcome: "frozen",
      failure: { code: "migration-frozen", message: expect.stringContaining("can't go back") },
    });
    world.knobs.deploy = async () => ({ how: "done", message: "4.0.0 was promoted" });
    world.did().length = 0;
    expect(await world.ask("contract", { thaw: true, by: "ada" })).toMatchObject({ outcome: "done" });
    expect(world.did()).toEqual(["deploy 4.0.0", "migrate drop-column"]);
  });
});

describe("a phase that fails", () => {
  it("is taken back at once", async () => {
    const world = aMigrateWorld();
    await walkTo(world, "expand");
    world.knobs.deploy = async ({ version }) =>
      version === "2.0.0"
        ? { how: "failed", message: "2.0.0 was reverted at 20: 3 % errors" }
        : { how: "done", message: "1.0.0 is in service already" };
    expect(await world.ask("dual-write")).toMatchObject({
      outcome: "taken-back",
      record: { phase: "expand" },
      move: { phase: "dual-write", direction: "forward" },
      failure: { code: "deploy-failed", message: "2.0.0 was reverted at 20: 3 % errors" },
    });
    expect(world.did()).toEqual(["migrate add-column", "deploy 2.0.0", "deploy 1.0.0"]);
    expect(world.record()).toEqual(expect.not.objectContaining({ underway: expect.anything() }));
    const decision = world.entries().find(({ kind }) => kind === "decision");
    expect(decision).toMatchObject({
      data: { leadsTo: "revert", record: { underway: { phase: "dual-write", direction: "back" } } },
    });
  });

  it("is taken back where nothing is to be done on the way", async () => {
    const world = aMigrateWorld();
    await walkTo(world, "expand", "dual-write");
    world.commands.answers["migrate backfill"] = () =>
      failed("npm failed: exit 1: deadlock detected", "8000");
    expect(await world.ask("backfill")).toMatchObject({
      outcome: "taken-back",
      record: { phase: "dual-write" },
    });
    expect(world.record()).toMatchObject({ phase: "dual-write" });
  });

  it("freezes where the migration says so: it moves nowhere until a thaw, then on from its checkpoint", async () => {
    const world = aMigrateWorld({ onFailure: "freeze" });
    await walkTo(world, "expand", "dual-write");
    world.commands.answers["migrate backfill"] = ({ report }) => {
      report({ kind: "checkpoint", text: "8000" });
      return failed("npm failed: exit 1: deadlock detected", "8000");
    };
    expect(await world.ask("backfill")).toMatchObject({
      outcome: "frozen",
      record: {
        phase: "dual-write",
        underway: { phase: "backfill", checkpoint: "8000" },
        frozen: { reason: "backfill failed: npm failed: exit 1: deadlock detected" },
      },
    });
    for (const asked of ["backfill", "dual-write"]) {
      expect(await refusal(world.ask(asked))).toMatchObject({ code: "migration-frozen", exit: "held" });
    }
    expect(await world.ask(undefined, { thaw: true, by: "dana" })).toMatchObject({ outcome: "thawed" });
    expect(world.entries().at(-1)).toMatchObject({
      kind: "decision",
      data: { by: "dana", thawed: { reason: expect.any(String) } },
    });
    world.commands.answers["migrate backfill"] = () => done;
    expect(await world.ask("backfill")).toMatchObject({ outcome: "done", record: { phase: "backfill" } });
    expect(world.commands.calls.at(-1)).toBe("migrate backfill from 8000");
  });

  it("goes back after a thaw, where that is asked for", async () => {
    const world = aMigrateWorld({ onFailure: "freeze" });
    world.commands.answers["migrate add-column"] = () => failed("no");
    await world.ask("expand");
    expect(await world.ask("start", { thaw: true, by: "dana" })).toMatchObject({
      outcome: "done",
      record: { phase: "start" },
    });
    expect(world.did()).toEqual(["migrate add-column", "migrate drop-new-column"]);
  });

  it("has nothing to thaw where nothing is frozen", async () => {
    expect(await refusal(aMigrateWorld().ask(undefined, { thaw: true, by: "dana" }))).toMatchObject({
      code: "not-frozen",
      exit: "config",
    });
  });

  it("freezes where the way back fails too, and says what it came from", async () => {
    const world = aMigrateWorld();
    world.commands.answers["migrate add-column"] = () => failed("the disk is full");
    world.commands.answers["migrate drop-new-column"] = () => failed("the disk is still full");
    expect(await world.ask("expand")).toMatchObject({
      outcome: "frozen",
      failure: { message: expect.stringContaining("the way back over expand failed") },
      notes: ["the disk is full"],
      record: { phase: "expand", underway: { direction: "back" } },
    });
  });

  it("doesn't try the phase again where the process dies after it was given up", async () => {
    const world = aMigrateWorld();
    world.commands.answers["migrate add-column"] = () => failed("no");
    world.knobs.beforeAppend = ({ kind, data }) => {
      if (kind === "begin" && data["direction"] === "back") dies();
    };
    await expect(world.ask("expand")).rejects.toThrow("the process died");
    world.knobs.beforeAppend = () => {};
    expect(world.record()).toMatchObject({ phase: "expand", underway: { direction: "back", done: 0 } });
    expect(await world.ask("start")).toMatchObject({ outcome: "done" });
    expect(world.did()).toEqual(["migrate add-column", "migrate drop-new-column"]);
  });
});

describe("a process that ends amid a phase", () => {
  it("between an effect and its entry: the action is done again, and that is said", async () => {
    const world = aMigrateWorld();
    await walkTo(world, "expand");
    world.knobs.beforeAppend = ({ kind }) => {
      if (kind === "effect") dies();
    };
    await expect(world.ask("dual-write")).rejects.toThrow("the process died");
    expect(world.record()).toMatchObject({ phase: "expand", underway: { phase: "dual-write", done: 0 } });
    world.knobs.beforeAppend = () => {};
    expect(await world.ask("dual-write")).toMatchObject({ outcome: "done" });
    expect(world.did()).toEqual(["migrate add-column", "deploy 2.0.0", "deploy 2.0.0"]);
    const begin = world.entries().findLast(({ kind }) => kind === "begin");
    expect(begin).toMatchObject({ data: { resumed: true, cutOff: "deploy 2.0.0" } });
  });

  it("between two actions: what is done stays done", async () => {
    const world = aMigrateWorld({ contractAfterSeconds: 0 });
    await walkTo(world, "expand", "dual-write", "backfill", "switch-reads");
    world.did().length = 0;
    world.knobs.beforeAppend = ({ kind, data }) => {
      if (kind === "intent" && data["what"] === "deploy 4.0.0") dies();
    };
    await expect(world.ask("contract", { by: "dana" })).rejects.toThrow("the process died");
    world.knobs.beforeAppend = () => {};
    // Somebody has agreed already.
    expect(await world.ask("contract")).toMatchObject({ outcome: "done" });
    expect(world.did()).toEqual(["migrate relax", "deploy 4.0.0", "migrate drop-column"]);
  });

  it("asked to stop: it leaves the checkpoint, and the same question goes on from it", async () => {
    const world = aMigrateWorld();
    await walkTo(world, "expand", "dual-write");
    const stop = new AbortController();
    world.commands.answers["migrate backfill"] = (call) => {
      call.report({ kind: "progress", done: 1, total: 4 });
      call.report({ kind: "checkpoint", text: "one" });
      call.signal.addEventListener("abort", () => call.report({ kind: "checkpoint", text: "two" }));
      stop.abort();
      return endless(call);
    };
    expect(await world.ask("backfill", { signal: stop.signal })).toMatchObject({
      outcome: "interrupted",
      record: { phase: "dual-write", underway: { phase: "backfill", checkpoint: "two" } },
    });
    expect(world.entries().at(-1)).toMatchObject({ kind: "observed", data: { interrupted: true } });
    world.commands.answers = {};
    expect(await world.ask("backfill")).toMatchObject({ outcome: "done" });
    expect(world.commands.calls.at(-1)).toBe("migrate backfill from two");
  });

  it("asked to stop amid a deploy, or between two actions: nothing more is begun", async () => {
    const world = aMigrateWorld({ contractAfterSeconds: 0 });
    await walkTo(world, "expand");
    world.knobs.deploy = async () => ({ how: "interrupted" });
    expect(await world.ask("dual-write")).toMatchObject({
      outcome: "interrupted",
      record: { phase: "expand" },
    });
    const stop = new AbortController();
    world.knobs.deploy = async ({ version }) => {
      stop.abort();
      return { how: "done", message: version };
    };
    await world.ask("dual-write", { signal: stop.signal });
    expect(world.record()).toMatchObject({ phase: "dual-write" });
    expect(await world.ask("backfill", { signal: stop.signal })).toMatchObject({ outcome: "interrupted" });
    expect(world.did()).not.toContain("migrate backfill");
  });

  it("a deploy that stops before it touches anything is no failure: it is thrown, and asked again", async () => {
    const world = aMigrateWorld();
    await walkTo(world, "expand");
    world.knobs.deploy = async () => {
      throw new RolloutError("5.0.0 is in flight; 2.0.0 waits.", {
        code: "rollout-in-flight",
        exit: "blocked",
      });
    };
    expect(await refusal(world.ask("dual-write"))).toMatchObject({ code: "rollout-in-flight" });
    expect(world.entries().at(-1)).toMatchObject({ kind: "effect", data: { ok: false, stopped: true } });
    expect(world.record()).toMatchObject({ underway: { phase: "dual-write", direction: "forward" } });
    world.knobs.deploy = async () => ({ how: "done", message: "2.0.0 was promoted" });
    expect(await world.ask("dual-write")).toMatchObject({ outcome: "done" });
  });

  it("turns around, and takes back what the other direction has in flight", async () => {
    const world = aMigrateWorld();
    await walkTo(world, "expand");
    world.knobs.deploy = async () => ({ how: "interrupted" });
    await world.ask("dual-write");
    const asked: unknown[] = [];
    world.knobs.deploy = async (one) => {
      asked.push(one);
      return { how: "done", message: "1.0.0 is in service already" };
    };
    expect(await world.ask("expand")).toMatchObject({ outcome: "done", record: { phase: "expand" } });
    expect(asked).toEqual([{ version: "1.0.0", instead: ["2.0.0"] }]);
  });
});

describe("the lease", () => {
  const steal = ({ state }: World) => {
    if (state.lease) state.lease = { ...state.lease, token: state.lease.token + 1, owner: {} };
  };

  it("is the migration's own, and says so where another process has it", async () => {
    const world = aMigrateWorld();
    world.state.lease = {
      token: 1,
      holder: "dana@ci pid 7",
      termMs: 30_000,
      expiresAtMs: world.wall.now() + 30_000,
      released: false,
      owner: {},
    };
    expect(await refusal(world.ask("expand"))).toMatchObject({
      code: "lease-held",
      exit: "leaseHeld",
      message: "Another driver holds this stack's migration: dana@ci pid 7.",
    });
  });

  it("is asked before every effect: lost between two actions, the second isn't begun", async () => {
    const world = aMigrateWorld({ contractAfterSeconds: 0 });
    await walkTo(world, "expand", "dual-write", "backfill", "switch-reads");
    world.did().length = 0;
    world.knobs.beforeAppend = ({ kind, data }) => {
      if (kind === "effect" && data["what"] === "run migrate relax") queueMicrotask(() => steal(world));
    };
    expect(await refusal(world.ask("contract", { by: "dana" }))).toMatchObject({
      code: "lease-lost",
      exit: "leaseHeld",
    });
    expect(world.did()).toEqual(["migrate relax"]);
    expect(world.record()).toMatchObject({ phase: "switch-reads", underway: { phase: "contract" } });
  });

  it("lost while a command runs: the command is ended", async () => {
    const world = aMigrateWorld();
    let begun = false;
    world.commands.answers["migrate add-column"] = (call) => {
      begun = true;
      return endless(call);
    };
    const asking = refusal(world.ask("expand"));
    await until(() => begun);
    steal(world);
    await world.wall.advance(10_000);
    expect(await asking).toMatchObject({ code: "lease-lost" });
  });
});

describe("what a command says", () => {
  it("is stored at once, then every five seconds, and at the end: each with the record", async () => {
    const world = aMigrateWorld();
    await walkTo(world, "expand", "dual-write");
    const said = () =>
      world
        .entries()
        .flatMap(({ kind, data }) => (kind === "observed" ? [[data["progress"], data["checkpoint"]]] : []));
    let end = () => {};
    let say = (_done: number) => {};
    world.commands.answers["migrate backfill"] = ({ report }) => {
      say = (count) => {
        report({ kind: "progress", done: count, total: 9 });
        report({ kind: "checkpoint", text: String(count) });
      };
      say(1);
      return new Promise((resolve) => {
        end = () => resolve(done);
      });
    };
    const asking = world.ask("backfill");
    await until(() => said().length === 1);
    expect(said()).toEqual([["1/9", undefined]]);
    for (const count of [2, 3]) say(count);
    await world.wall.advance(4_999);
    expect(said()).toHaveLength(1);
    await world.wall.advance(1);
    await until(() => said().length === 2);
    expect(said()[1]).toEqual(["3/9", "3"]);
    expect(recordIn(world.entries())?.underway).toMatchObject({ checkpoint: "3" });
    say(4);
    end();
    await asking;
    expect(said().slice(2)).toEqual([["4/9", "4"]]);
    expect(world.record()).toMatchObject({ phase: "backfill" });
  });

  it("ends the command where it can't be stored", async () => {
    const world = aMigrateWorld();
    world.commands.answers["migrate add-column"] = (call) => {
      call.report({ kind: "checkpoint", text: "one" });
      return endless(call);
    };
    world.knobs.beforeAppend = ({ kind }) => {
      if (kind === "observed") dies("the disk is full");
    };
    await expect(world.ask("expand")).rejects.toThrow("the disk is full");
    expect(world.record()).toMatchObject({ underway: { phase: "expand", done: 0 } });
  });
});
