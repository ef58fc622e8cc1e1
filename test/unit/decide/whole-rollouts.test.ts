import { describe, expect, it } from "vitest";
import type { RolloutRequest } from "../../../src/types/decision.ts";
import { aPlan } from "../../support/builders.ts";
import { type Moment, type Script, simulate } from "../../support/simulate.ts";

const at = "2026-01-01T00:00:00Z";
const abort: RolloutRequest = { kind: "abort", by: "alice", reason: "customers call", at };
const minutes = (n: number) => n * 60_000;
const during =
  (name: string, step?: string) =>
  ({ state }: Moment) =>
    state.name === name && (step === undefined || state.step === step);

describe("a whole rollout over decide, on a manual clock", () => {
  it("goes 5, 20, 50, 100, promotes as a stage of its own and takes four soaks and a drain", () => {
    const trace = simulate(aPlan());
    expect(trace.weights).toEqual([0, 5, 20, 50, 100, 0]);
    expect(trace.end).toMatchObject({ name: "completed", exposures: [5, 20, 50, 100] });
    expect(trace.ms).toBe(minutes(60) + 30_000);
    expect(trace.states.slice(-4)).toEqual([
      "promoting-stable",
      "promoting-switch",
      "promoting-clean",
      "completed",
    ]);
  });

  it.each(["5", "20", "50", "100"])(
    "reverts from a breach at %s: lever, stack, drain, clean, verify",
    (step) => {
      const trace = simulate(aPlan(), { verdict: (m) => (during("soaking", step)(m) ? "fail" : "pass") });
      expect(trace.end).toMatchObject({
        name: "reverted",
        failedAt: step,
        cause: { reason: "HardLimitBreached" },
      });
      expect(trace.states.slice(-6)).toEqual([
        "reverting-lever",
        "reverting-stack",
        "reverting-drain",
        "reverting-clean",
        "reverting-verify",
        "reverted",
      ]);
      expect(trace.weights.at(-1)).toBe(0);
      expect(Math.max(...trace.weights)).toBe(Number(step));
    },
  );

  it("holds on silence, extends in steps of 5 min up to 4 x the soak, then asks (gates.md 2.5 item 5)", () => {
    const trace = simulate(aPlan(), { verdict: (m) => (m.state.step === "20" ? "no-data" : "pass") });
    expect(trace.end).toMatchObject({ name: "held", step: "20", heldFrom: "holding" });
    expect(trace.ms).toBe(minutes(15) + minutes(15 * 4));
    const extensions = trace.decisions.filter((d) => d.kind === "hold" && d.extendMs > 0);
    expect(extensions).toHaveLength(9);
    expect(trace.weights).toEqual([0, 5, 20]);
  });

  it("goes on by itself when the silence ends during the hold", () => {
    const silentFor = minutes(15 + 20);
    const trace = simulate(aPlan(), {
      verdict: (m) => (m.state.step === "20" && m.ms < silentFor ? "error" : "pass"),
    });
    expect(trace.end.name).toBe("completed");
  });

  it("reverts in the middle of a hold when the source comes back with a breach", () => {
    const trace = simulate(aPlan(), {
      verdict: (m) => (m.state.step !== "20" ? "pass" : m.ms < minutes(40) ? "error" : "fail"),
    });
    expect(trace.end).toMatchObject({ name: "reverted", failedAt: "20" });
  });

  it("lets a person take the missing evidence on them: approve goes on, and only that step", () => {
    const approve: RolloutRequest = {
      kind: "approve",
      by: "bob",
      step: "20",
      reason: "dashboards are fine",
      at,
    };
    const silent = (m: Moment) =>
      ["20", "50"].includes(m.state.step) ? ("error" as const) : ("pass" as const);
    const trace = simulate(aPlan(), { verdict: silent, requests: () => [approve] });
    expect(trace.weights).toEqual([0, 5, 20, 50]);
    expect(trace.end).toMatchObject({ name: "held", step: "50" });
  });

  it("an approval does not outrank a breach", () => {
    const approve: RolloutRequest = { kind: "approve", by: "bob", step: "20", reason: "ship it", at };
    const trace = simulate(aPlan(), {
      verdict: (m) => (m.state.step === "20" ? "fail" : "pass"),
      requests: () => [approve],
    });
    expect(trace.end.name).toBe("reverted");
  });

  it("pauses at the end of a soak for as long as it is paused, gates watched, then resumes", () => {
    const pause: RolloutRequest = { kind: "pause", by: "alice", reason: "uncertain", at };
    const resume: RolloutRequest = { kind: "resume", by: "alice", reason: "fine", at };
    const trace = simulate(aPlan(), { requests: (m) => (m.ms < minutes(300) ? [pause] : [pause, resume]) });
    expect(trace.end.name).toBe("completed");
    expect(trace.ms).toBe(minutes(300) + minutes(45) + 30_000);
  });
});

describe("a promotion moves traffic to stable only once its own Deployment says that it is new", () => {
  it("waits, with everybody on the candidate, also where the update says too early that it is over", () => {
    const slow = minutes(60) + 45_000;
    const trace = simulate(aPlan(), {
      stable: (m) => (m.ms < slow ? { complete: false, progress: "1 of 6 updated, 5 old pending" } : {}),
    });
    expect(trace.end.name).toBe("completed");
    expect(trace.weights).toEqual([0, 5, 20, 50, 100, 0]);
    expect(trace.ms).toBeGreaterThanOrEqual(slow + 30_000);
    const waits = trace.decisions.filter((d) => d.kind === "wait" && d.reason === "AwaitingStable");
    expect(waits.length).toBeGreaterThan(0);
    expect(waits[0]).toMatchObject({
      message: "promote-stable: waiting for stable: 1 of 6 updated, 5 old pending",
    });
  });

  it("a breach meanwhile stops it there, and traffic stays where it is", () => {
    const trace = simulate(aPlan(), {
      stable: () => ({ complete: false }),
      verdict: (m) => (m.ms > minutes(60) + 20_000 ? "fail" : "pass"),
    });
    expect(trace.end).toMatchObject({ name: "held", heldFrom: "promoting-stable" });
    expect(trace.weights.at(-1)).toBe(100);
  });

  it.each([
    [{ complete: false, progress: "2 of 6 updated" }, "stable: 2 of 6 updated"],
    [{ identity: "1.2.3+old" }, "stable, whose pods are of 1.2.3+old"],
    [null, "stable, whose Deployment can't be read: `get` on deployments is needed"],
  ])("and asks after the update's time: %o", (stable, why) => {
    const { end, ms, weights } = simulate(aPlan(), { stable: () => stable });
    // 10 minutes, four times as long as silence is borne elsewhere too, and 2 to read it back.
    const limit = 4 * 600 + 120;
    expect(end.cause).toMatchObject({
      reason: "StableNotConfirmed",
      kind: "engine",
      message: `promote-stable: not in time, ${limit} s: ${why}`,
    });
    expect(weights.at(-1)).toBe(100);
    expect(ms).toBeGreaterThan(minutes(60) + limit * 1000);
  });
});

describe("failures in flight end in a stated condition", () => {
  const failed = (kind: string) => ({ status: "failed", kind, message: `scripted ${kind}` }) as const;
  const cases: Record<
    string,
    { reason: string; script: Script; end: string; cause?: string; failedAt?: string }
  > = {
    UpdateFails: {
      reason: "a half-done update goes back",
      script: { effect: (m) => (during("applying", "20")(m) ? failed("resource") : { status: "done" }) },
      end: "reverted",
      cause: "UpdateFailed",
      failedAt: "20",
    },
    FirstUpdateFails: {
      reason: "also before any traffic",
      script: { effect: (m) => (during("applying", "5")(m) ? failed("resource") : { status: "done" }) },
      end: "reverted",
      cause: "UpdateFailed",
      failedAt: "5",
    },
    UpdateNeverEnds: {
      reason: "rollout status 10 min",
      script: { effect: (m) => (during("applying", "20")(m) ? { status: "running" } : { status: "done" }) },
      end: "reverted",
      cause: "RolloutTimeout",
      failedAt: "20",
    },
    StackLocked: {
      reason: "nothing was touched: ask",
      script: { effect: (m) => (during("applying", "20")(m) ? failed("locked") : { status: "done" }) },
      end: "held",
    },
    RouterNeverConfirms: {
      reason: "the soak clock must not start on a weight that isn't in force (argo-rollouts#3333)",
      script: { routed: (m) => (m.state.step === "20" ? 5 : m.exposure) },
      end: "reverted",
      cause: "RouteNotConfirmed",
      failedAt: "20",
    },
    ChecksFail: {
      reason: "nothing was touched",
      script: { effect: (m) => (during("checking")(m) ? failed("quarantined") : { status: "done" }) },
      end: "blocked",
      cause: "quarantined",
    },
    PromotionFails: {
      reason: "traffic stays on the side that passed (flagger#1898)",
      script: { effect: (m) => (during("promoting-stable")(m) ? failed("resource") : { status: "done" }) },
      end: "held",
      cause: "PromotionFailed",
    },
    PromotionNeverEnds: {
      reason: "an update that says nothing is a stated failure here too",
      script: {
        effect: (m) => (during("promoting-stable")(m) ? { status: "running" } : { status: "done" }),
      },
      end: "held",
      cause: "RolloutTimeout",
    },
    StableStaysOld: {
      reason: "the update is over, and stable's pods are still of the version before",
      script: { stable: () => ({ complete: false, progress: "2 of 6 updated, 4 old pending" }) },
      end: "held",
      cause: "StableNotConfirmed",
    },
    StableIsAnotherVersion: {
      reason: "complete, but somebody has put another version there",
      script: { stable: () => ({ identity: "1.2.3+old" }) },
      end: "held",
      cause: "StableNotConfirmed",
    },
    StableCannotBeRead: {
      reason: "silence is no proof",
      script: { stable: () => null },
      end: "held",
      cause: "StableNotConfirmed",
    },
    LeverFails: {
      reason: "the stack still goes on",
      script: {
        verdict: (m) => (m.state.step === "20" ? "fail" : "pass"),
        effect: (m) => (during("reverting-lever")(m) ? failed("lever") : { status: "done" }),
      },
      end: "reverted",
      cause: "HardLimitBreached",
    },
    CleanFails: {
      reason: "three tries, then a person",
      script: {
        verdict: (m) => (m.state.step === "20" ? "fail" : "pass"),
        effect: (m) => (during("reverting-clean")(m) ? failed("resource") : { status: "done" }),
      },
      end: "revert-failed",
      cause: "HardLimitBreached",
    },
    VerifyFails: {
      reason: "a revert that doesn't verify is not reverted",
      script: {
        verdict: (m) => (m.state.step === "20" ? "fail" : "pass"),
        effect: (m) => (during("reverting-verify")(m) ? failed("verify") : { status: "done" }),
      },
      end: "revert-failed",
    },
    LeaseLost: {
      reason: "the stale driver stops without touching anything (argo-rollouts#2117)",
      script: { lease: (m) => (m.state.step === "50" ? "lost" : "held") },
      end: "held",
    },
    AbortInTheFirstUpdate: {
      reason: "also while an update runs",
      script: {
        effect: (m) => (during("applying", "5")(m) ? { status: "running" } : { status: "done" }),
        requests: () => [abort],
      },
      end: "blocked",
    },
  };
  it.each(Object.entries(cases))("%s", (_name, { reason, script, end, cause, failedAt }) => {
    const trace = simulate(aPlan(), script);
    expect(trace.end.name, reason).toBe(end);
    if (cause !== undefined) expect(trace.end.cause?.reason, reason).toBe(cause);
    if (failedAt !== undefined) expect(trace.end.failedAt, reason).toBe(failedAt);
  });

  it("takes an abort in the middle of an update at the next look", () => {
    const trace = simulate(aPlan(), {
      effect: (m) => (during("applying", "20")(m) ? { status: "running" } : { status: "done" }),
      requests: (m) => (during("applying", "20")(m) ? [abort] : []),
    });
    expect(trace.end).toMatchObject({ name: "reverted", failedAt: "20", cause: { kind: "person" } });
  });

  it("takes a held rollout up again where it stopped", () => {
    const held = simulate(aPlan(), { verdict: (m) => (m.state.step === "20" ? "error" : "pass") });
    const again = { ...held.end, name: "holding" as const, extendedMs: 0, enteredAtMs: held.ms };
    expect(simulate(aPlan(), { from: again }).end.name).toBe("completed");
  });
});
