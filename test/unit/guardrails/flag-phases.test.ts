import { describe, expect, it } from "vitest";
import { exposureSteps } from "../../../policy-packs/rollout-guardrails/policies/exposure-steps.ts";
import { flagPhases } from "../../../policy-packs/rollout-guardrails/policies/flag-phases.ts";
import { betaExposure } from "../../../src/lib/strategies.ts";
import { checkResource, unknown } from "../../support/guardrails.ts";

const type = "rollouts:index:FeatureFlagRollout";
// The guide's phases.
const increments = [10, 25, 50, 100];
const flag = { beta: { users: 2, groups: [{ name: "hunter2", percentage: 100 }] } };
const check = (intent: object, more: object = { flag }) =>
  checkResource(flagPhases, { type, props: { intent, ...more } });

describe("flag-phases", () => {
  it.each([
    [0, betaExposure],
    [betaExposure, 10],
    [10, 25],
    [25, 50],
    [50, 100],
    [25, 25],
    [0, 0],
    [100, 0],
    [25, 0],
    [betaExposure, 0],
  ])("lets %d → %d pass", async (from, to) => {
    expect(await check({ from, to, increments })).toEqual([]);
  });

  it.each([
    [0, 10, "its named tenants", "beta"],
    [betaExposure, 25, "10 %", "10"],
    [10, 50, "25 %", "25"],
    [25, 100, "50 %", "50"],
    [10, 26, "25 %", "25"],
    [10, 24, "25 %", "25"],
  ])("refuses %d → %d: the next phase is %s", async (from, to, next, step) => {
    const [found, ...more] = await check({ from, to, increments });
    expect(found).toContain(`to ${to} %, and the next phase is ${next}. `);
    expect(found).toContain(`Write: pulumi config set step ${step}; beside a service flag-${step}.`);
    expect(more).toEqual([]);
  });

  it.each([
    [50, 25],
    [100, 50],
    [10, betaExposure],
  ])("refuses to take it from some alone: %d → %d", async (from, to) => {
    expect(await check({ from, to, increments })).toEqual([
      expect.stringContaining("takes it from some tenants and not from others. Switch it off for everybody"),
    ]);
  });

  it.each([[[50, 25, 100]], [[10, 10, 100]], [[10, 101]], [[0, 100]], [[10, "25"]]])(
    "refuses phases that don't ascend: %j",
    async (phases) => {
      const found = await check({ from: 0, to: 0, increments: phases }, {});
      expect(found).toEqual([expect.stringContaining("Write rollout.flag.phases in ascending order")]);
    },
  );

  it("has no beta where nobody is named, and no growth without phases", async () => {
    expect(await check({ from: 0, to: 10, increments }, {})).toEqual([]);
    expect(await check({ from: 0, to: betaExposure, increments }, {})).toHaveLength(1);
    expect(await check({ from: 10, to: 25 })).toEqual([expect.stringContaining("none: there is no plan")]);
    expect(await check({ from: 100, to: 0 })).toEqual([]);
  });

  it.each([[-1], [101], ["50"], [undefined]])("refuses %j as a share", async (to) => {
    expect(await check({ from: 0, to, increments })).toEqual([expect.stringContaining("intent.to is")]);
  });

  it.each([
    ["intent", { intent: unknown.object }],
    ["intent.to", { intent: { from: 0, to: unknown.number, increments } }],
    ["intent.increments", { intent: { from: 0, to: 10, increments: unknown.list } }],
    ["flag.beta", { intent: { from: 0, to: 10, increments }, flag: { beta: unknown.object } }],
  ])("refuses what a preview doesn't know: %s", async (path, props) => {
    expect(await checkResource(flagPhases, { type, props })).toEqual([
      expect.stringContaining(`${path} is not known in a preview`),
    ]);
  });

  it("is the one rule on a flag's exposure, and on nothing else", async () => {
    const props = { intent: { from: 0, to: 50, increments }, flag };
    expect(await checkResource(exposureSteps, { type, props })).toEqual([]);
    expect(await checkResource(flagPhases, { type: "rollouts:index:CanaryDeployment", props })).toEqual([]);
  });
});
