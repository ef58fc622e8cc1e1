import { connect } from "node:net";
import {
  type ApiException,
  CoreV1Api,
  KubeConfig,
  PatchStrategy,
  PolicyV1Api,
  setHeaderOptions,
  VersionApi,
} from "@kubernetes/client-node";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createNodesModel, type NodesModel } from "../../../src/sandbox/nodes/model.ts";
import { type KubeServer, startKubeServer } from "../../../src/sandbox/nodes/server.ts";

let model: NodesModel;
let server: KubeServer;
let core: CoreV1Api;
let config: KubeConfig;

function put(agentPoolName: string, build: string): void {
  model.put({
    resourceGroupName: "atp-prod",
    resourceName: "atp",
    agentPoolName,
    count: 2,
    mode: "System",
    vmSize: "Standard_D4s_v5",
    orchestratorVersion: "1.34.2",
    nodeLabels: { "pulumi-rollouts/pool": "work", "pulumi-rollouts/build": build },
    nodeTaints: ["CriticalAddonsOnly=true:NoSchedule"],
  });
}

beforeEach(async () => {
  model = createNodesModel({ now: () => Date.UTC(2026, 0, 5, 9), controlPlane: "1.34.2" });
  server = await startKubeServer(model);
  put("work1", "old");
  config = new KubeConfig();
  // The client takes http only where it is told to verify nothing.
  config.loadFromClusterAndUser(
    { name: "sandbox", server: server.endpoint, skipTLSVerify: true },
    { name: "nobody" },
  );
  core = config.makeApiClient(CoreV1Api);
});

afterEach(() => server.close());

/** What the API says of a refused call. */
async function refusalOf(call: Promise<unknown>): Promise<{ code: number; body: Record<string, unknown> }> {
  const error = await call.then(
    () => undefined,
    (thrown: ApiException<string>) => thrown,
  );
  if (error === undefined) throw new Error("the call was not refused");
  return { code: error.code, body: typeof error.body === "string" ? JSON.parse(error.body) : error.body };
}

const name = "aks-work1-vmss000000";
const evict = (pod: string, more: object = {}) =>
  core.createNamespacedPodEviction({
    namespace: "apps",
    name: pod,
    body: { metadata: { name: pod, namespace: "apps" }, ...more },
  });
const patch = (body: unknown, strategy: string, more: object = {}) =>
  core.patchNode({ name, body, ...more }, setHeaderOptions("Content-Type", strategy));

describe("reading", () => {
  it("says the control plane's version", async () => {
    const version = await config.makeApiClient(VersionApi).getCode();
    expect(version).toMatchObject({ major: "1", minor: "34", gitVersion: "v1.34.2" });
  });

  it("gives nodes in the API's own shape", async () => {
    const node = await core.readNode({ name });
    expect(node).toMatchObject({
      apiVersion: "v1",
      kind: "Node",
      metadata: {
        name,
        labels: { "pulumi-rollouts/pool": "work" },
        creationTimestamp: new Date(Date.UTC(2026, 0, 5, 9)),
      },
      spec: { taints: [{ key: "CriticalAddonsOnly", value: "true", effect: "NoSchedule" }] },
      status: { nodeInfo: { kubeletVersion: "v1.34.2" }, conditions: [{ type: "Ready", status: "True" }] },
    });
    expect(node.spec?.unschedulable).toBeUndefined();
    expect(await refusalOf(core.readNode({ name: "nobody" }))).toMatchObject({
      code: 404,
      body: { kind: "Status", reason: "NotFound", message: 'nodes "nobody" not found' },
    });
  });

  it("narrows nodes by every form of label selector, and takes limit and continue", async () => {
    put("work2", "new");
    const found = async (labelSelector: string) => {
      const { items } = await core.listNode({ labelSelector, limit: 500, _continue: "" });
      return items.map((node) => node.metadata?.name?.slice(4, 9));
    };
    const build = "pulumi-rollouts/build";
    expect(await found(`${build}=new,pulumi-rollouts/pool=work`)).toEqual(["work2", "work2"]);
    expect(await found(`${build}==old`)).toEqual(["work1", "work1"]);
    expect(await found(`${build}!=old`)).toEqual(["work2", "work2"]);
    expect(await found(`${build} in (old, other),agentpool`)).toEqual(["work1", "work1"]);
    expect(await found(`${build} notin (old)`)).toEqual(["work2", "work2"]);
    expect(await found("!agentpool")).toEqual([]);
    expect(await found("nothing")).toEqual([]);
    expect(await refusalOf(core.listNode({ labelSelector: "a===b" }))).toMatchObject({ code: 400 });
  });

  it("gives the pods of a node, with what made them", async () => {
    const { items } = await core.listPodForAllNamespaces({ fieldSelector: `spec.nodeName=${name}` });
    expect(items.map((pod) => pod.metadata?.ownerReferences?.[0]?.kind).sort()).toEqual([
      "DaemonSet",
      "ReplicaSet",
      "ReplicaSet",
      "ReplicaSet",
    ]);
    const apps = await core.listPodForAllNamespaces({ labelSelector: "app=app-work" });
    expect(apps.items).toHaveLength(6);
    const pod = apps.items[0]?.metadata;
    expect(await core.readNamespacedPod({ namespace: "apps", name: pod?.name ?? "" })).toMatchObject({
      metadata: { uid: pod?.uid, namespace: "apps" },
      spec: { nodeName: name, nodeSelector: { "pulumi-rollouts/pool": "work" } },
      status: { phase: "Running", containerStatuses: [{ ready: true }] },
    });
    expect(await refusalOf(core.listPodForAllNamespaces({ fieldSelector: "spec.made=up" }))).toMatchObject({
      code: 400,
    });
  });

  it("computes a budget's status", async () => {
    const { items } = await config.makeApiClient(PolicyV1Api).listPodDisruptionBudgetForAllNamespaces();
    expect(items).toMatchObject([
      {
        metadata: { name: "app-work", namespace: "apps" },
        spec: { selector: { matchLabels: { app: "app-work" } } },
        status: { expectedPods: 6, currentHealthy: 6, desiredHealthy: 5, disruptionsAllowed: 1 },
      },
    ]);
  });

  it("answers what it does not serve as the API server does", async () => {
    expect(await refusalOf(core.listNamespace())).toMatchObject({
      code: 404,
      body: { kind: "Status", status: "Failure", reason: "NotFound", code: 404 },
    });
    expect(server.calls.at(-1)).toBe("GET /api/v1/namespaces");
  });
});

describe("cordoning", () => {
  it.each([
    ["a merge patch", { spec: { unschedulable: true } }, PatchStrategy.MergePatch],
    ["a strategic one", { spec: { unschedulable: true } }, PatchStrategy.StrategicMergePatch],
    [
      "a JSON patch",
      [
        { op: "test", path: "/metadata/labels/pulumi-rollouts~1pool", value: "work" },
        { op: "test", path: "/spec/unschedulable", value: null },
        { op: "add", path: "/spec/unschedulable", value: true },
      ],
      PatchStrategy.JsonPatch,
    ],
  ])("takes %s", async (_kind, body, strategy) => {
    const node = await patch(body, strategy, { fieldManager: "rollouts-lever" });
    expect(node.spec).toMatchObject({ unschedulable: true });
    expect(node.spec?.taints?.map(({ key }) => key)).toContain("node.kubernetes.io/unschedulable");
    expect(model.nodes().map(({ unschedulable }) => unschedulable)).toEqual([true, false]);
    const back = await patch([{ op: "remove", path: "/spec/unschedulable" }], PatchStrategy.JsonPatch);
    expect(back.spec?.unschedulable).toBeUndefined();
    expect(Number(back.metadata?.resourceVersion)).toBeGreaterThan(Number(node.metadata?.resourceVersion));
  });

  it("keeps labels and annotations, and undoes them by null", async () => {
    const mark = { metadata: { annotations: { "pulumi-rollouts/cordoned": "yes" } } };
    expect((await patch(mark, PatchStrategy.MergePatch)).metadata?.annotations).toEqual(
      mark.metadata.annotations,
    );
    const none = { metadata: { annotations: { "pulumi-rollouts/cordoned": null } } };
    expect((await patch(none, PatchStrategy.MergePatch)).metadata?.annotations).toBeUndefined();
  });

  it.each([
    [
      "a failing test",
      [{ op: "test", path: "/spec/unschedulable", value: true }],
      PatchStrategy.JsonPatch,
      422,
    ],
    [
      "a replace of nothing",
      [{ op: "replace", path: "/spec/unschedulable", value: true }],
      PatchStrategy.JsonPatch,
      422,
    ],
    ["a value of another type", { spec: { unschedulable: "yes" } }, PatchStrategy.MergePatch, 400],
    [
      "an old resourceVersion",
      { metadata: { resourceVersion: "0" }, spec: { unschedulable: true } },
      PatchStrategy.MergePatch,
      409,
    ],
    ["server-side apply", { spec: { unschedulable: true } }, PatchStrategy.ServerSideApply, 415],
  ])("refuses %s whole", async (_what, body, strategy, code) => {
    const both = Array.isArray(body)
      ? [{ op: "add", path: "/metadata/labels/x", value: "1" }, ...body]
      : body;
    expect(await refusalOf(patch(both, strategy))).toMatchObject({ code, body: { kind: "Status", code } });
    expect(model.nodes()[0]).toMatchObject({ unschedulable: false });
    expect(model.nodes()[0]?.labels).not.toHaveProperty("x");
  });

  it("changes nothing in a dry run", async () => {
    const node = await patch({ spec: { unschedulable: true } }, PatchStrategy.MergePatch, { dryRun: "All" });
    expect(node.spec?.unschedulable).toBe(true);
    expect((await core.readNode({ name })).spec?.unschedulable).toBeUndefined();
  });
});

describe("evicting", () => {
  const podsOn = async (node: string) => {
    const { items } = await core.listPodForAllNamespaces({
      fieldSelector: `spec.nodeName=${node},metadata.namespace=apps`,
    });
    return items.map(({ metadata }) => ({ name: metadata?.name ?? "", uid: metadata?.uid ?? "" }));
  };

  it("moves the pods of an old node to new ones", async () => {
    put("work2", "new");
    for (const node of model.nodes().filter(({ pool }) => pool === "work1"))
      await core.patchNode(
        { name: node.name, body: { spec: { unschedulable: true } } },
        setHeaderOptions("Content-Type", PatchStrategy.StrategicMergePatch),
      );
    const pods = await podsOn(name);
    expect(pods).toHaveLength(3);
    for (const pod of pods) await evict(pod.name);
    expect(await podsOn(name)).toEqual([]);
    expect(await refusalOf(evict(pods[0]?.name ?? ""))).toMatchObject({
      code: 404,
      body: { reason: "NotFound" },
    });
    const moved = await Promise.all(["aks-work2-vmss000000", "aks-work2-vmss000001"].map(podsOn));
    expect(moved.map((of) => of.length)).toEqual([2, 1]);
  });

  it("refuses with the API server's 429 what the budget forbids", async () => {
    for (const node of model.nodes())
      model.change(node, { unschedulable: true, labels: node.labels, annotations: {} });
    const [first, second] = await podsOn(name);
    await evict(first?.name ?? "");
    expect(await refusalOf(evict(second?.name ?? ""))).toMatchObject({
      code: 429,
      body: {
        kind: "Status",
        reason: "TooManyRequests",
        message: "Cannot evict pod as it would violate the pod's disruption budget.",
        details: { causes: [{ reason: "DisruptionBudget" }] },
      },
    });
    const pending = await core.listPodForAllNamespaces({ fieldSelector: "status.phase=Pending" });
    expect(pending.items).toHaveLength(1);
    expect(await podsOn(name)).toHaveLength(2);
  });

  it("heeds a uid and a dry run", async () => {
    const [pod] = await podsOn(name);
    const wrong = { deleteOptions: { preconditions: { uid: "another" } } };
    expect(await refusalOf(evict(pod?.name ?? "", wrong))).toMatchObject({ code: 409 });
    await evict(pod?.name ?? "", { deleteOptions: { dryRun: ["All"] } });
    expect(await podsOn(name)).toContainEqual(pod);
    await evict(pod?.name ?? "", { deleteOptions: { preconditions: { uid: pod?.uid } } });
    expect(await podsOn(name)).not.toContainEqual(pod);
  });
});

it("cuts what is under way when it closes", async () => {
  const { port } = new URL(server.endpoint);
  const socket = connect(Number(port), "127.0.0.1");
  const closed = new Promise((resolve) => socket.once("close", resolve));
  // A request whose body never comes.
  const begun =
    "POST /api/v1/namespaces/apps/pods/a/eviction HTTP/1.1\r\nHost: kube\r\nContent-Length: 9\r\n\r\n";
  await new Promise((resolve) => socket.write(begun, resolve));
  socket.on("error", () => {});
  await server.close();
  await closed;
  await expect(core.listNode()).rejects.toThrow();
});
