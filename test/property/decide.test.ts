import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decide, type Observations } from "../../src/decide/decide.ts";
import { reduce } from "../../src/decide/reduce.ts";
import { isEnd, states } from "../../src/decide/states.ts";
import type { RolloutRequest } from "../../src/types/decision.ts";
import type { RolloutPlan } from "../../src/types/plan.ts";
import type { RolloutState, StateName, WayBack } from "../../src/types/state.ts";
import type { Verdict } from "../../src/types/verdict.ts";
import { aPlan } from "../support/builders.ts";
import { aFlag } from "../support/memory-flag-stack.ts";
import { reading, simulate } from "../support/simulate.ts";

const plans = {
  "a canary": aPlan(),
  "code and its flag": aPlan({ strategy: "feature-flag", flag: aFlag() }),
} as const;
const [plan, flagged] = [plans["a canary"], plans["code and its flag"]];
const names = Object.keys(states) as StateName[];
const verdicts: readonly Verdict[] = ["pass", "fail", "no-data", "error", "cancelled", "review"];
const at = "2026-01-01T00:00:00Z";

const request = fc.oneof(
  fc.constant<RolloutRequest>({ kind: "abort", by: "a", reason: "r", at }),
  fc.constant<RolloutRequest>({ kind: "pause", by: "a", reason: "r", at }),
  fc.constant<RolloutRequest>({ kind: "resume", by: "a", reason: "r", at }),
  fc
    .constantFrom(...flagged.steps.map((s) => s.id))
    .map((step): RolloutRequest => ({ kind: "approve", by: "a", step, reason: "r", at })),
);
const effect = fc.oneof(
  fc.constantFrom("none" as const, "running" as const, "done" as const).map((status) => ({ status })),
  fc
    .constantFrom("resource", "locked", "cancelled", "policy")
    .map((kind) => ({ status: "failed" as const, kind, message: kind })),
);
const route = fc.option(
  fc.record({
    exposure: fc.constantFrom(0, 0.5, 5, 10, 20, 25, 50, 99, 100),
    accepted: fc.boolean(),
    hasCandidate: fc.boolean(),
  }),
  { nil: undefined },
);

function stepFor(name: StateName, of: RolloutPlan): fc.Arbitrary<string> {
  const settles = of === flagged ? ["flag-settle"] : [];
  if (name === "promoting-clean") return fc.constantFrom("promote-clean", ...settles);
  if (name.startsWith("promoting-")) return fc.constant(name.replace("promoting-", "promote-"));
  if (name.startsWith("reverting-")) return fc.constant("revert");
  const open = of.steps.filter(({ kind }) => kind === "increment" || kind === "phase" || kind === "dark");
  return fc.constantFrom(...open.map(({ id }) => id));
}

const situationOf = (of: RolloutPlan) =>
  fc.constantFrom(...names).chain((name) =>
    fc.record({
      state: stepFor(name, of).chain((step) =>
        fc.record({
          name: fc.constant(name),
          step: fc.constant(step),
          enteredAtMs: fc.nat(10_000_000),
          extendedMs: fc.nat(2_700_000),
          exposures: fc.constant<number[]>([5]),
          attempts: fc.integer({ min: 1, max: 4 }),
          confirmedAtMs: fc.nat(10_000_000),
          exposedSinceMs: fc.nat(10_000_000),
        }),
      ),
      observations: fc
        .record({
          effect,
          route,
          readings: fc.array(fc.constantFrom(...verdicts).map(reading), { maxLength: 4 }),
        })
        .map(
          ({ effect: e, route: r, readings }): Observations => ({
            lease: "held",
            effect: e,
            readings,
            ...(r ? { route: r } : {}),
          }),
        ),
      requests: fc.array(request, { maxLength: 4 }),
      now: fc.nat(20_000_000),
    }),
  );

describe.each(Object.entries(plans))("decide, in every state of %s", (_name, plan) => {
  const situation = situationOf(plan);

  it("takes a breach or an abort to the state's way back at the next look", () => {
    fc.assert(
      fc.property(situation, ({ state, observations, requests, now }) => {
        const breached = observations.readings.some((r) => r.verdict === "fail");
        const aborted = requests.some((r) => r.kind === "abort");
        if (!breached && !aborted) return;
        const decision = decide({ plan, state, observations, requests, now });
        const after = reduce(state, decision, { ms: now });
        const leadsTo: Record<WayBack, RegExp> = {
          revert: /^reverting-lever$/,
          stop: /^blocked$/,
          stay: /^held$/,
          onward: /^(reverting-.*|reverted|revert-failed)$/,
          none: new RegExp(`^${state.name}$`),
        };
        expect(after.name).toMatch(leadsTo[states[state.name].wayBack]);
      }),
      { numRuns: 3000 },
    );
  });

  it("raises exposure only on a pass of every gate, or on a person's approval of that step", () => {
    fc.assert(
      fc.property(situation, ({ state, observations, requests, now }) => {
        const decision = decide({ plan, state, observations, requests, now });
        const advances =
          decision.kind === "continue" &&
          decision.step !== state.step &&
          ["soaking", "holding"].includes(state.name);
        if (!advances) return;
        const proven =
          observations.readings.length > 0 && observations.readings.every((r) => r.verdict === "pass");
        const approved = requests.some((r) => r.kind === "approve" && r.step === state.step);
        expect(proven || approved).toBe(true);
      }),
      { numRuns: 3000 },
    );
  });

  it("does nothing at all once the lease is lost", () => {
    fc.assert(
      fc.property(situation, ({ state, observations, requests, now }) => {
        const decision = decide({
          plan,
          state,
          observations: { ...observations, lease: "lost" },
          requests,
          now,
        });
        expect(decision).toMatchObject({ kind: "escalate", reason: "LeaseLost" });
      }),
    );
  });

  it("is total and pure: the same input gives the same decision, and never throws", () => {
    fc.assert(
      fc.property(situation, (input) => {
        expect(decide({ plan, ...input })).toEqual(decide({ plan, ...structuredClone(input) }));
      }),
    );
  });

  it("never moves exposure up after it has turned back", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 400 }),
        fc.array(fc.constantFrom(...verdicts), { minLength: 1 }),
        (when, tail) => {
          let look = 0;
          const trace = simulate(plan, {
            verdict: () => {
              look += 1;
              if (look < when) return "pass";
              return look === when ? "fail" : (tail[look % tail.length] ?? "pass");
            },
          });
          const turned = trace.states.findIndex((name) => name.startsWith("reverting-"));
          if (turned < 0) return;
          expect(trace.states.slice(turned).every((name) => name.startsWith("revert"))).toBe(true);
          expect(trace.weights.at(-1)).toBe(0);
        },
      ),
    );
  });

  it("always comes to an end: no verdicts, requests or effects keep a rollout turning for ever", () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom(...verdicts.filter((v) => v !== "fail")), { minLength: 1, maxLength: 50 }),
        (script) => {
          let look = 0;
          const trace = simulate(plan, { verdict: () => script[look++ % script.length] ?? "pass" });
          expect(isEnd(trace.end.name)).toBe(true);
        },
      ),
    );
  });
});

it("the fold of a journal's decisions is the state: nothing else is remembered", () => {
  const trace = simulate(plan, { verdict: (m) => (m.state.step === "50" ? "fail" : "pass") });
  expect(trace.decisions.length).toBeGreaterThan(100);
  const waits = trace.decisions.filter((d) => d.kind === "wait");
  const state: RolloutState = trace.end;
  for (const wait of waits) expect(reduce(state, wait, { ms: 0 })).toBe(state);
});
