import { describe, expect, it } from "vitest";
import { hpaPdb } from "../../../policy-packs/rollout-guardrails/policies/hpa-pdb.ts";
import { type AResource, checkStack, unknown } from "../../support/guardrails.ts";
import { aStack, type Made, withProps } from "../../support/guardrails-objects.ts";

const hpa = { min: 6, max: 12, cpuPercent: 70 };
const scaled: Made = { step: "20", settings: { hpa, pdb: { minAvailable: 1 } } };
const fixed: Made = { step: "50", settings: { pdb: { minAvailable: 4 } } };

/** What is found where one resource of a stack differs. */
async function found(made: Made, key?: string, changes: Readonly<Record<string, unknown>> = {}) {
  const stack = aStack(made);
  const all = key === undefined ? stack : { ...stack, [key]: withProps(stack[key], changes) };
  return checkStack(hpaPdb, Object.values(all));
}
const texts = async (...of: Parameters<typeof found>) => (await found(...of)).map(({ text }) => text);

/** Who wrote the number of pods, as the API server tells it. */
const managed = (manager: string, operation: string) => ({
  "spec replicas": 9,
  "metadata managedFields": [{ manager, operation, fieldsV1: { "f:spec": { "f:replicas": {} } } }],
});

describe("hpa-pdb", () => {
  it.each([{}, scaled, fixed, { step: "5", settings: { hpa, pdb: { minAvailable: "50%" } } }] as Made[])(
    "lets what a component makes pass: %j",
    async (made) => expect(await texts(made)).toEqual([]),
  );

  it("finds a Deployment that writes replicas under an autoscaler", async () => {
    const [finding, ...rest] = await found(scaled, "deployment", { "spec replicas": 6 });
    expect(rest).toEqual([]);
    expect(finding?.text).toBe(
      "replicas is written as 6, and an autoscaler has the say, from 6 pods on. Leave spec.replicas out.",
    );
    expect(finding?.urn).toMatch(/Deployment::api$/);
  });

  it("lets the candidate write what its autoscaler's minimum says, and nothing else", async () => {
    expect(await texts(scaled, "deployment-canary", { "spec replicas": 3 })).toEqual([
      expect.stringContaining("replicas is written as 3, and an autoscaler has the say, from 2"),
    ]);
  });

  it.each([
    ["kube-controller-manager", "Update", 0],
    ["kubectl-scale", "Update", 0],
    ["pulumi-kubernetes-1a2b", "Apply", 1],
    ["pulumi-resource-kubernetes", "Update", 1],
  ])("asks the cluster who wrote it: %s by %s", async (manager, operation, count) => {
    expect(await texts(scaled, "deployment", managed(manager, operation))).toHaveLength(count);
  });

  it.each([
    [{ "spec minReplicas": 0 }, "minReplicas is 0"],
    [{ "spec maxReplicas": 5 }, "maxReplicas is 5, below minReplicas 6"],
    [{ "spec maxReplicas": undefined }, "maxReplicas is nothing"],
    [{ "spec scaleTargetRef name": "another" }, "target is no Deployment of this stack"],
    [{ "metadata namespace": "another" }, "target is no Deployment of this stack"],
    [{ "spec scaleTargetRef kind": "StatefulSet" }, "target is no Deployment of this stack"],
  ])("finds an autoscaler with %j", async (changes, what) => {
    expect(await texts(scaled, "hpa", changes)).toContainEqual(expect.stringContaining(what));
  });

  it.each([
    [{ "spec minAvailable": 5 }, []],
    [{ "spec minAvailable": 6 }, ["the budget keeps 6 of 6 pods, so no node"]],
    [{ "spec minAvailable": 0 }, ["the budget keeps none of 6 pods"]],
    [{ "spec minAvailable": "84%" }, ["the budget keeps 6 of 6 pods"]],
    [{ "spec minAvailable": "83%" }, []],
    [{ "spec minAvailable": undefined }, ["neither minAvailable nor maxUnavailable"]],
    [{ "spec minAvailable": "most" }, ["neither minAvailable nor maxUnavailable"]],
    [{ "spec minAvailable": undefined, "spec maxUnavailable": 1 }, []],
    [{ "spec minAvailable": undefined, "spec maxUnavailable": 0 }, ["the budget keeps 6 of 6 pods"]],
    [{ "spec minAvailable": undefined, "spec maxUnavailable": 6 }, ["the budget keeps none of 6 pods"]],
  ])("a budget of %j", async (changes, wanted) => {
    expect(await texts(fixed, "pdb", changes)).toEqual(wanted.map((text) => expect.stringContaining(text)));
  });

  it("counts a budget against the autoscaler's minimum", async () => {
    expect(await texts(scaled, "pdb", { "spec minAvailable": 6 })).toEqual([
      expect.stringContaining("keeps 6 of 6"),
    ]);
  });

  it("lets a candidate of one pod go without one", async () => {
    expect(await texts({ ...fixed, step: "5" })).toEqual([]);
    expect(await texts({ ...fixed, step: "5" }, "pdb-canary", { "spec minAvailable": 1 })).toEqual([
      expect.stringContaining("keeps 1 of 1 pods"),
    ]);
  });

  it("finds what a preview doesn't know", async () => {
    expect(await texts(scaled, "hpa", { "spec minReplicas": unknown.number })).toEqual([
      expect.stringContaining("spec.minReplicas is not known"),
    ]);
  });

  it("judges objects of others only if it is told to", async () => {
    const broken = withProps(aStack(scaled)["hpa"], { "spec maxReplicas": 1 });
    const { within: _within, ...foreign } = { ...broken, parent: null } satisfies AResource;
    expect(await checkStack(hpaPdb, [foreign])).toEqual([]);
    expect(await checkStack(hpaPdb, [foreign], { everywhere: true })).toHaveLength(2);
  });
});
