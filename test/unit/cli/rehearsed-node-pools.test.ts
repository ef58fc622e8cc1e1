import { afterEach, describe, expect, it, vi } from "vitest";
import { create } from "../../../src/adapters/node-pools/node-pool-provider.ts";
import type { RehearsedCloud } from "../../../src/cli/compose/rehearsed-cloud.ts";
import { openNodePoolsCloud } from "../../../src/cli/compose/rehearsed-node-pools.ts";
import { wallClock } from "../../../src/lib/wall-clock.ts";
import { nodeBuildOf } from "../../../src/plan/identity.ts";
import { parseFault } from "../../../src/sandbox/faults.ts";
import { createSandbox, type Sandbox } from "../../../src/sandbox/sandbox.ts";
import type { NodePoolLeverConfig } from "../../../src/types/node-pools.ts";
import { aPolicy } from "../../support/builders.ts";
import { createMemoryRuntime } from "../../support/memory-runtime.ts";

const stable = "1.34.1-202510.03.0+aaaaaaaaaaaaaaaa";
const candidate = "1.34.2-202511.06.0+bbbbbbbbbbbbbbbb";
const sides = { stable, candidate };
const lever: NodePoolLeverConfig = {
  kind: "node-pools",
  pools: ["system", "work"],
  maxSurge: "1",
  drainTimeoutSeconds: 60,
};

let sandbox: Sandbox;
let cloud: RehearsedCloud | undefined;

afterEach(async () => {
  vi.unstubAllEnvs();
  await cloud?.close();
});

/** With the baseline's nodes in service, as the first update makes them. */
async function open(...faults: readonly string[]): Promise<void> {
  const specs = faults.map(parseFault);
  sandbox = createSandbox({ seed: 1, startMs: Date.UTC(2026, 0, 5, 9), faults: specs });
  const { runtime } = createMemoryRuntime();
  const policy = aPolicy({ strategy: "rolling", platform: "node-pools", lever });
  cloud = await openNodePoolsCloud(
    {
      sandbox,
      policy,
      baseline: "1.34.1-202510.03.0",
      faults: specs,
      runtime: { ...runtime, wall: wallClock, clock: sandbox.clock },
      folder: "/nowhere",
    },
    lever,
  );
  const { env } = cloud;
  for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
  for (const pool of lever.pools) put(pool, stable);
}

function put(pool: string, identity: string): void {
  const build = nodeBuildOf(identity);
  cloud?.nodes?.put({
    resourceGroupName: "atp-prod",
    resourceName: "atp",
    agentPoolName: `${pool}${build.slice(0, 4)}`,
    count: 2,
    mode: "System",
    orchestratorVersion: identity.split("-")[0] ?? "",
    nodeLabels: { "pulumi-rollouts/pool": pool, "pulumi-rollouts/build": build },
  });
}

/** What an update does at a pool's step: new nodes beside the old ones, then the real resource moves the pods. */
async function move(pool: string): Promise<unknown> {
  put(pool, candidate);
  const [kubernetesVersion, nodeImage] = candidate.split("+")[0]?.split("-") ?? [];
  return await create({
    ...{ pool, build: nodeBuildOf(candidate), kubernetesVersion, nodeImage, nodes: 2 },
    ...{ maxSurge: "1", drainTimeoutSeconds: 60 },
  });
}

const opened = () => {
  const { leverFor, preflight } = cloud?.ports ?? {};
  if (leverFor === undefined || preflight === undefined) throw new Error("the cloud lacks a port");
  return { lever: leverFor(sides), preflight };
};

const images = () =>
  (cloud?.nodes?.nodes() ?? []).map(
    ({ labels }) => Object(labels)["kubernetes.azure.com/node-image-version"],
  );

describe("a rehearsed cluster of node pools", () => {
  it("moves forward by the real resource and back by the real lever, in no virtual time", async () => {
    await open();
    const started = sandbox.clock.now();
    const { lever: real, preflight } = opened();
    expect(await preflight.run({ version: "1.34.2-202511.06.0" })).toEqual([]);
    expect(await real.read()).toMatchObject({ exposure: 0, accepted: true, hasCandidate: false });
    await move("system");
    expect(await real.read()).toMatchObject({ exposure: 50, accepted: true, hasCandidate: true });
    await move("work");
    expect(await real.read()).toMatchObject({
      exposure: 100,
      accepted: true,
      ready: { stable: 4, candidate: 4 },
    });
    await real.setExposure(0);
    expect(await real.read()).toMatchObject({ exposure: 0, accepted: true });
    expect(cloud?.nodes?.violations).toEqual([]);
    expect(sandbox.clock.now()).toBe(started);
    const flows = sandbox.traffic.between(started - 1, started + 1).map(({ flow }) => flow.build);
    expect(flows).toEqual([nodeBuildOf(stable)]);
  });

  it("has the versions' own node images, and a control plane of the newest one", async () => {
    await open();
    expect(images()).toEqual(Array(4).fill("AKSUbuntu-2204gen2containerd-202510.03.0"));
    expect(() => put("system", candidate)).toThrow(/NodePoolMcVersionIncompatible/);
    const { preflight } = opened();
    put("system", candidate);
    expect(images().slice(4)).toEqual(Array(2).fill("AKSUbuntu-2204gen2containerd-202511.06.0"));
    expect(await preflight.run({ version: "1.34.3" })).toEqual([
      "the control plane runs 1.34.2, older than 1.34.3: upgrade it first",
    ]);
  });

  it("says before it touches a pool that its drain would be stuck, and gives the other back", async () => {
    await open("stuck-drain");
    const { lever: real, preflight } = opened();
    expect(await preflight.run({ version: "1.34.2" })).toEqual([]);
    await move("system");
    await expect(move("work")).rejects.toMatchObject({ code: "drain-blocked" });
    expect(await real.read()).toMatchObject({ exposure: 50 });
    await real.setExposure(0);
    expect(await real.read()).toMatchObject({ exposure: 0 });
    const apps = cloud?.nodes?.pods().filter(({ lasting }) => lasting !== undefined) ?? [];
    expect(apps).toHaveLength(12);
    expect(apps.every(({ node }) => node?.includes("aaaa-vmss"))).toBe(true);
  });

  it.each(["crashloop@20", "slow-router@50", "stuck-swap", "validation=ready"])(
    "refuses the fault %s, which would never act",
    async (fault) => {
      await expect(open(fault)).rejects.toMatchObject({ code: "fault-unknown", exit: "config" });
    },
  );
});
