import { describe, expect, it } from "vitest";
import type { RolloutRequest } from "../../../src/types/decision.ts";
import { aPlan } from "../../support/builders.ts";
import { type Moment, simulate } from "../../support/simulate.ts";

const rolling = aPlan({ strategy: "rolling", increments: [{ exposure: 100, soakSeconds: 300 }] });
const dev = aPlan({ strategy: "direct", increments: [{ exposure: 100, soakSeconds: 0 }] });
const minutes = (n: number) => n * 60_000;
const at = "2026-01-01T00:00:00Z";
const ask = (kind: "pause" | "resume" | "abort"): RolloutRequest => ({ kind, by: "alice", reason: "-", at });
const isIn = (name: string) => (moment: Moment) => moment.state.name === name;

describe("a version in stable's place", () => {
  it("is watched once, then it is the baseline", () => {
    const trace = simulate(rolling);
    expect(trace.end).toMatchObject({ name: "completed", exposures: [100] });
    expect(trace.states.slice(-5)).toEqual(
      ["confirming", "soaking", "promoting-clean", "completed"].slice(-5).toSpliced(0, 0, "applying"),
    );
    expect(trace.ms).toBe(minutes(5));
  });

  it("a breach in the watch goes back", () => {
    const trace = simulate(rolling, { verdict: (m) => (isIn("soaking")(m) ? "fail" : "pass") });
    expect(trace.end).toMatchObject({ name: "reverted", failedAt: "roll" });
  });

  it("a pause holds it at the end of its watch, and a resume lets it go on", () => {
    const trace = simulate(rolling, {
      requests: ({ ms }) => (ms < minutes(20) ? [ask("pause")] : [ask("pause"), ask("resume")]),
    });
    expect(trace.end.name).toBe("completed");
    expect(trace.states).toContain("holding");
    expect(trace.ms).toBeGreaterThanOrEqual(minutes(20));
  });

  it("pods that aren't ready hold it, and it goes on when they are", () => {
    const trace = simulate(rolling, {
      routed: ({ ms, exposure }) => (ms > minutes(1) && ms < minutes(7) ? 83 : exposure),
    });
    expect(trace.end.name).toBe("completed");
    const held = trace.decisions.filter(({ kind }) => kind === "hold");
    expect(new Set(held.map(({ reason }) => reason))).toEqual(new Set(["PodsNotReady"]));
  });

  it("pods that never get ready again are a person's to judge, at the limit of the extensions", () => {
    const trace = simulate(rolling, { routed: ({ ms, exposure }) => (ms > minutes(1) ? 83 : exposure) });
    expect(trace.end).toMatchObject({ name: "held", step: "roll", cause: { reason: "PodsNotReady" } });
  });

  it("an update that leaves old pods behind is not in force: back after its time", () => {
    const trace = simulate(rolling, { routed: (m) => (isIn("confirming")(m) ? 66 : m.exposure) });
    expect(trace.end).toMatchObject({ name: "reverted", cause: { reason: "RouteNotConfirmed" } });
    expect(trace.end.cause?.message).toContain("every pod runs the new version");
  });
});

describe("without a watch nobody asked for a way back by itself", () => {
  const failed = { status: "failed", kind: "resource", message: "ProgressDeadlineExceeded" } as const;
  const fails = (m: Moment) => (isIn("applying")(m) ? failed : ({ status: "done" } as const));

  it("an update that fails is held", () => {
    const trace = simulate(dev, { effect: fails });
    expect(trace.end).toMatchObject({
      name: "held",
      heldFrom: "applying",
      cause: { reason: "UpdateFailed" },
    });
  });

  it("the same with a watch goes back", () => {
    expect(simulate(rolling, { effect: fails }).end.name).toBe("reverted");
  });

  it("a person takes it back", () => {
    const trace = simulate(dev, { requests: (m) => (isIn("applying")(m) ? [ask("abort")] : []) });
    expect(trace.end).toMatchObject({ name: "reverted", cause: { kind: "person" } });
  });
});
