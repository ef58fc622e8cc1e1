import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openKubeNodes } from "../../src/adapters/node-pools/kube-nodes.ts";
import { movePool } from "../../src/adapters/node-pools/move.ts";
import { createNodePoolLever } from "../../src/adapters/node-pools/node-pool-lever.ts";
import type { NodesApi } from "../../src/adapters/node-pools/nodes-api.ts";
import { servedBy } from "../../src/adapters/node-pools/pool-reading.ts";
import { createPreflight } from "../../src/adapters/node-pools/preflight.ts";
import { wallClock } from "../../src/lib/wall-clock.ts";
import { nodeBuildLabel, nodePoolLabel } from "../../src/plan/identity.ts";
import type { NodePoolLeverConfig } from "../../src/types/node-pools.ts";
import { type ControlPlane, startControlPlane } from "../support/control-plane.ts";
import { mustSucceed } from "../support/kube-api.ts";
import { deployment } from "../support/manifests.ts";
import { waitUntil } from "../support/process.ts";
import { type RollingWatcher, watchRolling } from "../support/rolling-watch.ts";

// The pods of a pool between two sets of nodes, on the real API server, controllers and scheduler: evictions and
// disruption budgets are Kubernetes' own. Nodes and pods are kwok's: ready at once. The tests go on from each other.

const talk = (line: string) => console.log(line);
const namespace = "pools";
const pods = `/api/v1/namespaces/${namespace}/pods`;
const budgets = `/apis/policy/v1/namespaces/${namespace}/poddisruptionbudgets`;
const builds = { old: "aaaaaaaaaaaaaaaa", new: "bbbbbbbbbbbbbbbb" };
const names = (side: keyof typeof builds) => [1, 2, 3].map((number) => `${side}-${number}`);
const config: NodePoolLeverConfig = {
  ...{ kind: "node-pools", pools: ["work"], maxSurge: "34%", drainTimeoutSeconds: 60 },
};
const limits = { pollMs: 100, readyMs: 30_000 };

let dir: string;
let plane: ControlPlane;
let api: NodesApi;
let watcher: RollingWatcher;
/** What the nodes' kubelets say that they are. */
let kubernetesVersion: string;
beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), "pools-"));
  plane = await startControlPlane({ dir, log: talk });
  api = openKubeNodes({ kubeconfig: plane.kubeconfigPath });
  kubernetesVersion = (await api.serverVersion()).slice(1);
  await post("/api/v1/namespaces", { apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } });
  await makeNodes("old");
  watcher = watchRolling(plane, namespace);
  await post(`/apis/apps/v1/namespaces/${namespace}/deployments`, onPool(deployment("web", 6)));
  await watcher.waitFor("six pods", ({ ready }) => ready === 6);
  await makeNodes("new");
});
afterAll(async () => {
  watcher?.stop();
  await plane?.stop();
  rmSync(dir, { recursive: true, force: true });
});

const post = (path: string, body: unknown) => mustSucceed(plane.api, { method: "POST", path, body });

/** Three nodes of a build, as the scheduler takes them: Ready and without a taint. */
async function makeNodes(side: keyof typeof builds): Promise<void> {
  const labels = { [nodePoolLabel]: "work", [nodeBuildLabel]: builds[side] };
  for (const name of names(side)) {
    const path = `/api/v1/nodes/${name}`;
    await post("/api/v1/nodes", { apiVersion: "v1", kind: "Node", metadata: { name, labels } });
    const node = async () => (await plane.api({ path })).body;
    await waitUntil({
      what: `node ${name}`,
      timeoutMs: 60_000,
      ready: async () => {
        const { spec, status } = await node();
        const conditions: { type: string; status: string }[] = status?.conditions ?? [];
        const ready = conditions.some((one) => one.type === "Ready" && one.status === "True");
        return ready && (spec.taints ?? []).length === 0;
      },
    });
    // kwok's own version is none of Kubernetes.
    const body = { status: { nodeInfo: { kubeletVersion: `v${kubernetesVersion}` } } };
    await mustSucceed(plane.api, { method: "PATCH", path: `${path}/status`, body });
  }
}

/** A Deployment whose pods run on the pool alone. */
function onPool(manifest: ReturnType<typeof deployment>) {
  const { template } = manifest.spec;
  const spec = { ...template.spec, nodeSelector: { [nodePoolLabel]: "work" } };
  return { ...manifest, spec: { ...manifest.spec, template: { ...template, spec } } };
}

/** The one disruption budget, by its rule; waits until its controller has counted. */
async function setBudget(rule: object, allowed: number): Promise<void> {
  const path = `${budgets}/web`;
  await plane.api({ method: "DELETE", path });
  await post(budgets, {
    ...{ apiVersion: "policy/v1", kind: "PodDisruptionBudget", metadata: { name: "web" } },
    spec: { ...rule, selector: { matchLabels: { app: "web" } } },
  });
  await waitUntil({
    what: "the budget",
    timeoutMs: 30_000,
    ready: async () => {
      const { status } = (await plane.api({ path })).body;
      return (
        status?.expectedPods === 6 && status.currentHealthy === 6 && status.disruptionsAllowed === allowed
      );
    },
  });
}

/** Where the pods are, and which nodes take any: everything that a move changes. */
async function look() {
  const found = (await mustSucceed(plane.api, { path: pods })).body.items as {
    readonly metadata: { readonly name: string };
    readonly spec: { readonly nodeName?: string };
  }[];
  const nodes = await api.nodes(["work"]);
  return {
    pods: found.map(({ metadata, spec }) => `${metadata.name} on ${spec.nodeName}`).toSorted(),
    nodes: nodes.map(({ name, schedulable }) => `${name} ${schedulable ? "open" : "cordoned"}`).toSorted(),
  };
}

/** All six pods on a side's nodes, the other side cordoned and empty. The last replacement may just find its node. */
async function expectOn(side: keyof typeof builds): Promise<void> {
  const other = side === "old" ? "new" : "old";
  const allThere = Array.from({ length: 6 }, () => expect.stringMatching(new RegExp(` on ${side}-\\d$`)));
  await expect.poll(async () => (await look()).pods, { timeout: 20_000 }).toEqual(allThere);
  const seen = await look();
  expect(seen.nodes).toEqual(
    [
      ...names(side).map((name) => `${name} open`),
      ...names(other).map((name) => `${name} cordoned`),
    ].toSorted(),
  );
  expect(await servedBy(api, "work")).toBe(builds[side]);
}

/** Never fewer than five, since the Deployment first had its six: by the pods' events and by its own count. */
function expectAvailable(): void {
  const ready = watcher.pods.map((seen) => seen.ready);
  const available = watcher.available.map(({ count }) => count);
  for (const counts of [ready, available]) {
    const since = counts.slice(counts.indexOf(6));
    talk(`at least ${Math.min(...since)} of 6 over ${since.length} events`);
    expect(since.length).toBeGreaterThan(6);
    expect(Math.min(...since), JSON.stringify(since)).toBeGreaterThanOrEqual(5);
  }
}

const forwardTo = (side: keyof typeof builds) =>
  movePool({
    ...{ api, clock: wallClock, pool: "work", build: builds[side], direction: "forward", limits },
    ...{ maxSurge: config.maxSurge, drainTimeoutSeconds: config.drainTimeoutSeconds },
    want: { nodes: 3, kubernetesVersion },
  });

const lever = () =>
  createNodePoolLever({
    ...{ api, config, clock: wallClock, limits },
    sides: { stable: `1.0.0+${builds.old}`, candidate: `1.0.1+${builds.new}` },
  });

describe("a pool of six pods, of which five have to be there", () => {
  it("reads as mixed while both sides take pods", async () => {
    expect(await servedBy(api, "work")).toBe("");
    expect(await lever().read()).toMatchObject({
      ...{ exposure: 0, accepted: false, hasCandidate: true, ready: { stable: 3, candidate: 3 } },
    });
  });

  it("moves forward within its budget, and not twice", async () => {
    await setBudget({ minAvailable: 5 }, 1);
    expect(await createPreflight(api, config).run({ version: kubernetesVersion })).toEqual([]);
    const begun = Date.now();
    await forwardTo("new");
    talk(`six pods moved in ${Date.now() - begun} ms`);
    await expectOn("new");
    expectAvailable();
    expect(await lever().read()).toMatchObject({
      ...{ exposure: 100, accepted: true, hasCandidate: true, progress: "1 of 1 pools moved" },
    });
    const before = await look();
    await forwardTo("new");
    expect(await look()).toEqual(before);
  });

  it("waits for a replacement that has no node yet, and goes on after it broke off", async () => {
    // The new nodes are taken away from the scheduler behind the move's back: nobody can take an evicted pod.
    await lever().setExposure(0);
    await expectOn("old");
    const stop = new AbortController();
    const closed: NodesApi = {
      ...api,
      cordon: async (node, cordoned, signal) => {
        await api.cordon(node, cordoned, signal);
        if (node === "old-3") for (const name of names("new")) await api.cordon(name, true);
      },
      evict: async (pod, signal) => {
        const answer = await api.evict(pod, signal);
        if (answer === "blocked") stop.abort(new Error("broken off"));
        return answer;
      },
    };
    const moving = movePool({
      ...{ api: closed, clock: wallClock, pool: "work", build: builds.new, direction: "forward", limits },
      ...{ maxSurge: "100%", drainTimeoutSeconds: 60, signal: stop.signal },
      want: { nodes: 3, kubernetesVersion },
    });
    await expect(moving).rejects.toThrow("broken off");
    expectAvailable();
    expect((await lever().read()).accepted).toBe(false);
    await forwardTo("new");
    await expectOn("new");
    expectAvailable();
  });

  it("with a budget of nothing, or a pod that nobody would bring back, is not touched", async () => {
    await setBudget({ maxUnavailable: 0 }, 0);
    const bare = {
      ...{ apiVersion: "v1", kind: "Pod", metadata: { name: "debug" } },
      spec: { containers: [{ name: "app", image: "debug" }], nodeSelector: { [nodePoolLabel]: "work" } },
    };
    await post(pods, bare);
    await watcher.waitFor("the bare pod", ({ ready }) => ready === 7);
    const before = await look();
    const refusal = await forwardTo("old").catch((error: unknown) => error);
    expect(refusal).toMatchObject({ code: "drain-blocked", exit: "resource" });
    expect((refusal as Error).message).toContain("pod pools/debug has no controller");
    expect((refusal as Error).message).toContain("budget pools/web allows 0 disruptions");
    expect(await look()).toEqual(before);
    expect(await createPreflight(api, config).run({ version: kubernetesVersion })).toHaveLength(2);
    expect(await api.evict({ namespace, name: "debug", uid: "of-another-pod" })).toBe("gone");
    expect(await look()).toEqual(before);
    await mustSucceed(plane.api, { method: "DELETE", path: `${pods}/debug` });
    await waitUntil({
      what: "the end of the bare pod",
      timeoutMs: 30_000,
      ready: async () => (await plane.api({ path: `${pods}/debug` })).status === 404,
    });
  });

  it("does not go back either while a budget holds it, says which, and serves on", async () => {
    const late = movePool({
      ...{ api, clock: wallClock, pool: "work", build: builds.old, direction: "back", limits },
      ...{ maxSurge: "1", drainTimeoutSeconds: 2 },
    });
    await expect(late).rejects.toMatchObject({
      code: "drain-timeout",
      message: expect.stringMatching(/node new-\d of pool work.*held by the disruption budgets pools\/web/),
    });
    const { pods: there, nodes } = await look();
    expect(there).toHaveLength(6);
    for (const pod of there) expect(pod).toMatch(/ on new-\d$/);
    expect(nodes.filter((node) => node.endsWith("cordoned"))).toHaveLength(3);
  });

  it("the lever brings all of it back, and once is enough", async () => {
    await setBudget({ minAvailable: 5 }, 1);
    const begun = Date.now();
    await lever().setExposure(0);
    talk(`six pods taken back in ${Date.now() - begun} ms`);
    await expectOn("old");
    expectAvailable();
    expect(await lever().read()).toMatchObject({
      ...{ exposure: 0, accepted: true, hasCandidate: true, progress: "0 of 1 pools moved" },
    });
    const before = await look();
    await lever().setExposure(0);
    expect(await look()).toEqual(before);
  });
});
