import { describe, expect, it } from "vitest";
import { betaExposure } from "../../../src/lib/strategies.ts";
import { buildPlan } from "../../../src/plan/build-plan.ts";
import { exposuresOfPhases, flagSteps, movesFlag, phaseSteps } from "../../../src/plan/flag-steps.ts";
import { exposuresOf, recordSteps, servesAsOne, stepsOf } from "../../../src/plan/steps.ts";
import type { FlagConfig } from "../../../src/types/flag-config.ts";
import { aPolicy, aRelease, aSnapshot } from "../../support/builders.ts";
import { aFlag, aFlagSpec } from "../../support/memory-flag-stack.ts";

const code = ["5", "20", "50", "100", "promote-stable", "promote-switch", "promote-clean"];
const phases = ["flag-beta", "flag-10", "flag-25", "flag-50", "flag-100", "flag-settle"];
const nobody = aFlagSpec({ beta: { users: [], groups: [] } });

function alone(flag: FlagConfig) {
  return phaseSteps(flag, exposuresOfPhases(flag));
}

function idsOf(steps: readonly { readonly id: string }[]): readonly string[] {
  return steps.map(({ id }) => id);
}

describe("the steps of a flag alone", () => {
  it("are the named tenants, then each phase with its own watch, then the baseline", () => {
    const flag = aFlag({
      betaSoakSeconds: 60,
      phases: [
        { percentage: 10, soakSeconds: 300 },
        { percentage: 100, soakSeconds: 0 },
      ],
    });
    expect(alone(flag)).toEqual([
      { id: "beta", kind: "phase", exposure: betaExposure, soakSeconds: 60 },
      { id: "10", kind: "phase", exposure: 10, soakSeconds: 300 },
      { id: "100", kind: "phase", exposure: 100 },
      { id: "settle", kind: "settle", exposure: 0 },
    ]);
  });

  it("begin with the first share where nobody is named; a group is somebody", () => {
    expect(idsOf(alone(aFlag({ spec: nobody })))).toEqual(["10", "25", "50", "100", "settle"]);
    const group = aFlagSpec({ beta: { users: [], groups: [{ name: "ring-0", percentage: 100 }] } });
    expect(idsOf(alone(aFlag({ spec: group })))[0]).toBe("beta");
  });

  it("are all that the stack rolls out", () => {
    const policy = aPolicy({
      strategy: "feature-flag",
      platform: "app-configuration",
      lever: { kind: "app-configuration" },
      increments: exposuresOfPhases(aFlag()),
      flag: aFlag(),
    });
    const steps = stepsOf(policy, { installed: true });
    expect(steps).toEqual(alone(aFlag()));
    expect(idsOf(stepsOf(policy, { installed: false }))).toEqual(["install"]);
    expect(exposuresOf(steps).map(({ exposure }) => exposure)).toEqual([10, 25, 50, 100]);
    expect(steps.map(({ id }) => movesFlag(steps, id))).toEqual(steps.map(() => true));
  });
});

describe("the steps of a flag beside a service", () => {
  const policy = aPolicy({ strategy: "combined", flag: aFlag({ darkSeconds: 600 }) });
  const steps = stepsOf(policy, { installed: true });

  it("are the code's canary, the code dark, then the flag's phases, with names of their own", () => {
    expect(idsOf(steps)).toEqual([...code, "flag-dark", ...phases]);
    expect(steps.find(({ id }) => id === "flag-dark")).toEqual({
      id: "flag-dark",
      kind: "dark",
      exposure: 0,
      soakSeconds: 600,
    });
  });

  it("leave the code out where it serves everybody already, and nowhere else", () => {
    const snapshot = aSnapshot("1.2.4");
    const planned = (release: Parameters<typeof buildPlan>[1]) =>
      idsOf(buildPlan(policy, release, { version: "1.2.4", identity: snapshot.identity }).steps);
    expect(planned(aRelease("1.2.4"))).toEqual(["flag-dark", ...phases]);
    expect(planned(aRelease("1.2.3"))).toEqual([...code, "flag-dark", ...phases]);
    expect(planned({ ...aRelease("1.2.4"), candidate: aSnapshot("1.2.5") })[0]).toBe("5");
    expect(planned(undefined)[0]).toBe("5");
    expect(planned(null)).toEqual(["install"]);
  });

  it("write nothing while the code is dark", () => {
    expect(recordSteps(flagSteps(aFlag()))).toEqual(phases);
  });

  it("move the flag from the dark step on, and the service before it", () => {
    expect(steps.filter(({ id }) => movesFlag(steps, id)).map(({ id }) => id)).toEqual([
      "flag-dark",
      ...phases,
    ]);
    expect(movesFlag(steps, "revert")).toBe(false);
    expect(movesFlag(stepsOf(aPolicy(), { installed: true }), "100")).toBe(false);
  });

  it("have exposures of the service alone, whose two sides stand beside each other", () => {
    expect(exposuresOf(steps).map(({ exposure }) => exposure)).toEqual([5, 20, 50, 100]);
    expect(servesAsOne(steps)).toBe(false);
  });
});

describe("the plan of a flag", () => {
  it("names it, with the hash of its definition, so that an approval is of this one", () => {
    const planOf = (flag: FlagConfig) =>
      buildPlan(aPolicy({ strategy: "feature-flag", flag }), aRelease(), { version: "1.2.4" });
    const { flag } = planOf(aFlag());
    expect(flag).toMatchObject({ id: aFlagSpec().id, by: "targeting", refreshSeconds: 5 });
    expect(flag?.sha256).toMatch(/^[0-9a-f]{64}$/);
    expect(planOf(aFlag({ spec: nobody })).flag?.sha256).not.toBe(flag?.sha256);
  });

  it("counts the watches of both: code and phases", () => {
    const { duration } = buildPlan(aPolicy({ strategy: "feature-flag", flag: aFlag() }), aRelease(), {
      version: "1.2.4",
    });
    expect(duration.minSeconds).toBe(4 * 900 + 30 + 5 * 300);
  });

  it.each(["feature-flag", "combined"] as const)("%s without one is refused", (strategy) => {
    expect(() => stepsOf(aPolicy({ strategy }), { installed: true })).toThrow(
      expect.objectContaining({ code: "flag-missing", path: "rollout.flag" }),
    );
  });

  it("a canary beside a flag is a canary", () => {
    const plan = buildPlan(aPolicy({ flag: aFlag() }), aRelease(), { version: "1.2.4" });
    expect([idsOf(plan.steps), plan.flag]).toEqual([code, undefined]);
  });
});
