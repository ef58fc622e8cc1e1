import { describe, expect, it } from "vitest";
import { decide, type Observations } from "../../../src/decide/decide.ts";
import { isKept } from "../../../src/decide/kept.ts";
import { reduce } from "../../../src/decide/reduce.ts";
import type { Decision, RolloutRequest } from "../../../src/types/decision.ts";
import type { RolloutPlan } from "../../../src/types/plan.ts";
import type { Cause, RolloutState } from "../../../src/types/state.ts";
import type { GateReading } from "../../../src/types/verdict.ts";
import { aPlan } from "../../support/builders.ts";
import { aFlag } from "../../support/memory-flag-stack.ts";
import { reading, simulate } from "../../support/simulate.ts";

const at = "2026-01-01T00:00:00Z";
const plan = aPlan();
const broken: GateReading = { ...reading("fail"), gate: "integrity", reason: "IntegrityBroken" };
const abort = { kind: "abort", by: "dana", reason: "wrong tenant ids", at } as const;
const release: RolloutRequest = { kind: "release", by: "sam", reason: "case closed", at };

const soaking: RolloutState = {
  name: "soaking",
  step: "20",
  enteredAtMs: 0,
  confirmedAtMs: 0,
  exposedSinceMs: 0,
  extendedMs: 0,
  exposures: [5, 20],
  attempts: 1,
};
const corruption: Cause = {
  reason: "IntegrityBroken",
  message: "broken",
  kind: "canary",
  gate: "integrity",
  concern: "corruption",
};
/** Turned back at 20, traffic off, the drain over. */
const drained: RolloutState = {
  ...soaking,
  name: "reverting-drain",
  step: "revert",
  failedAt: "20",
  cause: corruption,
  trafficOff: true,
};

interface Seen {
  readonly state?: RolloutState;
  readonly of?: RolloutPlan;
  readonly requests?: readonly RolloutRequest[];
  readonly observations?: Partial<Observations>;
}

const off = { exposure: 0, accepted: true, hasCandidate: true };

function decided({ state = drained, of = plan, requests = [], observations = {} }: Seen = {}): Decision {
  const seen: Observations = {
    lease: "held",
    effect: { status: "none" },
    readings: [],
    route: off,
    ...observations,
  };
  return decide({ plan: of, state, requests, observations: seen, now: 10_000_000 });
}

describe("what a cause is beside a bad version", () => {
  const inSoak = (requests: readonly RolloutRequest[], readings: readonly GateReading[]) =>
    decided({ state: soaking, requests, observations: { readings } });

  it.each([
    ["broken data", [], [broken], "corruption"],
    ["broken data behind another breach", [], [reading("fail"), broken], "corruption"],
    ["broken data while somebody aborts", [abort], [broken], "corruption"],
    ["an abort for compliance", [{ ...abort, concern: "compliance" }], [], "compliance"],
    ["a second abort that says it", [abort, { ...abort, concern: "compliance" }], [], "compliance"],
    ["a person's word before the gate's", [{ ...abort, concern: "compliance" }], [broken], "compliance"],
  ] as const)("%s: %#", (_name, requests, readings, concern) => {
    expect(inSoak(requests, readings)).toMatchObject({ kind: "revert", cause: { concern } });
  });

  it.each([
    ["a bare abort", [abort], []],
    ["another gate", [], [reading("fail")]],
  ] as const)("%s is no concern", (_name, requests, readings) => {
    const decision = inSoak(requests, readings);
    expect(decision).toMatchObject({ kind: "revert" });
    expect(decision).not.toHaveProperty("cause.concern");
  });

  it("broken data that is only unproved is none", () => {
    expect(inSoak([], [{ ...broken, verdict: "error" }]).kind).toBe("hold");
  });
});

describe("once the drain is over", () => {
  it("a candidate of a concern is kept, and the message says how it goes", () => {
    const decision = decided();
    expect(decision).toMatchObject({ kind: "escalate", reason: "EvidenceKept", concern: "corruption" });
    expect(decision.message).toBe(
      "traffic is off; 1.2.4 is kept at weight 0 with its pods and logs, as evidence of data corruption: `rollouts evidence release --by NAME` lets it go",
    );
    const held = reduce(drained, decision, { ms: 10_000_000 });
    expect(held).toMatchObject({
      name: "held",
      heldFrom: "reverting-drain",
      failedAt: "20",
      cause: corruption,
    });
    expect(isKept(held)).toBe(true);
  });

  it("a release lets it go", () => {
    expect(decided({ requests: [release] })).toMatchObject({
      kind: "continue",
      to: "reverting-clean",
      reason: "EvidenceReleased",
      message: "released by sam: case closed",
    });
  });

  it("taken up without one, it is kept for the same reason, cause and all", () => {
    const held = reduce(drained, decided(), { ms: 1 });
    const resumed: Decision = {
      kind: "continue",
      to: "reverting-drain",
      step: "revert",
      retry: true,
      reason: "Resumed",
      message: "",
    };
    const again = reduce(held, resumed, { ms: 2 });
    expect(again).toMatchObject({ name: "reverting-drain", failedAt: "20", cause: corruption });
    expect(again).not.toHaveProperty("heldFrom");
    expect(decided({ state: again })).toMatchObject({ kind: "escalate", reason: "EvidenceKept" });
  });

  it("an abort on the way back may still say it: the state learns it with the hold", () => {
    const { concern: _concern, ...bare } = corruption;
    const state: RolloutState = { ...drained, cause: { ...bare, reason: "HardLimitBreached" } };
    expect(decided({ state })).toMatchObject({ kind: "continue", to: "reverting-clean", reason: "Drained" });
    const decision = decided({ state, requests: [{ ...abort, concern: "compliance" }] });
    expect(decision).toMatchObject({ kind: "escalate", reason: "EvidenceKept", concern: "compliance" });
    const held = reduce(state, decision, { ms: 1 });
    expect(held.cause).toMatchObject({ reason: "HardLimitBreached", concern: "compliance" });
  });

  it.each([
    ["the route still carries weight", { route: { ...off, exposure: 20 } }, { trafficOff: true }],
    ["nobody has read that it is off", { route: undefined }, { trafficOff: undefined }],
  ])("users come before evidence: %s", (_name, { route }, { trafficOff }) => {
    const { trafficOff: _off, ...rest } = drained;
    const state: RolloutState = trafficOff ? { ...rest, trafficOff } : rest;
    const { route: _route, ...bare } = { route };
    const observations: Observations = {
      lease: "held",
      effect: { status: "none" },
      readings: [],
      ...bare,
      ...(route ? { route } : {}),
    };
    const decision = decide({ plan, state, requests: [], observations, now: 10_000_000 });
    expect(decision).toMatchObject({ to: "reverting-clean", reason: "EvidenceGivenUp" });
  });

  it("a route that can't be read just now is no reason: it was read at 0 before", () => {
    const observations: Observations = { lease: "held", effect: { status: "none" }, readings: [] };
    const decision = decide({ plan, state: drained, requests: [], observations, now: 10_000_000 });
    expect(decision.reason).toBe("EvidenceKept");
  });
});

describe("where nothing stands beside stable, nothing is kept", () => {
  const flagged = aPlan({ strategy: "feature-flag", flag: aFlag() });
  const kinds = ["install", "replace", "move"] as const;
  it.each(kinds)("%s", (kind) => {
    const of: RolloutPlan = { ...plan, steps: [{ id: "20", kind }] };
    expect(decided({ of })).toMatchObject({ to: "reverting-clean", reason: "Drained" });
  });

  it.each(flagged.steps.filter(({ kind }) => kind === "dark" || kind === "phase").map(({ id }) => id))(
    "a flag at %s",
    (failedAt) => {
      expect(decided({ of: flagged, state: { ...drained, failedAt } })).toMatchObject({
        to: "reverting-clean",
      });
    },
  );

  it.each(["stage", "validate", "swap"] as const)("but a slot's or a color's own is: %s", (kind) => {
    const of: RolloutPlan = { ...plan, steps: [{ id: "20", kind }] };
    expect(decided({ of }).reason).toBe("EvidenceKept");
  });
});

describe("users are as safe as without", () => {
  const concerning = {
    verdict: (m: { state: RolloutState }) => (m.state.step === "20" ? "fail" : "pass"),
  } as const;
  const request: RolloutRequest = { ...abort, concern: "corruption" };

  it("the same states in the same time, until the drain is over", () => {
    const bare = simulate(plan, { requests: (m) => (m.state.step === "20" ? [abort] : []) });
    const kept = simulate(plan, {
      requests: (m) => (m.state.step === "20" || m.state.step === "revert" ? [request] : []),
    });
    expect(bare.states.slice(0, -3)).toEqual(kept.states.slice(0, -1));
    expect(kept.states.at(-1)).toBe("held");
    expect(kept.weights).toEqual(bare.weights);
    expect(kept.ms).toBeLessThanOrEqual(bare.ms);
    expect(simulate(plan, concerning).end.name).toBe("reverted");
  });

  it("an update to zero that fails is tried again: no later one makes good for it", () => {
    const state: RolloutState = { ...drained, name: "reverting-stack" };
    const failed = { effect: { status: "failed", kind: "resource", message: "boom" } } as const;
    expect(decided({ state, observations: failed })).toMatchObject({ retry: true, to: "reverting-stack" });
    const last = decided({ state: { ...state, attempts: 3 }, observations: failed });
    expect(last).toMatchObject({ to: "reverting-drain", reason: "StackUpdateFailed" });
  });
});
