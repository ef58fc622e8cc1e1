import { describe, expect, it } from "vitest";
import { exposureSteps } from "../../../policy-packs/rollout-guardrails/policies/exposure-steps.ts";
import { checkResource, unknown } from "../../support/guardrails.ts";

const type = "rollouts:index:CanaryDeployment";
// The guide's increments.
const increments = [5, 20, 50, 100];
const check = (intent: object) => checkResource(exposureSteps, { type, props: { intent } });

describe("exposure-steps", () => {
  it.each([
    [0, 5],
    [5, 20],
    [20, 50],
    [50, 100],
    [20, 20],
    [50, 0],
    [100, 5],
  ])("lets %i %% → %i %% pass", async (from, to) => {
    expect(await check({ from, to, increments })).toEqual([]);
  });

  it.each([
    [0, 20, 5],
    [5, 50, 20],
    [5, 100, 20],
    [20, 21, 50],
    [0, 4, 5],
  ])("refuses %i %% → %i %%: the next increment is %i %%", async (from, to, next) => {
    expect(await check({ from, to, increments })).toEqual([
      `exposure goes from ${from} % to ${to} %, and the next increment is ${next} %. Write: pulumi config set step ${next}.`,
    ]);
  });

  it("refuses growth where the stack says no increments", async () => {
    expect(await check({ from: 0, to: 5 })).toEqual([expect.stringContaining("there is no plan")]);
  });

  it.each([[-1], [101], ["50"], [undefined], [null]])("refuses %j as a share", async (to) => {
    expect(await check({ from: 0, to, increments })).toEqual([expect.stringContaining("intent.to is")]);
  });

  it.each([
    ["intent.to", { intent: { from: 0, to: unknown.number, increments } }],
    ["intent.from", { intent: { from: unknown.number, to: 5, increments } }],
    ["intent", { intent: unknown.object }],
  ])("refuses what a preview doesn't know: %s", async (path, props) => {
    const found = await checkResource(exposureSteps, { type, props });
    expect(found).toEqual([expect.stringContaining(`${path} is not known in a preview`)]);
  });

  it("has nothing to say of other resources", async () => {
    const other = { type: "kubernetes:core/v1:Service", props: { intent: { from: 0, to: 50 } } };
    expect(await checkResource(exposureSteps, other)).toEqual([]);
  });
});
