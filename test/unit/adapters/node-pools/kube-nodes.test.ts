import { afterEach, describe, expect, it, vi } from "vitest";
import { openKubeNodes } from "../../../../src/adapters/node-pools/kube-nodes.ts";
import { movePool } from "../../../../src/adapters/node-pools/move.ts";
import { openNodePools } from "../../../../src/adapters/node-pools/open-node-pools.ts";
import { createVirtualClock } from "../../../../src/sandbox/clock.ts";
import {
  closedPort,
  type FakeAnswer,
  type HttpFake,
  json,
  type SeenRequest,
  startHttpFake,
} from "../../../support/http-fake.ts";
import { startKubeFake } from "../../../support/http-fake-kube.ts";
import { type KubeWorld, startKubeWorld } from "./kube-world.ts";
import { newBuild, oldBuild } from "./pools-world.ts";

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  vi.unstubAllEnvs();
  for (const close of closing.splice(0)) await close();
});

async function aCluster(options = {}): Promise<KubeWorld> {
  const world = await startKubeWorld(options);
  closing.push(world.server.close);
  return world;
}

async function aServer(answer: (request: SeenRequest) => FakeAnswer): Promise<HttpFake> {
  const server = await startHttpFake(answer);
  closing.push(server.close);
  return server;
}

const list = (items: readonly unknown[], more = {}) => json({ kind: "List", metadata: more, items });
const refusal = (code: number, reason: string, message: string) =>
  json({ kind: "Status", status: "Failure", reason, message, code }, code);
const web1 = { namespace: "prod", name: "web-1", uid: "uid-1" };

describe("nodes and pods over the API of a cluster", () => {
  it("reads nodes of the asked pools with their labels and versions", async () => {
    const { server, model } = await aCluster();
    const api = openKubeNodes({ server: server.endpoint });
    const found = await api.nodes(["system", "work"]);
    expect(found).toHaveLength(4);
    expect(found[0]).toEqual({
      ...{ name: "aks-workold-vmss000000", pool: "work", build: oldBuild, ready: true, schedulable: true },
      kubeletVersion: "v1.33.5",
      nodeImage: "AKSUbuntu-2204gen2containerd-202511.06.0",
    });
    expect(await api.nodes(["system"])).toEqual([]);
    expect(await api.serverVersion()).toBe("v1.34.2");
    model.controlPlane = "1.35.0";
    expect(await api.serverVersion()).toBe("v1.35.0");
  });

  it("reads the pods of one node, and what controls them", async () => {
    const { server, model } = await aCluster();
    const api = openKubeNodes({ server: server.endpoint });
    const found = await api.podsOn("aks-workold-vmss000000");
    expect(found).toHaveLength(model.pods().filter(({ node }) => node === "aks-workold-vmss000000").length);
    expect(new Set(found.map(({ owner }) => owner))).toEqual(new Set(["ReplicaSet", "DaemonSet"]));
    expect(found.find(({ owner }) => owner === "ReplicaSet")).toMatchObject({
      ...{ namespace: "apps", labels: { app: "app-work" }, phase: "Running" },
      ...{ mirror: false, terminating: false, uid: expect.stringMatching(/^[0-9a-f-]{36}$/) },
    });
  });

  it("cordons and uncordons one node, and no other", async () => {
    const { server, model } = await aCluster();
    const api = openKubeNodes({ server: server.endpoint });
    await api.cordon("aks-workold-vmss000001", true);
    expect(model.nodes().map(({ unschedulable }) => unschedulable)).toEqual([false, true, false, false]);
    expect((await api.nodes(["work"])).map(({ schedulable }) => schedulable)).toEqual([
      true,
      false,
      true,
      true,
    ]);
    await api.cordon("aks-workold-vmss000001", false);
    expect((await api.nodes(["work"])).every(({ schedulable }) => schedulable)).toBe(true);
    await expect(api.cordon("nowhere", true)).rejects.toThrow(
      /cordon node nowhere: HTTP 404 NotFound: .*nowhere/,
    );
  });

  it("evicts within the budget, and takes no other pod of the name for the one that was meant", async () => {
    const { server, model } = await aCluster();
    const api = openKubeNodes({ server: server.endpoint });
    const [pod] = (await api.podsOn("aks-workold-vmss000000")).filter(({ owner }) => owner === "ReplicaSet");
    if (!pod) expect.unreachable();
    const before = model.pods().length;
    expect(await api.evict({ ...pod, uid: "another" })).toBe("gone");
    expect(model.pods().some(({ uid }) => uid === pod.uid)).toBe(true);
    expect(await api.evict(pod)).toBe("accepted");
    expect(model.pods().some(({ uid }) => uid === pod.uid)).toBe(false);
    expect(model.pods()).toHaveLength(before);
    expect(await api.evict(pod)).toBe("gone");
  });

  it("says what holds an eviction, and finds it before it touches anything", async () => {
    const { server, writes } = await aCluster({ stuck: true });
    const api = openKubeNodes({ server: server.endpoint });
    const [held] = (await api.podsOn("aks-workold-vmss000000")).filter(({ owner }) => owner === "ReplicaSet");
    if (!held) expect.unreachable();
    expect(await api.evict(held)).toBe("blocked");
    expect(await api.budgets()).toEqual([
      {
        ...{ namespace: "apps", name: "app-work", disruptionsAllowed: 0, room: 0 },
        selector: { matchLabels: { app: "app-work" } },
      },
    ]);
    const written = writes().length;
    const want = { nodes: 2, kubernetesVersion: "1.34.2" };
    const clock = createVirtualClock({ startMs: 0 });
    const move = { api, clock, pool: "work", build: newBuild, maxSurge: "1", drainTimeoutSeconds: 60, want };
    await expect(movePool({ ...move, direction: "forward" })).rejects.toMatchObject({
      code: "drain-blocked",
      message: expect.stringContaining("apps/app-work allows 0 disruptions"),
    });
    expect(writes()).toHaveLength(written);
  });

  it("a pool moves there and back, by the lever too", async () => {
    const { server, side, writes } = await aCluster();
    const clock = createVirtualClock({ startMs: 0 });
    const api = openKubeNodes({ server: server.endpoint });
    const want = { nodes: 2, kubernetesVersion: "1.34.2", nodeImage: "202511.06.0" };
    const common = { api, clock, pool: "work", maxSurge: "1", drainTimeoutSeconds: 60 };
    await movePool({ ...common, build: newBuild, direction: "forward", want });
    expect([side(oldBuild), side(newBuild)]).toEqual([
      ["false 0", "false 0"],
      ["true 3", "true 3"],
    ]);
    const written = writes().length;
    await movePool({ ...common, build: newBuild, direction: "forward", want });
    expect(writes()).toHaveLength(written);

    const config = { kind: "node-pools" as const, pools: ["work"], maxSurge: "1", drainTimeoutSeconds: 60 };
    const opened = openNodePools({ config, clock, server: server.endpoint, limits: { pollMs: 1 } });
    const lever = opened.leverFor({ stable: `1.33.5+${oldBuild}`, candidate: `1.34.2+${newBuild}` });
    expect(await lever.read()).toMatchObject({ exposure: 100, accepted: true });
    expect(await opened.preflight.run({ version: "1.34.2-202511.06.0" })).toEqual([]);
    await lever.setExposure(0);
    expect(await lever.read()).toMatchObject({ exposure: 0, accepted: true, hasCandidate: true });
    expect([side(oldBuild), side(newBuild)]).toEqual([
      ["true 3", "true 3"],
      ["false 0", "false 0"],
    ]);
  });
});

describe("what the client sends", () => {
  it("asks page by page until there is no more", async () => {
    const pages = [["a", "b"], ["c", "d"], ["e"]];
    const server = await aServer(({ url }) => {
      const at = Number(url.searchParams.get("continue") ?? "0");
      const items = pages[at]?.map((name) => ({ metadata: { name, labels: {} } })) ?? [];
      return list(items, at + 1 < pages.length ? { continue: String(at + 1) } : {});
    });
    const api = openKubeNodes({ server: server.url, pageSize: 2 });
    expect((await api.nodes(["work"])).map(({ name }) => name)).toEqual(["a", "b", "c", "d", "e"]);
    const queries = server.requests.map(({ url }) => url.searchParams);
    expect(queries.map((query) => query.get("continue"))).toEqual([null, "1", "2"]);
    expect(queries.map((query) => query.get("limit"))).toEqual(["2", "2", "2"]);
    expect(new Set(queries.map((query) => query.get("labelSelector")))).toEqual(
      new Set(["pulumi-rollouts/pool in (work)"]),
    );
    expect((await api.podsOn("n")).length).toBe(5);
    expect((await api.budgets()).length).toBe(5);
    expect(server.requests.at(-1)?.url.pathname).toBe("/apis/policy/v1/poddisruptionbudgets");
  });

  it("writes as its own field manager, and an eviction of that very pod", async () => {
    const server = await aServer(() => json({ kind: "Status", status: "Success" }, 201));
    const api = openKubeNodes({ server: server.url });
    await api.cordon("node-1", true);
    await api.evict(web1);
    const [patch, eviction] = server.requests;
    expect(patch).toMatchObject({ method: "PATCH", body: '{"spec":{"unschedulable":true}}' });
    expect(patch?.headers["content-type"]).toBe("application/merge-patch+json");
    expect(patch?.url.pathname).toBe("/api/v1/nodes/node-1");
    expect(eviction?.url.pathname).toBe("/api/v1/namespaces/prod/pods/web-1/eviction");
    expect(JSON.parse(eviction?.body ?? "")).toEqual({
      ...{ apiVersion: "policy/v1", kind: "Eviction", metadata: { namespace: "prod", name: "web-1" } },
      deleteOptions: { preconditions: { uid: "uid-1" } },
    });
    for (const { url } of server.requests)
      expect(url.searchParams.get("fieldManager")).toBe("rollouts-lever");
  });

  it("reads what is there, and takes what isn't for the worst", async () => {
    const mirror = { "kubernetes.io/config.mirror": "hash" };
    const owned = (controller: boolean) => [
      { apiVersion: "v1", kind: "Job", name: "j", uid: "j", controller },
    ];
    const now = "2026-01-15T10:00:00Z";
    const pods = [
      { metadata: { name: "static", namespace: "kube-system", uid: "1", annotations: mirror } },
      {
        metadata: { name: "job", uid: "2", ownerReferences: owned(true), deletionTimestamp: now },
        status: { phase: "Running" },
      },
      { metadata: { name: "owned", uid: "3", ownerReferences: owned(false) } },
    ];
    const expressions = [
      { key: "app", operator: "NotIn", values: ["x"] },
      { key: "tier", operator: "Exists" },
    ];
    const budgets = [
      { metadata: { namespace: "prod", name: "new" }, spec: { selector: { matchExpressions: expressions } } },
      {
        metadata: { namespace: "prod", name: "all" },
        spec: { selector: {} },
        status: { disruptionsAllowed: 2, expectedPods: 5, desiredHealthy: 2 },
      },
      { metadata: { namespace: "prod", name: "none" }, spec: {}, status: { disruptionsAllowed: 0 } },
    ];
    const nodes = [
      { metadata: { name: "bare" } },
      { metadata: { name: "sick" }, status: { conditions: [{ type: "Ready", status: "Unknown" }] } },
    ];
    const by: Record<string, readonly unknown[]> = {
      "/api/v1/nodes": nodes,
      "/api/v1/pods": pods,
      "/apis/policy/v1/poddisruptionbudgets": budgets,
    };
    const server = await aServer(({ url }) => list(by[url.pathname] ?? []));
    const api = openKubeNodes({ server: server.url });
    expect(await api.nodes(["work"])).toEqual(
      ["bare", "sick"].map((name) => ({
        ...{ name, pool: "", build: "", ready: false, schedulable: true, kubeletVersion: "" },
      })),
    );
    expect(await api.podsOn("n")).toEqual([
      expect.objectContaining({ name: "static", mirror: true, phase: "Unknown", terminating: false }),
      expect.objectContaining({ name: "job", owner: "Job", terminating: true, phase: "Running" }),
      expect.not.objectContaining({ owner: "Job" }),
    ]);
    expect(await api.budgets()).toEqual([
      {
        ...{ namespace: "prod", name: "new", disruptionsAllowed: 0, room: 0 },
        selector: { matchExpressions: [expressions[0], { ...expressions[1], values: [] }] },
      },
      { namespace: "prod", name: "all", selector: {}, disruptionsAllowed: 2, room: 3 },
      { namespace: "prod", name: "none", disruptionsAllowed: 0, room: 0 },
    ]);
  });
});

describe("what the client throws", () => {
  it.each<[number, string, object]>([
    [403, "kube-denied", { exit: "auth", hint: expect.stringContaining("pods/eviction") }],
    [401, "kube-denied", { exit: "auth" }],
    [500, "kube-api", { exit: "resource" }],
  ])("names the object, the status and the reason of a %i", async (code, ours, more) => {
    const server = await aServer(() => refusal(code, "SomeReason", "because of this"));
    const api = openKubeNodes({ server: server.url });
    const error = await api.evict(web1).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: ours, ...more });
    expect((error as Error).message).toContain(`evict pod prod/web-1: HTTP ${code}`);
    if (code !== 401) expect((error as Error).message).toContain("SomeReason: because of this");
    await expect(api.nodes(["work"])).rejects.toThrow(`list the nodes of work: HTTP ${code}`);
    await expect(api.podsOn("a")).rejects.toThrow("list the pods on node a");
    await expect(api.budgets()).rejects.toThrow("list the disruption budgets");
    await expect(api.serverVersion()).rejects.toThrow("control plane's version");
  });

  it.each([
    [429, "blocked"],
    [404, "gone"],
    [409, "gone"],
  ])("takes a %i for %s where it is an eviction's", async (code, said) => {
    const server = await aServer(() => refusal(code, "Reason", "message"));
    const api = openKubeNodes({ server: server.url });
    expect(await api.evict(web1)).toBe(said);
    await expect(api.cordon("a", true)).rejects.toMatchObject({ status: code });
  });

  it("takes an answer without a list for no list", async () => {
    const server = await aServer(() => json({ hello: "world" }));
    const api = openKubeNodes({ server: server.url });
    await expect(api.nodes(["work"])).rejects.toThrow("holds no list");
  });

  it("waits no longer than its time, and stops with the caller's own reason", async () => {
    const server = await aServer(() => "hang");
    const api = openKubeNodes({ server: server.url, timeoutMs: 30 });
    await expect(api.nodes(["work"])).rejects.toMatchObject({
      ...{ code: "kube-api", message: "Could not list the nodes of work: no answer in time." },
    });
    // The time of the first may be over before it was sent.
    const before = server.requests.length;
    const patient = openKubeNodes({ server: server.url });
    const reason = new Error("asked to stop");
    const stop = new AbortController();
    const asking = patient.podsOn("a", stop.signal);
    asking.catch(() => {});
    await expect.poll(() => server.requests.length).toBeGreaterThan(before);
    stop.abort(reason);
    await expect(asking).rejects.toBe(reason);
  });

  it("says what is wrong with the way there", async () => {
    const api = openKubeNodes({ server: `http://127.0.0.1:${closedPort}` });
    await expect(api.nodes(["work"])).rejects.toThrow(/list the nodes of work: ECONNREFUSED/);
  });
});

describe("which cluster", () => {
  it("a given server needs no kubeconfig, and none is read", async () => {
    const { server } = await aCluster();
    vi.stubEnv("KUBECONFIG", "/nowhere/kubeconfig");
    const place = { kubeconfig: "/nowhere/either", context: "nobody's" };
    expect(await openKubeNodes({ ...place, server: server.endpoint }).nodes(["work"])).toHaveLength(4);
    await expect(openKubeNodes(place).nodes(["work"])).rejects.toMatchObject({
      ...{ code: "kubeconfig-invalid", exit: "config", path: "rollout.lever" },
    });
  });

  it("else the kubeconfig's, with its login, and the context that is asked for", async () => {
    const kube = await startKubeFake();
    closing.push(kube.close);
    kube.override = () => list([]);
    const { kubeconfig } = kube;
    expect(await openKubeNodes({ kubeconfig }).nodes(["work"])).toEqual([]);
    expect(kube.requests[0]?.headers["authorization"]).toMatch(/^Bearer /);
    await expect(openKubeNodes({ kubeconfig, context: "nowhere" }).nodes(["work"])).rejects.toMatchObject({
      code: "kube-api",
    });
    await expect(openKubeNodes({ kubeconfig, context: "other" }).nodes(["work"])).rejects.toThrow(
      'no context "other"; it has here, nowhere',
    );
  });
});
