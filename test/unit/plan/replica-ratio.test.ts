import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { candidateReplicas, ratioReplicas } from "../../../src/plan/capacity.ts";
import { meaningOf, percentOf, ratioReading, selectorAt } from "../../../src/plan/replica-ratio.ts";

const share = fc.integer({ min: 1, max: 99 });
const pods = fc.integer({ min: 1, max: 500 });

describe("the candidate's pods", () => {
  it.each([
    { exposure: 0, stableReplicas: 6, replicas: 1, why: "there is a candidate" },
    { exposure: 5, stableReplicas: 6, replicas: 1, why: "1 of 7 is 14.3 %: less can't be" },
    { exposure: 5, stableReplicas: 19, replicas: 1, why: "1 of 20 is 5 %" },
    { exposure: 5, stableReplicas: 20, replicas: 2, why: "1 of 21 would be less" },
    { exposure: 20, stableReplicas: 6, replicas: 2, why: "2 of 8 is 25 %" },
    { exposure: 50, stableReplicas: 6, replicas: 6, why: "as many" },
    { exposure: 75, stableReplicas: 6, replicas: 18, why: "three times as many" },
    { exposure: 100, stableReplicas: 6, replicas: 6, why: "stable is out of the count" },
  ])("$exposure % beside $stableReplicas: $why", ({ replicas, ...of }) => {
    expect(ratioReplicas(of)).toBe(replicas);
  });

  it("are the fewest whose share is at least the exposure", () => {
    fc.assert(
      fc.property(share, pods, (exposure, stableReplicas) => {
        const count = ratioReplicas({ exposure, stableReplicas });
        const reaches = (candidate: number) => candidate * 100 >= exposure * (candidate + stableReplicas);
        return reaches(count) && (count === 1 || !reaches(count - 1));
      }),
    );
  });

  it("are never fewer than beside a router: capacity comes before traffic", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 100 }), pods, (exposure, stableReplicas) => {
        const of = { exposure, stableReplicas };
        return ratioReplicas(of) >= candidateReplicas(of);
      }),
    );
  });
});

describe("the selector", () => {
  it.each([0, 1, 50, 99, 100])("says what it was made for: %i %", (exposure) => {
    const meaning = exposure > 0 && exposure < 100 ? "pods" : exposure;
    expect(meaningOf(selectorAt("atp", exposure), "atp")).toBe(meaning);
    expect(meaningOf(selectorAt("atp", exposure), "other")).toBeUndefined();
  });
});

describe("the reading", () => {
  const inForce = (exposure: number, stable: number) => {
    const candidate = ratioReplicas({ exposure, stableReplicas: stable });
    return {
      declared: exposure,
      stableReplicas: stable,
      desired: { stable, candidate },
      ready: { stable, candidate },
    };
  };

  it("of every step in force is the step's, accepted", () => {
    fc.assert(
      fc.property(share, pods, (exposure, stable) => {
        const { exposure: read, accepted } = ratioReading(inForce(exposure, stable));
        return read === exposure && accepted;
      }),
    );
  });

  it("on the way to a larger step is never above that step, however stable has grown: its pods come first", () => {
    fc.assert(
      fc.property(share, share, pods, fc.nat(20), (one, other, stable, grown) => {
        const [from, to] = [Math.min(one, other), Math.max(one, other)];
        const next = inForce(to, stable);
        const desired = { ...next.desired, stable: stable + grown };
        const { exposure } = ratioReading({ ...next, desired, ready: desired, declared: from });
        return exposure >= from && exposure <= to;
      }),
    );
  });

  it("is never accepted while a pod of the candidate is missing", () => {
    fc.assert(
      fc.property(share, pods, (exposure, stable) => {
        const state = inForce(exposure, stable);
        const ready = { ...state.ready, candidate: state.ready.candidate - 1 };
        return !ratioReading({ ...state, ready }).accepted;
      }),
    );
  });

  it("without a ready pod of stable is not accepted: the candidate would have all", () => {
    const state = inForce(20, 1);
    expect(ratioReading({ ...state, ready: { stable: 0, candidate: 1 } }).accepted).toBe(false);
  });
});

it("a share of no pods is 0", () => {
  expect(percentOf({ stable: 0, candidate: 0 })).toBe(0);
  expect(percentOf({ stable: 6, candidate: 1 })).toBe(14.3);
});
