import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { productionReplicas } from "../../../policy-packs/rollout-guardrails/policies/production-replicas.ts";
import { checkStack, unknown } from "../../support/guardrails.ts";
import { aStack, type Made, withProps } from "../../support/guardrails-objects.ts";
import { type ProjectFolder, projectFolder } from "../../support/stack-config.ts";
import { validConfig } from "../config/valid-config.ts";

let folder: ProjectFolder;
beforeEach(() => {
  folder = projectFolder();
  folder.write(validConfig);
});
afterEach(() => folder.remove());

async function found(
  replicas: unknown,
  parameters: object = {},
  made: Made = {},
): Promise<readonly string[]> {
  const stack = aStack(made);
  const deployment = withProps(stack["deployment"], { "spec replicas": replicas });
  const all = Object.values({ ...stack, deployment });
  return (await checkStack(productionReplicas, all, parameters)).map(({ text }) => text);
}

describe("production-replicas", () => {
  it("advises the guide's six, and not more than that", async () => {
    expect(productionReplicas.enforcementLevel).toBe("advisory");
    expect(await found(6)).toEqual([]);
    expect(await found(5)).toEqual([
      expect.stringContaining("replicas is 5, and this stack's services have 6 pods"),
    ]);
  });

  it("counts an autoscaler's minimum, and not the candidate", async () => {
    const hpa = (min: number): Made => ({ settings: { hpa: { min, max: 12, cpuPercent: 70 } } });
    expect(await found(undefined, {}, hpa(6))).toEqual([]);
    expect(await found(undefined, {}, hpa(5))).toEqual([
      expect.stringContaining("the autoscaler's minimum is 5"),
    ]);
    expect(await found(6, {}, { step: "5" })).toEqual([]);
  });

  it.each(["test", "staging", "development"])("asks nothing of %s", async (preset) => {
    folder.write({ ...validConfig, preset });
    expect(await found(1)).toEqual([]);
    expect(await found(1, { presets: [preset], replicas: 2 })).toHaveLength(1);
  });

  it("goes by its parameters", async () => {
    expect(await found(3, { replicas: 3 })).toEqual([]);
    expect(await found(2, { replicas: 3 })).toEqual([expect.stringContaining("3 pods at the least")]);
  });

  it("finds what a preview doesn't know", async () => {
    expect(await found(unknown.number)).toEqual([expect.stringContaining("spec.replicas is not known")]);
  });
});
