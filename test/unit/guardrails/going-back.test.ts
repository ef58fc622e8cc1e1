import { describe, expect, it } from "vitest";
import {
  forgetIntent,
  goesBack,
  noteIntent,
} from "../../../policy-packs/rollout-guardrails/lib/going-back.ts";
import { exposureSteps } from "../../../policy-packs/rollout-guardrails/policies/exposure-steps.ts";
import { checkResource } from "../../support/guardrails.ts";
import { projectFolder } from "../../support/stack-config.ts";

const type = "rollouts:index:CanaryDeployment";

const seen = (of: string, props: Record<string, unknown>) => ({
  type: of,
  urn: `urn:pulumi:prod::atp::${of}::atp-ingestion`,
  props,
});

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
    noteIntent(seen(type, { intent }));
    expect(goesBack()).toBe(back);
  });

  it("is what config asks for, where the record is restored to the letter", () => {
    const folder = projectFolder();
    const settled = { intent: { step: "install", from: 0, to: 0 } };
    const back = (props: Record<string, unknown>, step?: string) => {
      folder.write({}, "prod", step === undefined ? {} : { "atp:step": step });
      forgetIntent();
      noteIntent(seen(type, props));
      return goesBack();
    };
    expect(back(settled)).toBe(false);
    expect(back(settled, "revert")).toBe(true);
    expect(back({ ...settled, candidate: { version: "1.2.4" } }, "revert")).toBe(false);
    expect(back({ intent: { step: "5", from: 0, to: 5 } }, "revert")).toBe(false);
    forgetIntent();
    folder.remove();
  });

  it("is one to its end, whatever components come after", () => {
    forgetIntent();
    noteIntent(seen(type, { intent: { step: "revert", from: 50, to: 0 } }));
    noteIntent(seen("rollouts:index:FeatureFlagRollout", { intent: { step: "off", from: 0, to: 0 } }));
    noteIntent(seen("kubernetes:apps/v1:Deployment", {}));
    expect(goesBack()).toBe(true);
  });

  it("is judged by no rule", async () => {
    const props = { intent: { step: "revert", from: 100, to: 7, increments: [5, 20] } };
    expect(await checkResource(exposureSteps, { type, props })).toEqual([]);
    forgetIntent();
  });
});
