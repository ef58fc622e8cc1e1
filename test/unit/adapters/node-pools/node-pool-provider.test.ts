import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { nodePoolInputs } from "../../../../src/adapters/node-pools/node-pool-inputs.ts";
import { create, diff, read, update } from "../../../../src/adapters/node-pools/node-pool-provider.ts";
import { providerSource, slotProviderSource } from "../../../../src/components/slot-release-provider.ts";
import { nodeBuildLabel } from "../../../../src/plan/identity.ts";
import { type KubeWorld, startKubeWorld } from "./kube-world.ts";
import { newBuild, oldBuild } from "./pools-world.ts";

const shape = { pool: "work", nodes: 2, maxSurge: "1", drainTimeoutSeconds: 60 };
const oldInputs = { ...shape, build: oldBuild, kubernetesVersion: "1.33.5" };
const newInputs = { ...shape, build: newBuild, kubernetesVersion: "1.34.2", nodeImage: "202511.06.0" };
const oldState = { ...oldInputs, servedBy: oldBuild };
const newState = { ...newInputs, servedBy: newBuild };

describe("differences of a NodePoolRelease", () => {
  const stored = { changes: true, replaces: [] };
  const none = { changes: false, replaces: [] };
  it.each<[string, object, object, object]>([
    ["the same", oldState, oldInputs, none],
    ["another build", oldState, newInputs, stored],
    [
      "pods that a lever has moved, seen by a refresh",
      { ...newState, servedBy: oldBuild },
      newInputs,
      stored,
    ],
    ["a move that was broken off", { ...newState, servedBy: "" }, newInputs, stored],
    ["more nodes", oldState, { ...oldInputs, nodes: 3 }, stored],
    ["another surge", oldState, { ...oldInputs, maxSurge: "33%" }, stored],
    ["another drain time", oldState, { ...oldInputs, drainTimeoutSeconds: 1 }, stored],
    ["another Kubernetes version", oldState, { ...oldInputs, kubernetesVersion: "1.33.6" }, stored],
    ["a node image", oldState, { ...oldInputs, nodeImage: "202511.06.0" }, stored],
    ["another cluster's kubeconfig", oldState, { ...oldInputs, context: "other" }, stored],
    ["the way back alone", oldState, { ...oldInputs, back: true }, none],
    ["a way back that is over", { ...oldState, back: true }, oldInputs, none],
    ["another pool", oldState, { ...oldInputs, pool: "batch" }, { changes: true, replaces: ["pool"] }],
  ])("%s", async (_what, olds, news, expected) => {
    expect(await diff("work", { ...olds, __provider: "text" }, { ...news, __provider: "text" })).toEqual(
      expected,
    );
  });
});

describe("inputs of a NodePoolRelease", () => {
  it("are taken out of what the engine adds", () => {
    expect(nodePoolInputs({ ...newState, __provider: "text" })).toEqual(newInputs);
    expect(nodePoolInputs({ ...oldInputs, back: true })).toEqual({ ...oldInputs, back: true });
  });

  it("are refused with every problem, and without a value", () => {
    const broken = { ...newInputs, build: "", nodes: 0, maxSurge: "some", kubeconfig: 5, back: "a-value" };
    try {
      nodePoolInputs(broken);
      expect.unreachable();
    } catch (error) {
      const { issues } = error as { issues: { path: string }[] };
      expect(issues.map(({ path }) => path).toSorted()).toEqual([
        ...["back", "build", "kubeconfig", "maxSurge", "nodes"],
      ]);
      expect(JSON.stringify(error)).not.toContain("a-value");
    }
  });
});

describe("a NodePoolRelease over the API", () => {
  let world: KubeWorld;
  beforeEach(async () => {
    world = await startKubeWorld();
    vi.stubEnv("PULUMI_ROLLOUTS_KUBE_SERVER", world.server.endpoint);
    vi.stubEnv("PULUMI_ROLLOUTS_DRAIN_LIMITS", '{"pollMs":1,"readyMs":5}');
  });
  afterEach(async () => {
    vi.unstubAllEnvs();
    await world.server.close();
  });

  it("is made without a write where the build's nodes are the only ones", async () => {
    world.model.remove("worknew");
    expect(await create(oldInputs)).toEqual({ id: "work", outs: oldState });
    expect(world.writes()).toEqual([]);
  });

  it("moves forward, and back with back: the way is not kept", async () => {
    expect(await update("work", oldState, newInputs)).toEqual({ outs: newState });
    expect([world.side(oldBuild), world.side(newBuild)]).toEqual([
      ["false 0", "false 0"],
      ["true 3", "true 3"],
    ]);
    // The way back asks for no number and no version of nodes.
    const back = { ...oldInputs, nodes: 9, kubernetesVersion: "1.0.0", back: true };
    expect(await update("work", newState, back)).toEqual({
      outs: { ...oldInputs, nodes: 9, kubernetesVersion: "1.0.0", servedBy: oldBuild },
    });
    expect(world.side(oldBuild)).toEqual(["true 3", "true 3"]);
  });

  it("stores what doesn't move a pod, without waiting for the nodes that are asked for", async () => {
    await update("work", oldState, newInputs);
    const before = world.writes().length;
    const more = { ...newInputs, nodes: 50, maxSurge: "33%" };
    expect(await update("work", newState, more)).toEqual({ outs: { ...more, servedBy: newBuild } });
    expect(world.writes()).toHaveLength(before);
  });

  it("does not believe a state that is no longer so", async () => {
    expect(await update("work", newState, { ...newInputs, maxSurge: "2" })).toMatchObject({
      outs: { servedBy: newBuild },
    });
    expect(world.side(oldBuild)).toEqual(["false 0", "false 0"]);
  });

  it("asks for the nodes of a build that it has not stored yet, though the pods are there", async () => {
    await update("work", oldState, newInputs);
    await expect(update("work", oldState, { ...newInputs, nodes: 3 })).rejects.toMatchObject({
      code: "nodes-not-ready",
    });
    expect(await update("work", oldState, newInputs)).toEqual({ outs: newState });
  });

  it("waits for nodes as long as it is told to, and touches nothing", async () => {
    await expect(update("work", oldState, { ...newInputs, nodes: 3 })).rejects.toMatchObject({
      code: "nodes-not-ready",
    });
    expect(world.writes()).toEqual([]);
  });

  it("reads who serves: nobody while pods are on both sides", async () => {
    const props = { ...oldState, __provider: "text" };
    const both = await read("work", props);
    expect(both.props["servedBy"], "both sides take pods").toBe("");
    expect(both).toEqual({
      ...{ id: "work", props: { ...props, servedBy: "" } },
      inputs: { ...oldInputs, __provider: "text" },
    });
    for (const node of world.model.nodes()) {
      const unschedulable = node.labels[nodeBuildLabel] === oldBuild;
      world.model.change(node, { unschedulable, labels: node.labels, annotations: {} });
    }
    expect((await read("work", props)).props["servedBy"], "pods are left on the old side").toBe("");
    await update("work", oldState, newInputs);
    expect((await read("work", props)).props["servedBy"]).toBe(newBuild);
    world.model.remove("workold");
    world.model.remove("worknew");
    expect((await read("work", props)).props["servedBy"], "there is no node").toBe("");
    await world.server.close();
    await expect(read("work", props)).rejects.toMatchObject({ code: "kube-api" });
  });
});

describe("the provider's source", () => {
  const of = { className: "Some", variable: "SOME_PROVIDER", module: "some/provider" };

  it("evaluates to what the engine calls, and to nothing else", () => {
    const module = { exports: {} as { handler?: () => object } };
    new Function("exports", "require", providerSource(of))(module.exports, () => ({}));
    expect(Object.keys(module.exports.handler?.() ?? {})).toEqual(["create", "read", "update", "diff"]);
  });

  it("differs between resources by three names alone", () => {
    const source = providerSource(of)
      .replace("SOME_PROVIDER", "PULUMI_ROLLOUTS_SLOT_PROVIDER")
      .replace("some/provider", "pulumi-rollouts/slot-provider")
      .replace("Some needs", "SlotRelease needs");
    expect(source).toBe(slotProviderSource);
  });
});
