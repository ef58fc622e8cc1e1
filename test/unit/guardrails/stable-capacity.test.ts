import { describe, expect, it } from "vitest";
import { stableCapacity } from "../../../policy-packs/rollout-guardrails/policies/stable-capacity.ts";
import { checkStack, unknown } from "../../support/guardrails.ts";
import { aStack, type Made, withProps } from "../../support/guardrails-objects.ts";

const scaled: Made = { step: "20", settings: { hpa: { min: 2, max: 12, cpuPercent: 70 } } };

async function found(made: Made, key: string, changes: Readonly<Record<string, unknown>>) {
  const stack = aStack(made);
  return checkStack(stableCapacity, Object.values({ ...stack, [key]: withProps(stack[key], changes) }));
}

describe("stable-capacity", () => {
  it.each([{}, { step: "5" }, { step: "100" }, scaled] as Made[])("lets %j pass", async (made) => {
    expect(await checkStack(stableCapacity, Object.values(aStack(made)))).toEqual([]);
  });

  it.each([
    [{ step: "20" }, "deployment", { "spec replicas": 5 }, /^stable's replicas is 5, and stable had 6 pods/],
    [{ step: "100" }, "deployment", { "spec replicas": 0 }, /^stable's replicas is 0, and/],
    [scaled, "hpa", { "spec minReplicas": 5 }, /^the minimum of stable's autoscaler is 5, and stable had 6/],
    [scaled, "hpa", { "spec minReplicas": undefined }, /^the minimum of stable's autoscaler is 1, and/],
    [{ step: "20" }, "component", { stableReplicas: 7 }, /^stable's replicas is 6, and stable had 7 pods/],
    [
      { step: "20" },
      "component",
      { stableReplicas: "six" },
      /^stable's replicas is 6, and stable had a string/,
    ],
  ] as const)("%j: finds %s with %j", async (made, key, changes, text) => {
    const [finding, ...rest] = await found(made, key, changes);
    expect(rest).toEqual([]);
    expect(finding?.text).toMatch(text);
    expect(finding?.text).toContain("until the candidate is promoted");
    expect(finding?.urn).toMatch(key === "hpa" ? /HorizontalPodAutoscaler::api$/ : /Deployment::api$/);
  });

  it("has nothing to say once the candidate is gone, nor of the candidate", async () => {
    expect(await found({}, "deployment", { "spec replicas": 1 })).toEqual([]);
    expect(await found({ step: "20" }, "deployment-canary", { "spec replicas": 1 })).toEqual([]);
  });

  it("finds what a preview doesn't know", async () => {
    const [finding] = await found({ step: "20" }, "deployment", { "spec replicas": unknown.number });
    expect(finding?.text).toContain("spec.replicas is not known");
  });
});
