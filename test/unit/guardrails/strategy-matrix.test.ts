import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { strategyMatrix } from "../../../policy-packs/rollout-guardrails/policies/strategy-matrix.ts";
import { checkResource, unknown } from "../../support/guardrails.ts";
import { type ProjectFolder, projectFolder } from "../../support/stack-config.ts";
import { validConfig } from "../config/valid-config.ts";

const type = "rollouts:index:CanaryDeployment";
let folder: ProjectFolder;
beforeEach(() => {
  folder = projectFolder();
});
afterEach(() => folder.remove());

async function found(intent: object, rollout: object = {}): Promise<readonly string[]> {
  folder.write({ ...validConfig, ...rollout });
  return await checkResource(strategyMatrix, { type, props: { intent } });
}

describe("strategy-matrix", () => {
  // The guide's "Deployment Strategy Decision Matrix".
  it.each([
    ["new-feature", "canary"],
    ["bug-fix", "rolling"],
    ["major-version", "blue-green"],
    ["hotfix", "direct"],
    ["infrastructure", "rolling"],
    ["breaking-api", "feature-flag"],
  ])("lets a %s come by %s", async (change, strategy) => {
    expect(await found({ change, strategy })).toEqual([]);
  });

  it.each([
    ["new-feature", "direct", "canary"],
    ["bug-fix", "canary", "rolling"],
    ["major-version", "rolling", "blue-green"],
    ["hotfix", "canary", "direct"],
    ["infrastructure", "direct", "rolling"],
    ["breaking-api", "canary", "feature-flag"],
  ])("refuses a %s by %s: the matrix gives it %s", async (change, strategy, picked) => {
    expect(await found({ change, strategy })).toEqual([
      `the version comes by ${strategy}, and the matrix gives a ${change} there ${picked}. Leave rollout.strategy out, or write rollout.strategyReason beside it.`,
    ]);
  });

  it("lets another strategy pass with its reason, recorded in the rollout or in config", async () => {
    const other = { change: "bug-fix", strategy: "canary" };
    expect(await found({ ...other, reason: "the schema changes" })).toEqual([]);
    expect(await found({ ...other, reason: " " })).toHaveLength(1);
    const own = { strategy: "rolling", strategyReason: "the schema is unchanged" };
    expect(await found({ strategy: "rolling" }, own)).toEqual([]);
  });

  it("goes by the environment where nobody says what the version brings", async () => {
    expect(await found({ strategy: "canary" })).toEqual([]);
    expect(await found({ strategy: "direct" })).toEqual([
      expect.stringContaining("the matrix gives production's own rollouts canary"),
    ]);
    expect(await found({ strategy: "direct" }, { preset: "hotfix" })).toEqual([]);
    expect(await found({ strategy: "rolling" }, { preset: "test" })).toEqual([]);
  });

  it("has nothing to say of a settled stack, or of a flag", async () => {
    expect(await found({ from: 0, to: 0 })).toEqual([]);
    const flag = {
      type: "rollouts:index:FeatureFlagRollout",
      props: { intent: { strategy: "feature-flag" } },
    };
    expect(await checkResource(strategyMatrix, flag)).toEqual([]);
  });

  it("refuses what it doesn't know, and quotes none of it", async () => {
    const [text] = await found({ strategy: "hunter2-hunter2" });
    expect(text).toContain("the strategy something else");
    expect(text).not.toContain("hunter2");
    expect(await found({ strategy: "canary", change: "hunter2-hunter2" })).toEqual([
      expect.stringContaining("canary for something else"),
    ]);
  });

  it("refuses what a preview doesn't know, and a config that isn't there", async () => {
    folder.write(validConfig);
    const unknowns = [{ intent: unknown.object }, { intent: { strategy: unknown.string } }];
    for (const props of unknowns)
      expect(await checkResource(strategyMatrix, { type, props })).toEqual([
        expect.stringContaining("is not known in a preview"),
      ]);
    const elsewhere = { type, props: { intent: { strategy: "canary" } }, stack: "other" };
    expect(await checkResource(strategyMatrix, elsewhere)).toEqual([
      expect.stringContaining("Pulumi.other.yaml can't be read"),
    ]);
  });
});
