import { afterEach, describe, expect, it } from "vitest";
import { parseFault } from "../../../src/sandbox/faults.ts";
import { type NodePools, startNodePools } from "../../../src/sandbox/node-pools.ts";
import { createSandbox, type Sandbox } from "../../../src/sandbox/sandbox.ts";
import { MINUTE, START_MS } from "./world.ts";

const [old, next] = ["1.34.1+aaaaaaaaaaaaaaaa", "1.34.2+bbbbbbbbbbbbbbbb"];

let sandbox: Sandbox;
let cluster: NodePools;

afterEach(() => cluster.close());

/** `system` has one node and `work` three: 3 and 9 pods of 12. */
const counts = { system: 1, work: 3 } as const;
type Pool = keyof typeof counts;

function put(pool: Pool, identity: string): void {
  const [version, build] = identity.split("+");
  cluster.model.put({
    resourceGroupName: "atp-prod",
    resourceName: "atp",
    agentPoolName: `${pool}${build?.slice(0, 1)}`,
    count: counts[pool],
    mode: "System",
    orchestratorVersion: version ?? "",
    nodeLabels: { "pulumi-rollouts/pool": pool, "pulumi-rollouts/build": build ?? "" },
  });
}

/** A cluster without a node. */
async function open(faults: readonly string[]): Promise<void> {
  const specs = faults.map(parseFault);
  sandbox = createSandbox({ seed: 1, startMs: START_MS, faults: specs });
  cluster = await startNodePools({
    sandbox,
    pools: ["system", "work"],
    faults: specs,
    controlPlane: "1.34.2",
  });
}

/** In service with the old version, and the new one's nodes beside it. */
async function start(...faults: readonly string[]): Promise<void> {
  await open(faults);
  for (const pool of ["system", "work"] as const) put(pool, old);
  cluster.follow();
  cluster.rollsOut({ stable: old, candidate: next });
  for (const pool of ["system", "work"] as const) put(pool, next);
  cluster.follow();
}

/** Moves all pods of a pool to the nodes of a version, as a drain does. */
function move(pool: Pool, to = next): void {
  const { model } = cluster;
  const build = to.split("+")[1];
  const nodes = model.nodes().filter(({ labels }) => labels["pulumi-rollouts/pool"] === pool);
  for (const node of nodes) {
    const unschedulable = node.labels["pulumi-rollouts/build"] !== build;
    model.change(node, { unschedulable, labels: node.labels, annotations: node.annotations });
  }
  const left = nodes.filter(({ unschedulable }) => unschedulable).map(({ name }) => name);
  for (const pod of model.pods())
    if (pod.lasting !== undefined && left.includes(pod.node ?? "")) model.evict(pod);
  cluster.follow();
}

/** Shares of the flows by build, in percent, over the next minute. */
async function shares(): Promise<Record<string, number>> {
  const from = sandbox.clock.now();
  await sandbox.clock.advance(MINUTE);
  const spans = sandbox.traffic.between(from, from + MINUTE);
  expect(spans.every(({ flow }) => flow.cohort === "stable")).toBe(true);
  return Object.fromEntries(spans.map(({ flow }) => [flow.build.slice(0, 1), Math.round(100 * flow.share)]));
}

async function errorPercent(): Promise<number> {
  const from = sandbox.clock.now();
  await sandbox.clock.advance(MINUTE);
  const { bins } = sandbox.telemetry.series("stable", from, []);
  const sum = (of: "n" | "errors") => bins.reduce((total, bin) => total + bin[of], 0);
  return Math.round((1000 * sum("errors")) / sum("n")) / 10;
}

describe("requests", () => {
  it("follow the pods, as one service without a second cohort", async () => {
    await start();
    expect(await shares()).toEqual({ a: 100 });
    move("system");
    expect(await shares()).toEqual({ a: 75, b: 25 });
    move("work");
    expect(await shares()).toEqual({ b: 100 });
    move("system", old);
    move("work", old);
    expect(await shares()).toEqual({ a: 100 });
    expect(sandbox.telemetry.series("candidate", START_MS, []).bins).toEqual([]);
  });

  it("all fail where no pod runs, and nobody answers", async () => {
    await open([]);
    cluster.follow();
    expect(await errorPercent()).toBe(100);
    const { stable } = await cluster.health.probe({ tries: 1, timeoutMs: 1000 });
    expect(stable).toMatchObject({ status: "no-answer" });
  });
});

describe("faults", () => {
  it("wait for their share of pods on the candidate's nodes, and go away with them", async () => {
    await start("errors=4%@26");
    move("system");
    expect(await errorPercent()).toBe(0.1);
    move("work");
    expect(await errorPercent()).toBe(4);
    move("work", old);
    // A quarter of the requests is still the candidate's: (0.1 × 75 + 4 × 25) / 100.
    expect(await errorPercent()).toBe(1.1);
    move("system", old);
    expect(await errorPercent()).toBe(0.1);
  });

  it("start at their very share", async () => {
    await start("errors=4%@25");
    move("system");
    expect(await errorPercent()).toBe(1.1);
  });

  it("of health are the service's while the candidate's nodes carry pods", async () => {
    await start("health=503@20");
    const probe = () => cluster.health.probe({ tries: 1, timeoutMs: 1000 });
    expect(await probe()).toEqual({ candidate: { status: "ok" }, stable: { status: "ok" } });
    move("system");
    expect((await probe()).stable).toMatchObject({ status: "unhealthy", httpStatus: 503 });
    move("system", old);
    expect((await probe()).stable).toEqual({ status: "ok" });
  });

  it("of a stuck drain hold the last pool alone", async () => {
    await start("stuck-drain");
    move("system");
    move("work");
    expect(await shares()).toEqual({ a: 75, b: 25 });
    expect(cluster.model.budgets().map(({ disruptionsAllowed }) => disruptionsAllowed)).toEqual([1, 0]);
  });
});

it("is found by an engine, and answers over HTTP until it is closed", async () => {
  await start();
  expect(cluster.providers["PULUMI_DEBUG_PROVIDERS"]).toMatch(/^azure-native:\d+$/);
  const version = await fetch(`${cluster.endpoint}/version`);
  expect(await version.json()).toMatchObject({ gitVersion: "v1.34.2" });
  await cluster.close();
  await expect(fetch(`${cluster.endpoint}/version`)).rejects.toThrow();
});
