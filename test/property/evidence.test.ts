import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isKept } from "../../src/decide/kept.ts";
import type { RolloutRequest } from "../../src/types/decision.ts";
import type { StateName } from "../../src/types/state.ts";
import { aPlan } from "../support/builders.ts";
import { type Moment, simulate } from "../support/simulate.ts";

const plan = aPlan();
const at = "2026-01-01T00:00:00Z";
const abort = (concern?: "corruption" | "compliance"): RolloutRequest => ({
  kind: "abort",
  by: "a",
  reason: "r",
  at,
  ...(concern ? { concern } : {}),
});
const release: RolloutRequest = { kind: "release", by: "a", reason: "r", at };
/** An abort there has nothing to take back. */
const untouched: ReadonlySet<StateName> = new Set(["planned", "checking", "baseline"]);
const way = (states: readonly StateName[]) => states.filter((name) => name.startsWith("revert"));

/** Which effects of the way back fail, and how often in a row. */
const failures = fc.record({
  lever: fc.boolean(),
  stack: fc.nat(4),
});

interface Failing {
  readonly lever: boolean;
  readonly stack: number;
}

function effectOf({ lever, stack }: Failing) {
  let left = stack;
  return ({ state }: Moment) => {
    const fails =
      (state.name === "reverting-lever" && lever) || (state.name === "reverting-stack" && left-- > 0);
    return fails
      ? ({ status: "failed", kind: "resource", message: "boom" } as const)
      : ({ status: "done" } as const);
  };
}

describe("with a concern, wherever it is found", () => {
  const situations = fc.record({
    step: fc.constantFrom("5", "20", "50", "100"),
    concern: fc.constantFrom("corruption" as const, "compliance" as const),
    failing: failures,
  });
  const asked = (step: string, requests: readonly RolloutRequest[]) => (m: Moment) =>
    (m.state.step === step && !untouched.has(m.state.name)) || m.state.step === "revert" ? requests : [];

  it("the candidate is never removed without a release, its traffic is off, and it ends held", () => {
    fc.assert(
      fc.property(situations, ({ step, concern, failing }) => {
        const trace = simulate(plan, {
          requests: asked(step, [abort(concern)]),
          effect: effectOf(failing),
        });
        expect(trace.states).not.toContain("reverting-clean");
        expect(isKept(trace.end)).toBe(true);
        expect(trace.end.cause?.concern).toBe(concern);
        expect(trace.weights.at(-1)).toBe(0);
      }),
    );
  });

  it("with a release it goes the whole way back", () => {
    fc.assert(
      fc.property(situations, ({ step, concern, failing }) => {
        const requests = [abort(concern), release];
        const trace = simulate(plan, { requests: asked(step, requests), effect: effectOf(failing) });
        expect(trace.end.name).toBe("reverted");
      }),
    );
  });

  it("traffic goes off as soon as without one", () => {
    fc.assert(
      fc.property(situations, ({ step, concern }) => {
        const kept = simulate(plan, { requests: asked(step, [abort(concern)]) });
        const bare = simulate(plan, { requests: asked(step, [abort()]) });
        expect(way(kept.states)).toEqual(way(bare.states).slice(0, 3));
        expect(kept.decisions.slice(0, -1)).toEqual(
          bare.decisions
            .slice(0, kept.decisions.length - 1)
            .map((decision) =>
              decision.kind === "revert" ? { ...decision, cause: { ...decision.cause, concern } } : decision,
            ),
        );
      }),
    );
  });

  it("where traffic stays on it, users come first: it is removed", () => {
    const trace = simulate(plan, {
      requests: asked("20", [abort("corruption")]),
      effect: effectOf({ lever: true, stack: 9 }),
      routed: ({ state, exposure }) => (state.name.startsWith("reverting-") ? 20 : exposure),
    });
    expect(trace.states).toContain("reverting-clean");
    expect(trace.decisions.map(({ reason }) => reason)).toContain("EvidenceGivenUp");
  });
});
