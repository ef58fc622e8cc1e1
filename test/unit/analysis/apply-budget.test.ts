import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { applyBudget } from "../../../src/analysis/apply-budget.ts";
import { isUntouched, planBudget, questionOf } from "../../../src/analysis/budget-sight.ts";
import { budgetTerms, priorities } from "../../../src/analysis/budget-terms.ts";
import { budgetNotes } from "../../../src/analysis/budget-text.ts";
import { stepsOf } from "../../../src/plan/steps.ts";
import type { EnvironmentPolicy } from "../../../src/types/policy.ts";
import { aPolicy } from "../../support/builders.ts";

const exposures = ({ increments }: EnvironmentPolicy) => increments.map(({ exposure }) => exposure);
const asking = (required: number) => aPolicy({ approvals: { required, cab: true, expedited: false } });

describe("a policy under a budget", () => {
  it("is the same where it goes as planned, and where it doesn't go", () => {
    const policy = aPolicy();
    for (const band of ["safe", "defer", "freeze"] as const) {
      expect(applyBudget(policy, budgetTerms({ band }))).toBe(policy);
    }
  });

  it("caution: half of the first weight with its own soak, one more approval, nothing else", () => {
    const policy = asking(2);
    const { increments, approvals, ...rest } = applyBudget(policy, budgetTerms({ band: "caution" }));
    const { increments: _i, approvals: _a, ...before } = policy;
    expect(rest).toEqual(before);
    expect(increments).toEqual([{ exposure: 2, soakSeconds: 900 }, ...policy.increments.slice(1)]);
    expect(approvals).toEqual({ required: 3, cab: true, expedited: false });
  });

  it.each([
    [0, 3],
    [1, 3],
    [2, 3],
    [3, 4],
  ])("an override of a freeze where %i are asked for: %i", (required, asked) => {
    const terms = budgetTerms({ band: "freeze", priority: "p0", incident: "INC-7" });
    const policy = applyBudget(asking(required), terms);
    expect(policy.approvals.required).toBe(asked);
    expect(exposures(policy)).toEqual([2, 20, 50, 100]);
  });

  it("keeps exposures whole, ascending and as many, under every band", () => {
    const weights = fc
      .uniqueArray(fc.integer({ min: 1, max: 99 }), { maxLength: 8 })
      .map((list) => [...list.sort((a, b) => a - b), 100]);
    const bands = fc.constantFrom("safe", "caution", "unknown", "defer", "freeze");
    fc.assert(
      fc.property(weights, bands, fc.constantFrom(...priorities), (before, band, priority) => {
        const increments = before.map((exposure) => ({ exposure, soakSeconds: 900 }));
        const policy = aPolicy({ increments });
        const under = applyBudget(policy, budgetTerms({ band, priority, incident: "INC-7" }));
        const after = exposures(under);
        expect(after).toHaveLength(before.length);
        expect(after.slice(1)).toEqual(before.slice(1));
        expect(
          after.every((value, index) => Number.isInteger(value) && value > (after[index - 1] ?? 0)),
        ).toBe(true);
        expect(stepsOf(under, { installed: true })).toHaveLength(stepsOf(policy, { installed: true }).length);
        expect(under.approvals.required).toBeGreaterThanOrEqual(policy.approvals.required);
      }),
    );
  });
});

describe("the budget of a plan", () => {
  const safe = {
    band: "safe",
    total: 1,
    targetPercent: 99.9,
    actualPercent: 100,
    totalPercent: 0.1,
    usedPercent: 0,
    leftPercent: 0.1,
    remainingPercent: 100,
    badAllowed: 0.001,
    badUsed: 0,
  } as const;

  it("names what was asked for, and leaves out what is normal", () => {
    const sight = { budget: safe, burn: [], errors: [] };
    expect(planBudget(sight, { priority: "normal", incident: " " })).toEqual({
      band: "safe",
      burn: "unknown",
    });
    expect(planBudget(sight, { priority: "p0", incident: " INC-7 " })).toMatchObject({
      priority: "p0",
      incident: "INC-7",
    });
  });

  it("comes to the same question again; a priority of another release is a normal one", () => {
    const planned = { band: "freeze", burn: "fires", priority: "p0", incident: "INC-7" } as const;
    expect(questionOf(planned, "hotfix")).toEqual({ ...planned, change: "hotfix" });
    expect(questionOf({ band: "defer", priority: "sometime" }, undefined)).toEqual({ band: "defer" });
  });

  it("is told to approvers where the plan doesn't go as the policy says", () => {
    expect(budgetNotes(undefined)).toEqual([]);
    expect(budgetNotes({ band: "safe", priority: "p0" })).toEqual([]);
    expect(budgetNotes({ band: "caution" })).toEqual(["The error budget is at caution."]);
    expect(budgetNotes({ band: "safe", burn: "fires", priority: "p0" })).toEqual([
      "The error budget is at safe, and burns fast, asked for as p0.",
    ]);
    expect(budgetNotes({ band: "unknown", burn: "unknown" })).toEqual([
      "The error budget is at unknown, and nobody knows how fast it burns.",
    ]);
    expect([isUntouched({ band: "safe" }), isUntouched({ band: "safe", burn: "unknown" })]).toEqual([
      true,
      false,
    ]);
  });
});
