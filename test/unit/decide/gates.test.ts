import { describe, expect, it } from "vitest";
import { decide, type Observations } from "../../../src/decide/decide.ts";
import { reduce } from "../../../src/decide/reduce.ts";
import { isWatched, states } from "../../../src/decide/states.ts";
import type { GateName } from "../../../src/types/gates.ts";
import type { RolloutState, StateName } from "../../../src/types/state.ts";
import type { GateReading, Verdict } from "../../../src/types/verdict.ts";
import { aPlan } from "../../support/builders.ts";
import { reading, simulate } from "../../support/simulate.ts";

const plan = aPlan();
const watched = (Object.keys(states) as StateName[]).filter(isWatched);
const soakMs = 900_000;

/** What each gate says when it fails, and the reason for which the rollout then turns back. */
const failures: readonly (readonly [GateName, string, string])[] = [
  ["health", "Unhealthy", "HardLimitBreached"],
  ["error-rate", "LimitBreached", "HardLimitBreached"],
  ["p95-latency", "LimitBreached", "HardLimitBreached"],
  ["exceptions", "LimitBreached", "HardLimitBreached"],
  ["db-pool", "LimitBreached", "HardLimitBreached"],
  ["queue-depth", "LimitBreached", "HardLimitBreached"],
  ["memory", "LimitBreached", "HardLimitBreached"],
  ["integrity", "IntegrityBroken", "IntegrityBroken"],
  ["evidence", "EvidenceAgainst", "EvidenceAgainst"],
  ["traffic", "CanarySilent", "CanarySilent"],
  ["slo", "SloNotResolved", "SloNotResolved"],
];

/** What holds: a verdict that is neither a pass nor a fail, with the reason that a gate gives for it. */
const unproven: readonly (readonly [GateName, Verdict, string])[] = [
  ["review:checkout-rate", "review", "ReviewNeeded"],
  ["error-rate", "no-data", "BreachNotSustained"],
  ["db-pool", "no-data", "TooFewSamples"],
  ["queue-depth", "error", "SourceError"],
  ["evidence", "no-data", "EvidenceUnclear"],
  ["evidence", "no-data", "NotCertified"],
  ["traffic", "no-data", "CanarySilent"],
  ["traffic", "no-data", "TrafficMismatch"],
  ["traffic", "no-data", "TelemetryOutage"],
  ["slo", "no-data", "SloWarning"],
  ["slo", "no-data", "SloCritical"],
  ["integrity", "error", "SourceError"],
  ["health", "cancelled", "Cancelled"],
];

function said(gate: GateName, verdict: Verdict, reason: string): GateReading {
  return { gate, verdict, reason, message: `${gate} says ${reason}`, limit: 1 };
}

function at(name: StateName): RolloutState {
  const step = name.startsWith("promoting-") ? name.replace("promoting-", "promote-") : "20";
  return {
    name,
    step,
    enteredAtMs: 0,
    confirmedAtMs: 0,
    exposedSinceMs: 0,
    extendedMs: 0,
    exposures: [5, 20],
    attempts: 1,
  };
}

/** One look with everything else as it should be, between passes of other gates. */
function decided(name: StateName, readings: readonly GateReading[], now = soakMs) {
  const observations: Observations = {
    lease: "held",
    effect: { status: "done" },
    route: { exposure: name === "promoting-stable" ? 100 : 20, accepted: true, hasCandidate: true },
    readings: [reading("pass"), ...readings, reading("pass")],
  };
  return decide({ plan, state: at(name), observations, requests: [], now });
}

it("the candidate is watched from its first update until stable has its version", () => {
  expect(watched).toEqual(["applying", "confirming", "validating", "soaking", "holding", "promoting-stable"]);
});

describe.each(watched)("a gate that fails while %s", (name) => {
  it.each(failures)("%s %s: turns back as %s, and is never ignored", (gate, reason, cause) => {
    for (const now of [1, soakMs, 100 * soakMs]) {
      // Behind a gate that holds it must not be overlooked.
      const readings = [said("slo", "no-data", "SloWarning"), said(gate, "fail", reason)];
      const decision = decided(name, readings, now);
      expect(decision).toMatchObject({
        kind: name === "promoting-stable" ? "escalate" : "revert",
        reason: cause,
        cause: { reason: cause, gate, kind: "canary", message: `${gate} says ${reason}` },
      });
      const after = reduce(at(name), decision, { ms: now });
      expect(after.name).toBe(name === "promoting-stable" ? "held" : "reverting-lever");
      expect(after.failedAt).toBe(at(name).step);
    }
  });

  it("says environment where the gate does", () => {
    const decision = decided(name, [
      { ...said("evidence", "fail", "EvidenceAgainst"), cause: "environment" },
    ]);
    expect(decision).toMatchObject({ cause: { kind: "environment" } });
  });
});

describe("a gate that proves nothing", () => {
  it.each(unproven)("%s %s (%s): holds at the end of the watch", (gate, verdict, reason) => {
    for (const name of ["soaking", "holding"] as const) {
      const decision = decided(name, [said(gate, verdict, reason)]);
      expect(decision).toMatchObject({ kind: "hold", reason, message: `${gate} says ${reason}` });
      expect(reduce(at(name), decision, { ms: soakMs })).toMatchObject({ name: "holding", step: "20" });
    }
  });

  it.each(unproven)("%s %s (%s): asks a person at the limit of the extensions", (gate, verdict, reason) => {
    const extended = { ...at("holding"), extendedMs: 3 * soakMs };
    const observations: Observations = {
      lease: "held",
      effect: { status: "done" },
      route: { exposure: 20, accepted: true, hasCandidate: true },
      readings: [said(gate, verdict, reason)],
    };
    const input = { plan, state: extended, observations, requests: [], now: 4 * soakMs };
    expect(decide(input)).toMatchObject({ kind: "escalate", reason, cause: { reason, kind: "evidence" } });
    const by = {
      kind: "approve",
      by: "dana",
      step: "20",
      reason: "looked at it",
      at: "2026-01-01T00:00:00Z",
    } as const;
    expect(decide({ ...input, requests: [by] })).toMatchObject({
      kind: "continue",
      step: "50",
      reason: "ManualApproval",
    });
  });

  it("no gate at all proves nothing either, and every gate that passes goes on", () => {
    const bare = { ...at("soaking") };
    const observations: Observations = {
      lease: "held",
      effect: { status: "none" },
      route: { exposure: 20, accepted: true, hasCandidate: true },
      readings: [],
    };
    const input = { plan, state: bare, observations, requests: [], now: soakMs };
    expect(decide(input)).toMatchObject({ kind: "hold", reason: "NoData" });
    expect(decided("soaking", [])).toMatchObject({ kind: "continue", step: "50" });
    expect(decided("soaking", [], soakMs - 1)).toMatchObject({ kind: "wait" });
  });

  it.each(watched)("while %s no exposure grows by it", (name) => {
    for (const [gate, verdict, reason] of unproven) {
      const decision = decided(name, [said(gate, verdict, reason)], name === "soaking" ? soakMs - 1 : 1);
      const after = reduce(at(name), decision, { ms: 1 });
      // A promotion moves no request to the candidate, and a validation has no gates: nobody is on it yet.
      if (name !== "promoting-stable" && name !== "validating") expect(after.step).toBe("20");
      expect(decision.kind).not.toBe("revert");
    }
  });
});

it("a review that lasts ends with a person, at the weight where it began", () => {
  const trace = simulate(plan, { verdict: ({ state }) => (state.step === "20" ? "review" : "pass") });
  expect(trace.end).toMatchObject({ name: "held", step: "20", cause: { kind: "evidence" } });
  expect(trace.weights).toEqual([0, 5, 20]);
  expect(trace.ms).toBe(soakMs + 4 * soakMs);
});
