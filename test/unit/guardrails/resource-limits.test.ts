import { describe, expect, it } from "vitest";
import { resourceLimits } from "../../../policy-packs/rollout-guardrails/policies/resource-limits.ts";
import { checkResource, unknown } from "../../support/guardrails.ts";
import { aStack, withProps } from "../../support/guardrails-objects.ts";

const base = aStack()["deployment"];
const resources = "spec template spec containers 0 resources";

describe("resource-limits", () => {
  const check = (changes: Readonly<Record<string, unknown>>, parameters: object = {}) =>
    checkResource(resourceLimits, withProps(base, changes), parameters);

  it("is advice", () => expect(resourceLimits.enforcementLevel).toBe("advisory"));

  it.each([[{}], [{ [`${resources} limits cpu`]: 2 }], [{ [`${resources} limits cpu`]: "0.5" }]])(
    "lets %j pass",
    async (changes) => {
      expect(await check(changes)).toEqual([]);
    },
  );

  it.each([
    [{ [`${resources} limits cpu`]: undefined }, "resources.limits lacks cpu."],
    [{ [`${resources} limits memory`]: "0" }, "resources.limits lacks memory."],
    [{ [`${resources} requests cpu`]: "" }, "resources.requests lacks cpu."],
    [{ [`${resources} requests`]: undefined }, "resources.requests lacks cpu and memory."],
    [
      { "spec template spec initContainers": [{ resources: { limits: { cpu: 1, memory: "1Gi" } } }] },
      "initContainers[0]",
    ],
  ])("finds %j", async (changes, what) => {
    expect(await check(changes)).toEqual([expect.stringContaining(what)]);
  });

  it("finds what a preview doesn't know, and goes by its parameters", async () => {
    expect(await check({ [`${resources} limits cpu`]: unknown.string })).toEqual([
      expect.stringContaining("limits.cpu is not known"),
    ]);
    expect(await check({ [`${resources} limits cpu`]: undefined }, { limits: ["memory"] })).toEqual([]);
  });
});
