import { describe, expect, it } from "vitest";
import { exitOf } from "../../../src/driver/outcome.ts";
import type { RolloutError } from "../../../src/errors/errors.ts";
import { aDriver } from "../../support/drive.ts";
import { strategyPolicies } from "../../support/strategies.ts";

const by = { by: "alice", reason: "customers call", at: "2026-01-15T10:00:00Z" };

describe("a rollout through the driver", () => {
  it("goes 5, 20, 50, 100 and is promoted; the journal tells it in order", async () => {
    const driver = aDriver();
    const outcome = await driver.run();
    expect(outcome).toMatchObject({ outcome: "promoted", version: "1.2.4", exposures: [5, 20, 50, 100] });
    expect(exitOf(outcome)).toBe(0);
    expect(driver.world.weights).toEqual([0, 5, 20, 50, 100, 0]);
    expect(driver.world.record()).toMatchObject({
      stable: { version: "1.2.4" },
      exposure: 0,
      step: "promote-clean",
    });
    expect(driver.world.record()?.candidate).toBeUndefined();
    const seqs = driver.entries().map((entry) => entry.seq);
    expect(seqs).toEqual(seqs.map((_, index) => index + 1));
    expect(driver.entries().at(0)?.kind).toBe("begin");
    expect(driver.entries().at(-1)?.kind).toBe("end");
  });

  it("writes the intent of an update before it and the effect after", async () => {
    const driver = aDriver();
    await driver.run();
    const around = driver.entries().filter((entry) => entry.step === "20" && entry.data["effect"] === "up");
    expect(around.map((entry) => entry.kind)).toEqual(["intent", "effect"]);
  });

  it("leaves a version in service alone: nothing to do", async () => {
    const driver = aDriver({ installed: "1.2.4" });
    const outcome = await driver.run();
    expect(outcome.outcome).toBe("nothing-to-do");
    expect(driver.world.calls).toEqual([]);
    expect(driver.entries()).toEqual([]);
  });

  it("installs the first version for everybody in one step", async () => {
    const driver = aDriver({ installed: null });
    expect(await driver.run()).toMatchObject({ outcome: "promoted" });
    expect(driver.world.calls).toEqual(["up install"]);
  });

  it("stops as held after one step when asked, and a second run goes on", async () => {
    const driver = aDriver();
    expect(await driver.run({ stopAfter: "5" })).toMatchObject({ outcome: "held", heldAt: "5" });
    expect(await driver.run()).toMatchObject({ outcome: "promoted", exposures: [5, 20, 50, 100] });
  });
});

describe("an update of stable that ends too early", () => {
  const early = () => {
    const driver = aDriver();
    let until = Number.POSITIVE_INFINITY;
    driver.world.knobs.duringUp = async (step) => {
      if (step === "promote-stable") until = driver.clock.now() + 120_000;
    };
    driver.world.knobs.stableComplete = () => driver.clock.now() >= until;
    return { ...driver, wholeAt: () => until };
  };

  it("leaves everybody on the candidate until stable's Deployment has nothing left to do", async () => {
    const driver = early();
    expect(await driver.run()).toMatchObject({ outcome: "promoted" });
    const switched = driver
      .entries()
      .find((entry) => entry.kind === "intent" && entry.step === "promote-switch");
    expect(Date.parse(switched?.at ?? "")).toBeGreaterThanOrEqual(driver.wholeAt());
    const told = driver.entries().flatMap(({ data }) => (data["progress"] ? [data["progress"]] : []));
    expect(told).toEqual(["stable: 1 of 6 updated, 5 old pending"]);
  });

  it("asks where that takes too long, and a later run goes on from there", async () => {
    const driver = early();
    driver.world.knobs.stableComplete = () => false;
    const held = await driver.run();
    expect(held).toMatchObject({
      outcome: "held",
      heldAt: "promote-stable",
      cause: {
        reason: "StableNotConfirmed",
        message: expect.stringContaining("1 of 6 updated, 5 old pending"),
      },
    });
    expect(driver.world.weights.at(-1)).toBe(100);
    expect(driver.world.calls).not.toContain("up promote-switch");
    driver.world.knobs.stableComplete = () => true;
    expect(await driver.run()).toMatchObject({ outcome: "promoted" });
  });
});

describe("an abort while the start is checked", () => {
  it("ends at once as blocked, whatever a check still waits for", async () => {
    const driver = aDriver();
    const { engine } = driver.world;
    const deployed = engine.deployed.bind(engine);
    const never = new Promise<never>(() => {});
    let hangs = false;
    Object.assign(driver.deps, {
      engine: { ...engine, deployed: () => (hangs ? never : deployed()) },
    });
    const journal = driver.record.journal.append.bind(driver.record.journal);
    driver.record.journal.append = async (entry, options) => {
      const state = Object(entry.data["decision"]).to;
      if (state === "baseline") {
        hangs = true;
        await driver.record.requests.submit({ kind: "abort", ...by, rolloutId: driver.rolloutId() });
      }
      return await journal(entry, options);
    };
    expect(await driver.run()).toMatchObject({ outcome: "blocked", cause: { reason: "Aborted" } });
    expect(driver.world.calls).toEqual([]);
  });
});

describe("a stable Deployment that may not be read", () => {
  it("blocks at the start, before anything is touched: the promotion would have to hold", async () => {
    const driver = aDriver();
    driver.world.knobs.stableComplete = () => undefined;
    const outcome = await driver.run();
    expect(outcome).toMatchObject({
      outcome: "blocked",
      cause: { reason: "PreflightFailed", message: expect.stringContaining("`get` on deployments") },
    });
    expect(exitOf(outcome)).toBe(23);
    expect(driver.world.calls).toEqual([]);
  });

  it("is no matter where nothing is promoted beside it", async () => {
    const driver = aDriver({ policy: strategyPolicies.rolling });
    driver.world.knobs.stableComplete = () => undefined;
    expect((await driver.run()).cause?.reason).not.toBe("PreflightFailed");
  });

  it("holds the promotion where it comes meanwhile", async () => {
    const driver = aDriver();
    driver.world.knobs.stableComplete = () => (driver.world.weights.at(-1) === 100 ? undefined : true);
    expect(await driver.run()).toMatchObject({
      outcome: "held",
      heldAt: "promote-stable",
      cause: { reason: "StableNotConfirmed" },
    });
  });
});

describe("an update of a promotion that doesn't end", () => {
  const hanging = () => {
    const driver = aDriver();
    const seen = { running: 0, asked: 0 };
    driver.world.knobs.duringUp = async (step, signal) => {
      if (step !== "promote-stable") return;
      seen.running++;
      await new Promise<void>((resolve) => {
        signal?.addEventListener("abort", () => resolve(), { once: true });
      });
      seen.asked++;
      // The engine finishes the resource at hand.
      await new Promise((resolve) => setTimeout(resolve, 20));
      seen.running--;
    };
    return { ...driver, seen };
  };

  it("is stopped after its time, and held", async () => {
    const { run, seen, world } = hanging();
    expect(await run()).toMatchObject({
      outcome: "held",
      heldAt: "promote-stable",
      cause: {
        reason: "RolloutTimeout",
        message: "the update to promote-stable did not finish in 2520 s",
      },
    });
    expect(seen).toEqual({ running: 0, asked: 1 });
    expect(world.weights.at(-1)).toBe(100);
  });

  it("is stopped where somebody aborts, and isn't left running by a driver that is over", async () => {
    const driver = hanging();
    const { run, seen, record, rolloutId } = driver;
    const wanted = driver.world.knobs.duringUp;
    driver.world.knobs.duringUp = async (step, signal) => {
      if (step === "promote-stable")
        await record.requests.submit({ kind: "abort", ...by, rolloutId: rolloutId() });
      await wanted(step, signal);
    };
    expect(await run()).toMatchObject({ outcome: "held", cause: { reason: "Aborted" } });
    expect(seen).toEqual({ running: 0, asked: 1 });
    const last = driver.entries().findLast(({ kind }) => kind === "effect");
    expect(last?.data).toMatchObject({ effect: "up", ok: false, failure: { kind: "cancelled" } });
    expect(driver.world.weights.at(-1)).toBe(100);
  });
});

describe("a breach", () => {
  it.each([5, 20, 50, 100])(
    "at %i %% takes traffic off first, then puts the stack back, and says all of it",
    async (bad) => {
      const driver = aDriver();
      const before = await driver.world.engine.deployed();
      driver.world.knobs.errorPercent = (exposure) => (exposure >= bad ? 3 : 0.1);
      const outcome = await driver.run();
      expect(outcome).toMatchObject({
        outcome: "reverted",
        failedAt: String(bad),
        cause: { reason: "HardLimitBreached", gate: "error-rate", kind: "canary" },
        revert: { stateEqual: true },
      });
      expect(exitOf(outcome)).toBe(20);
      expect(driver.world.calls.slice(-3)).toEqual(["lever 0", "up revert converge", "up install converge"]);
      expect((await driver.world.engine.deployed()).hash).toBe(before.hash);
      expect(driver.world.weights.at(-1)).toBe(0);
    },
  );

  it("journals each ordered effect of the revert", async () => {
    const driver = aDriver();
    driver.world.knobs.errorPercent = (exposure) => (exposure >= 20 ? 3 : 0.1);
    await driver.run();
    const revert = driver
      .entries()
      .filter((entry) => entry.kind === "effect" && entry.state.startsWith("revert"));
    const ordered = revert.map((entry) => entry.data["effect"]).filter((name) => name !== "message");
    expect(ordered).toEqual([
      "lever",
      "read-back",
      "stack-at-zero",
      "candidate-removed",
      "state-equal",
      "stable-verified",
      "preview-same",
      "error-rate",
    ]);
    const at = (name: string) => Date.parse(revert.find((entry) => entry.data["effect"] === name)?.at ?? "");
    expect(at("candidate-removed") - at("stack-at-zero")).toBe(30_000);
    expect(at("error-rate") - at("stable-verified")).toBe(300_000);
    expect(driver.notify.sent.map((message) => message.title)).toContain(
      "Rollback complete: atp-ingestion serves 1.2.3",
    );
  });

  it("says so where the error rate is still high after the revert", async () => {
    const driver = aDriver();
    driver.world.knobs.errorPercent = (exposure) => (exposure >= 20 ? 3 : 0.1);
    const observe = driver.world.metrics.observe;
    const high: typeof observe = async (query) => {
      const answer = await observe(query);
      if (answer.status !== "value") return answer;
      return {
        ...answer,
        stable: { bins: answer.stable.bins.map((bin) => ({ ...bin, errors: bin.n / 20 })) },
      };
    };
    const deps = { ...driver.deps, metrics: { name: "high", observe: high } };
    const { runRollout } = await import("../../../src/driver/run.ts");
    await runRollout(deps, { version: "1.2.4", holder: "test" });
    const said = driver.entries().find((entry) => entry.data["effect"] === "error-rate");
    expect(said?.data).toMatchObject({ ok: false, message: expect.stringContaining("still high: 5 %") });
  });

  it("a channel that fails never stands in the way, and is journaled", async () => {
    const driver = aDriver();
    driver.world.knobs.errorPercent = (exposure) => (exposure >= 20 ? 3 : 0.1);
    driver.notify.answerWith({ status: "refused", reason: "HTTP 404 for hunter2-hunter2" });
    expect(await driver.run()).toMatchObject({ outcome: "reverted" });
    const said = driver.entries().filter((entry) => entry.data["effect"] === "message");
    expect(said.length).toBeGreaterThan(2);
    expect(said.every((entry) => entry.data["ok"] === false)).toBe(true);
    expect(JSON.stringify(driver.entries())).not.toContain("hunter2");
  });

  it("in the middle of an update: lever at once, the update is stopped, lever again, then converge", async () => {
    const driver = aDriver();
    let stopped = false;
    driver.world.knobs.errorPercent = (exposure) => (exposure >= 5 ? 3 : 0.1);
    driver.world.knobs.errorPercent = () => 0.1;
    driver.world.knobs.duringUp = async (step, signal) => {
      if (step !== "20") return;
      driver.world.knobs.errorPercent = () => 50;
      await new Promise<void>((resolve) =>
        signal?.addEventListener("abort", () => resolve(), { once: true }),
      );
      stopped = true;
    };
    const outcome = await driver.run();
    expect(outcome).toMatchObject({ outcome: "reverted", failedAt: "20" });
    expect(stopped).toBe(true);
    expect(driver.world.calls.slice(-5)).toEqual([
      "up 20",
      "lever 0",
      "lever 0",
      "up revert converge",
      "up install converge",
    ]);
    expect(Math.max(...driver.world.weights)).toBe(5);
  });

  it("with a lever that fails the stack still goes back", async () => {
    const driver = aDriver();
    driver.world.knobs.errorPercent = (exposure) => (exposure >= 20 ? 3 : 0.1);
    driver.world.knobs.leverFails = () => true;
    const outcome = await driver.run();
    expect(outcome).toMatchObject({ outcome: "reverted", revert: { stateEqual: true } });
    expect(outcome.revert?.leverMs).toBeUndefined();
  });

  it("with an engine that fails three times ends as revert-failed, exit 21, traffic already off", async () => {
    const driver = aDriver();
    driver.world.knobs.errorPercent = (exposure) => (exposure >= 20 ? 3 : 0.1);
    driver.world.knobs.upFails = (_step, converge) =>
      converge ? { kind: "unknown", message: "engine gone" } : undefined;
    const outcome = await driver.run();
    expect(outcome).toMatchObject({ outcome: "revert-failed", revert: { stateEqual: false } });
    expect(exitOf(outcome)).toBe(21);
    expect(driver.world.weights.at(-1)).toBe(0);
    expect(driver.notify.sent.at(-1)?.kind).toBe("revert-failed");
  });
});

describe("silence", () => {
  it("metrics outage at 20 % ends held, exit 22; approve lets it go on", async () => {
    const driver = aDriver();
    driver.world.knobs.metricsDown = (exposure) => exposure === 20;
    const outcome = await driver.run();
    expect(outcome).toMatchObject({ outcome: "held", heldAt: "20", exposures: [5, 20] });
    expect(exitOf(outcome)).toBe(22);
    expect(driver.world.weights.at(-1)).toBe(20);
    await driver.record.requests.submit({
      kind: "approve",
      step: "20",
      ...by,
      rolloutId: driver.rolloutId(),
    });
    expect(await driver.run()).toMatchObject({ outcome: "promoted", exposures: [5, 20, 50, 100] });
  });

  it("a held rollout that is run again without an approval is held again, and never promoted by it", async () => {
    const driver = aDriver();
    driver.world.knobs.metricsDown = (exposure) => exposure === 20;
    await driver.run();
    expect(await driver.run()).toMatchObject({ outcome: "held", heldAt: "20" });
  });
});

describe("requests", () => {
  it("an abort in a soak reverts at once, by the person's name", async () => {
    const driver = aDriver();
    const observe = driver.world.engine.up;
    let asked = false;
    driver.world.engine.up = async (options) => {
      const result = await observe(options);
      if (!asked && result.ok && result.resolved.release.exposure === 20) {
        asked = true;
        await driver.record.requests.submit({ kind: "abort", ...by, rolloutId: driver.rolloutId() });
      }
      return result;
    };
    expect(await driver.run()).toMatchObject({
      outcome: "reverted",
      failedAt: "20",
      cause: { kind: "person", message: "aborted by alice: customers call" },
    });
  });
});

describe("an abort while a look hangs", () => {
  it("doesn't wait for the endpoint, and the look that it cuts short decides nothing", async () => {
    const driver = aDriver();
    const { health } = driver.deps;
    let cut = 0;
    const hanging: typeof health = {
      name: "hanging",
      probe: async ({ signal }) => {
        const { state } = driver.entries().at(-1) ?? {};
        if (state !== "soaking") return await health.probe({ tries: 1, timeoutMs: 1 });
        await driver.record.requests.submit({ kind: "abort", ...by, rolloutId: driver.rolloutId() });
        // As a probe whose tries are all still to come: only the signal ends it.
        await new Promise<void>((resolve) =>
          signal?.addEventListener("abort", () => resolve(), { once: true }),
        );
        cut++;
        const silent = { status: "no-answer", message: "aborted" } as const;
        return { candidate: silent, stable: { status: "ok" } };
      },
    };
    Object.assign(driver.deps, { health: hanging });
    expect(await driver.run()).toMatchObject({ outcome: "reverted", cause: { reason: "Aborted" } });
    expect(cut).toBe(1);
  });

  it("another request leaves the look alone", async () => {
    const driver = aDriver();
    const { health } = driver.deps;
    let asked = false;
    let aborted = false;
    const slow: typeof health = {
      name: "slow",
      probe: async (options) => {
        const { state } = driver.entries().at(-1) ?? {};
        if (!asked && state === "soaking") {
          asked = true;
          await driver.record.requests.submit({ kind: "pause", ...by, rolloutId: driver.rolloutId() });
          await driver.record.requests.submit({ kind: "resume", ...by, rolloutId: driver.rolloutId() });
          await new Promise((resolve) => setImmediate(resolve));
          aborted = options.signal?.aborted ?? true;
        }
        return await health.probe(options);
      },
    };
    Object.assign(driver.deps, { health: slow });
    expect(await driver.run()).toMatchObject({ outcome: "promoted" });
    expect([asked, aborted]).toEqual([true, false]);
  });
});

describe("what stops before anything is touched", () => {
  const refusal = async (promise: Promise<unknown>) => {
    const error = await promise.then(
      () => undefined,
      (e: RolloutError) => e,
    );
    return { code: error?.code, exit: error?.exit };
  };

  it("quarantine: a reverted identity is refused with 23 until a cause is in the journal", async () => {
    const driver = aDriver();
    driver.world.knobs.errorPercent = (exposure) => (exposure >= 20 ? 3 : 0.1);
    await driver.run();
    const again = await driver.run();
    expect(again).toMatchObject({ outcome: "blocked", cause: { reason: "Quarantined" } });
    expect(exitOf(again)).toBe(23);
    driver.world.knobs.errorPercent = () => 0.1;
    const cleared = await driver.run({ clearance: { cause: "bad config map", by: "alice" } });
    expect(cleared.outcome).toBe("promoted");
  });

  it("approvals that can't be verified yet block; a rehearsal replaces and marks them", async () => {
    const policy = { approvals: { required: 2, cab: false, expedited: false } };
    expect(await aDriver({ policy }).run()).toMatchObject({
      outcome: "blocked",
      cause: { reason: "ApprovalsMissing" },
    });
    const rehearsed = aDriver({ policy });
    expect(await rehearsed.run({ rehearsed: true })).toMatchObject({ outcome: "promoted" });
    expect(rehearsed.entries().some((entry) => entry.data["approvals"] === "rehearsed")).toBe(true);
  });

  it("a policy that the preview violates: exit 5", async () => {
    const driver = aDriver();
    driver.world.knobs.violations.push({
      policy: "no-latest",
      level: "mandatory",
      message: "image is latest",
    });
    const outcome = await driver.run();
    expect(outcome).toMatchObject({ outcome: "blocked", cause: { reason: "PolicyViolated" } });
    expect(exitOf(outcome)).toBe(5);
    expect(driver.world.calls).toEqual([]);
  });

  it("pending operations of an earlier update", async () => {
    const driver = aDriver();
    driver.world.knobs.pending.push("updating urn:x");
    expect(await driver.run()).toMatchObject({ outcome: "blocked", cause: { reason: "PendingOperations" } });
  });

  it("a second driver: exit 24", async () => {
    const driver = aDriver();
    await driver.record.lease.acquire({ holder: "bob@ci pid 1", termMs: 30_000 });
    expect(await refusal(driver.run())).toEqual({ code: "lease-held", exit: "leaseHeld" });
  });

  it("another version while one is in flight: exit 23", async () => {
    const driver = aDriver();
    await driver.run({ stopAfter: "5" });
    expect(await refusal(driver.run({ version: "1.2.5" }))).toEqual({
      code: "rollout-in-flight",
      exit: "blocked",
    });
  });

  it("nothing in flight to take up: exit 7", async () => {
    expect(await refusal(aDriver().run({ onlyResume: true }))).toEqual({
      code: "nothing-in-flight",
      exit: "nothingToDo",
    });
  });
});

describe("somebody else's change", () => {
  it("of the stack between two steps holds, and is not written over", async () => {
    const driver = aDriver();
    driver.world.knobs.duringUp = async (step) => {
      if (step === "5") driver.world.knobs.duringUp = async () => {};
    };
    const before = driver.world.metrics.observe;
    driver.world.metrics.observe = async (query) => {
      driver.world.foreignEdit("urn:service", { port: 1 });
      return before(query);
    };
    expect(await driver.run()).toMatchObject({
      outcome: "held",
      heldAt: "20",
      cause: { reason: "ForeignChange" },
    });
    expect(driver.world.weights).toEqual([0, 5]);
  });

  it("of the route, above the plan, goes back", async () => {
    const driver = aDriver();
    const read = driver.world.lever.read;
    driver.world.lever.read = async () => {
      const route = await read();
      return route.exposure === 5 ? { ...route, exposure: 60 } : route;
    };
    expect(await driver.run()).toMatchObject({
      outcome: "reverted",
      failedAt: "5",
      cause: { reason: "ExposureAbovePlan" },
    });
  });
});

describe("interruption and death", () => {
  it("SIGTERM in a soak leaves a resumable record; the next run goes on", async () => {
    const driver = aDriver();
    driver.world.metrics.observe = ((observe) => async (query) => {
      if (driver.world.weights.at(-1) === 20) driver.stop.abort();
      return observe(query);
    })(driver.world.metrics.observe);
    const outcome = await driver.run();
    expect(outcome.outcome).toBe("interrupted");
    expect(exitOf(outcome)).toBe(8);
    const next = {
      ...driver.deps,
      runtime: { ...driver.deps.runtime, signal: new AbortController().signal },
    };
    const { runRollout } = await import("../../../src/driver/run.ts");
    expect(await runRollout(next, { version: "1.2.4", holder: "test" })).toMatchObject({
      outcome: "promoted",
      exposures: [5, 20, 50, 100],
    });
  });
});

describe("an autoscaler at work", () => {
  it("is no change that would keep a rollout from starting", async () => {
    const driver = aDriver();
    driver.world.knobs.notLive = () => true;
    expect(await driver.run()).toMatchObject({ outcome: "promoted" });
  });

  it("gets its time after a revert, and no more than that", async () => {
    const settled = async (looks: number) => {
      const driver = aDriver();
      driver.world.knobs.errorPercent = (exposure) => (exposure >= 20 ? 3 : 0.1);
      let left = looks;
      driver.world.knobs.notLive = () => driver.world.calls.at(-1) === "up install converge" && left-- > 0;
      return (await driver.run()).outcome;
    };
    expect(await settled(5)).toBe("reverted");
    expect(await settled(10_000)).toBe("revert-failed");
  });
});
