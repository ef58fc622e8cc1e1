import { describe, expect, it } from "vitest";
import {
  forgetIntent,
  goesBack,
  noteIntent,
} from "../../../policy-packs/rollout-guardrails/lib/going-back.ts";
import { exposureSteps } from "../../../policy-packs/rollout-guardrails/policies/exposure-steps.ts";
import { checkResource } from "../../support/guardrails.ts";

const type = "rollouts:index:CanaryDeployment";

describe("an operation that takes a rollout back", () => {
  it.each([
    [{ step: "revert", from: 50, to: 0 }, true],
    [{ step: "revert", from: 0, to: 0 }, true],
    [{ step: "revert", from: 0, to: 100 }, false],
    [{ step: "promote-switch", from: 100, to: 0 }, false],
    [{ step: "20", from: 5, to: 20 }, false],
    [undefined, false],
  ])("%j: %s", (intent, back) => {
    forgetIntent();
    noteIntent(type, { intent });
    expect(goesBack()).toBe(back);
  });

  it("is one to its end, whatever components come after", () => {
    forgetIntent();
    noteIntent(type, { intent: { step: "revert", from: 50, to: 0 } });
    noteIntent("rollouts:index:FeatureFlagRollout", { intent: { step: "off", from: 0, to: 0 } });
    noteIntent("kubernetes:apps/v1:Deployment", {});
    expect(goesBack()).toBe(true);
  });

  it("is judged by no rule", async () => {
    const props = { intent: { step: "revert", from: 100, to: 7, increments: [5, 20] } };
    expect(await checkResource(exposureSteps, { type, props })).toEqual([]);
    forgetIntent();
  });
});
