import { describe, expect, it } from "vitest";
import type { Manifest } from "../../../src/sandbox/manifest.ts";
import { createNodesModel, type NodesModel, type NodesOptions } from "../../../src/sandbox/nodes/model.ts";

const old = "aaaaaaaaaaaaaaaa";
const next = "bbbbbbbbbbbbbbbb";

function aCluster(options: Partial<NodesOptions> = {}): NodesModel {
  return createNodesModel({ now: () => 0, controlPlane: "1.34.2", ...options });
}

/** A pool as a program writes it: `work` of the old version unless said otherwise. */
function pool(agentPoolName: string, more: Manifest = {}, [lasting, build] = ["work", old]): Manifest {
  return {
    resourceGroupName: "atp-prod",
    resourceName: "atp",
    agentPoolName,
    count: 2,
    mode: "User",
    vmSize: "Standard_D4s_v5",
    osSKU: "Ubuntu",
    orchestratorVersion: "1.34.1",
    nodeLabels: { "pulumi-rollouts/pool": lasting, "pulumi-rollouts/build": build },
    ...more,
  };
}

const apps = (model: NodesModel) => model.pods().filter((pod) => pod.lasting !== undefined);
const on = (model: NodesModel, node: string) => apps(model).filter((pod) => pod.node === node);
const nodeNames = (model: NodesModel) => model.nodes().map(({ name }) => name);

function cordon(model: NodesModel, ...pools: readonly string[]): void {
  for (const node of model.nodes().filter((one) => pools.includes(one.pool)))
    model.change(node, { unschedulable: true, labels: node.labels, annotations: node.annotations });
}

describe("the nodes of a pool", () => {
  it("are made with its labels, its version and an image of their build's date", () => {
    const model = aCluster({ images: (build) => (build === next ? "202512.01.0" : undefined) });
    const facts = model.put(pool("work1"));
    expect(facts).toEqual({
      currentOrchestratorVersion: "1.34.1",
      nodeImageVersion: "AKSUbuntu-2204gen2containerd-202511.06.0",
    });
    expect(model.put(pool("work2", {}, ["work", next])).nodeImageVersion).toMatch(/-202512\.01\.0$/);
    expect(nodeNames(model)).toEqual([
      "aks-work1-vmss000000",
      "aks-work1-vmss000001",
      "aks-work2-vmss000000",
      "aks-work2-vmss000001",
    ]);
    expect(model.nodes()[0]).toMatchObject({
      version: "1.34.1",
      labels: {
        agentpool: "work1",
        "kubernetes.azure.com/node-image-version": "AKSUbuntu-2204gen2containerd-202511.06.0",
        "pulumi-rollouts/pool": "work",
        "pulumi-rollouts/build": old,
      },
    });
  });

  it("number as many as count, or as the autoscaler's minimum", () => {
    const model = aCluster();
    const { count: _count, ...scaled } = pool("work1", { enableAutoScaling: true, minCount: 3, maxCount: 9 });
    model.put(scaled);
    expect(nodeNames(model)).toHaveLength(3);
    model.put({ ...scaled, minCount: 4 });
    expect(nodeNames(model)).toHaveLength(4);
    model.put({ ...scaled, count: 1 });
    expect(nodeNames(model)).toEqual(["aks-work1-vmss000000"]);
  });

  it("follow an upgrade in place, and keep labels that others gave them", () => {
    const model = aCluster({ images: () => "202510.01.0" });
    model.put(pool("work1", { count: 1 }));
    const [node] = model.nodes();
    if (node === undefined) throw new Error("no node");
    model.change(node, { unschedulable: true, labels: { ...node.labels, mine: "1" }, annotations: {} });
    model.put(pool("work1", { count: 1, orchestratorVersion: "1.34.2" }, ["work", next]));
    expect(model.nodes()[0]).toMatchObject({
      version: "1.34.2",
      unschedulable: true,
      labels: { mine: "1", "pulumi-rollouts/build": next },
    });
  });
});

describe("what AKS refuses", () => {
  const refused: readonly [string, Manifest, RegExp][] = [
    ["a name with a dash", pool("work-1"), /InvalidParameter.*agentPoolName/],
    ["a name of 13", pool("abcdefghijklm"), /InvalidParameter.*agentPoolName/],
    ["a name that starts with a digit", pool("1work"), /InvalidParameter.*agentPoolName/],
    ["half a version", pool("work1", { orchestratorVersion: "1.34" }), /OrchestratorVersion is invalid/],
    [
      "a minor version above the control plane",
      pool("work1", { orchestratorVersion: "1.35.0" }),
      /NodePoolMcVersionIncompatible.*Minor version of node pool version 35 is bigger than control plane version 34/,
    ],
    [
      "a patch above it",
      pool("work1", { orchestratorVersion: "1.34.3" }),
      /NodePoolMcVersionIncompatible.*Patch version of node pool version 3 is bigger than control plane version 2/,
    ],
  ];

  it.each(refused)("%s, and makes no node", (_what, inputs, message) => {
    const model = aCluster();
    expect(() => model.put(inputs)).toThrow(message);
    expect(model.nodes()).toEqual([]);
  });

  it("takes a name of 12 and the control plane's own version", () => {
    const model = aCluster();
    model.put(pool("abcdefghijkl", { orchestratorVersion: "1.34.2" }));
    expect(model.nodes()).toHaveLength(2);
  });

  it("a lower version in a pool that is there; 1.34.10 is not lower than 1.34.9", () => {
    const model = aCluster({ controlPlane: "1.34.10" });
    model.put(pool("work1", { orchestratorVersion: "1.34.9" }));
    model.put(pool("work1", { orchestratorVersion: "1.34.10" }));
    expect(() => model.put(pool("work1", { orchestratorVersion: "1.34.9" }))).toThrow(
      /downgrade is not supported/,
    );
    expect(model.nodes()[0]?.version).toBe("1.34.10");
  });

  it("the end of the last system pool, by deletion or by another mode", () => {
    const model = aCluster();
    model.put(pool("sys1", { mode: "System" }, ["system", old]));
    model.put(pool("work1"));
    expect(() => model.remove("sys1")).toThrow(/There has to be at least one system agent pool/);
    expect(() => model.put(pool("sys1", {}, ["system", old]))).toThrow(/at least one system agent pool/);
    model.put(pool("sys2", { mode: "System" }, ["system", next]));
    model.remove("sys1");
    model.remove("work1");
    expect(model.pools().map(({ name }) => name)).toEqual(["sys2"]);
  });

  it("a pool of another cluster, as the sandbox has one", () => {
    const model = aCluster();
    model.put(pool("work1"));
    expect(() => model.put(pool("work2", { resourceName: "other" }))).toThrow(
      /has one cluster, atp-prod\/atp/,
    );
  });
});

describe("the pods of a pool", () => {
  it("start with its first nodes, three a node, spread evenly, and one DaemonSet pod on each", () => {
    const model = aCluster();
    model.put(pool("sys1", { mode: "System", count: 1 }, ["system", old]));
    model.put(pool("work1"));
    model.put(pool("work2", {}, ["work", next]));
    const counts = model.nodes().map(({ name }) => on(model, name).length);
    expect(counts).toEqual([3, 3, 3, 0, 0]);
    expect(apps(model).map(({ app }) => app)).toEqual([
      ...Array<string>(3).fill("app-system"),
      ...Array<string>(6).fill("app-work"),
    ]);
    const daemons = model.pods().filter(({ namespace }) => namespace === "kube-system");
    expect(daemons.map(({ node }) => node)).toEqual(nodeNames(model));
  });

  it("go to the schedulable node of their pool with the fewest pods, as other pods", () => {
    const model = aCluster();
    model.put(pool("sys1", { mode: "System", count: 1 }, ["system", old]));
    model.put(pool("work1", { count: 1 }));
    model.put(pool("work2", {}, ["work", next]));
    cordon(model, "work1");
    for (const pod of on(model, "aks-work1-vmss000000"))
      expect(model.evict(pod)).toEqual({ outcome: "evicted" });
    expect(
      ["aks-work1-vmss000000", "aks-work2-vmss000000", "aks-work2-vmss000001"].map(
        (name) => on(model, name).length,
      ),
    ).toEqual([0, 2, 1]);
    expect(on(model, "aks-sys1-vmss000000")).toHaveLength(3);
    expect(new Set(model.pods().map(({ name }) => name)).size).toBe(model.pods().length);
  });

  it("wait where no node takes them, which uses the budget up; the next node takes them", () => {
    const model = aCluster();
    model.put(pool("work1"));
    cordon(model, "work1");
    const [first, second] = apps(model);
    if (first === undefined || second === undefined) throw new Error("no pods");
    expect(model.budgets()).toMatchObject([{ currentHealthy: 6, desiredHealthy: 5, disruptionsAllowed: 1 }]);
    expect(model.evict(first)).toEqual({ outcome: "evicted" });
    expect(apps(model).filter(({ node }) => node === undefined)).toHaveLength(1);
    expect(model.budgets()).toMatchObject([{ currentHealthy: 5, disruptionsAllowed: 0, expectedPods: 6 }]);
    expect(model.evict(second)).toMatchObject({ outcome: "blocked", budget: { name: "app-work" } });
    model.put(pool("work2", { count: 1 }, ["work", next]));
    expect(on(model, "aks-work2-vmss000000")).toHaveLength(1);
    expect(model.evict(second)).toEqual({ outcome: "evicted" });
    expect(model.budgets()).toMatchObject([{ currentHealthy: 6, disruptionsAllowed: 1 }]);
  });

  it("are found by uid, and a dry eviction moves nothing", () => {
    const model = aCluster();
    model.put(pool("work1"));
    const [pod] = apps(model);
    if (pod === undefined) throw new Error("no pods");
    expect(model.evict({ ...pod, dryRun: true })).toEqual({ outcome: "evicted" });
    expect(apps(model)).toContain(pod);
    expect(model.evict({ ...pod, uid: "another" })).toEqual({ outcome: "other-pod" });
    expect(model.evict({ ...pod, name: "nobody" })).toEqual({ outcome: "missing" });
  });

  it("come back on their own node where a DaemonSet made them", () => {
    const model = aCluster();
    model.put(pool("work1", { count: 1 }));
    const daemon = model.pods().find(({ lasting }) => lasting === undefined);
    if (daemon === undefined) throw new Error("no daemon");
    cordon(model, "work1");
    expect(model.evict(daemon)).toEqual({ outcome: "evicted" });
    const again = model.pods().filter(({ lasting }) => lasting === undefined);
    expect(again).toMatchObject([{ node: daemon.node }]);
    expect(again[0]?.name).not.toBe(daemon.name);
  });

  it("are never lost: not by a deleted pool, a smaller one, nor the last one", () => {
    const model = aCluster();
    model.put(pool("work1"));
    model.put(pool("work2", {}, ["work", next]));
    model.remove("work1");
    expect(apps(model)).toHaveLength(6);
    expect(apps(model).every(({ node }) => node?.startsWith("aks-work2-"))).toBe(true);
    expect(model.violations).toEqual([
      "aks-work1-vmss000000 was deleted with 3 pods on it",
      "aks-work1-vmss000001 was deleted with 3 pods on it",
    ]);
    model.put(pool("work2", { count: 1 }, ["work", next]));
    expect(on(model, "aks-work2-vmss000000")).toHaveLength(6);
    model.remove("work2");
    expect(apps(model).map(({ node }) => node)).toEqual(Array(6).fill(undefined));
    expect(model.budgets()).toMatchObject([{ currentHealthy: 0, disruptionsAllowed: 0 }]);
    model.put(pool("work3", {}, ["work", next]));
    expect(apps(model).filter(({ node }) => node !== undefined)).toHaveLength(6);
  });

  it("that were moved first are no violation", () => {
    const model = aCluster();
    model.put(pool("work1"));
    model.put(pool("work2", {}, ["work", next]));
    cordon(model, "work1");
    for (const pod of apps(model)) model.evict(pod);
    model.remove("work1");
    expect(model.violations).toEqual([]);
    expect(apps(model)).toHaveLength(6);
  });

  it("of the stuck pool may go until there are nodes of a second build, and then never", () => {
    const model = aCluster({ stuck: "work" });
    const allowed = () => model.budgets().map(({ disruptionsAllowed }) => disruptionsAllowed);
    model.put(pool("sys1", { mode: "System" }, ["system", old]));
    model.put(pool("work1"));
    expect(allowed()).toEqual([1, 1]);
    model.put(pool("sys2", { mode: "System" }, ["system", next]));
    expect(allowed()).toEqual([1, 0]);
    const [system, work] = ["app-system", "app-work"].map((app) =>
      apps(model).find((pod) => pod.app === app),
    );
    if (system === undefined || work === undefined) throw new Error("no pods");
    expect(model.evict(system)).toEqual({ outcome: "evicted" });
    expect(model.evict(work)).toMatchObject({ outcome: "blocked", budget: { desiredHealthy: 6 } });
    model.remove("sys2");
    expect(allowed()).toEqual([1, 0]);
  });
});
