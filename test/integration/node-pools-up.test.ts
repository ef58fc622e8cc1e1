import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type NodePools, startNodePools } from "../../src/sandbox/node-pools.ts";
import { createSandbox } from "../../src/sandbox/sandbox.ts";
import { unwatched } from "../support/builders.ts";
import { createTestStack, rolloutConfig, type TestStack } from "./engine-stack.ts";

/** What a user writes; run by the real language host, without a driver. */
const source = `
import { NodePoolRollout } from "pulumi-rollouts/aks";
import { rolloutProgram } from "pulumi-rollouts";

export default rolloutProgram(async (rollout) => {
  new NodePoolRollout("atp-ingestion", {
    rollout,
    resourceGroup: "atp-prod",
    cluster: "atp-prod",
    pools: {
      system: { mode: "System", vmSize: "Standard_D2s_v5", nodes: 2 },
      work: { vmSize: "Standard_D4s_v5", nodes: 3 },
    },
  });
  return rollout.outputs();
});
`;

const rollout = {
  ...rolloutConfig,
  preset: "production",
  strategy: "rolling",
  strategyReason: "pool by pool",
  // The program alone reads it: no driver is there.
  metrics: { kind: "prometheus", url: "http://prometheus:9090", cohort: { stable: "a", candidate: "b" } },
  health: { kind: "http", stable: ["https://app.example/"] },
  watch: unwatched,
  lever: { kind: "node-pools", pools: ["system", "work"], maxSurge: 1 },
};

let stack: TestStack;
let cluster: NodePools;
const asked: Record<string, unknown> = { "atp:version": "1.33.5", "atp:rollout": rollout };

async function up(values: Readonly<Record<string, unknown>> = {}) {
  for (const [key, value] of Object.entries(values)) {
    if (value === undefined) delete asked[key];
    else asked[key] = value;
  }
  stack.config(asked);
  return stack.cli("up", "--yes", "--skip-preview", "--stack", "prod");
}

async function output(name: string): Promise<string> {
  return (await stack.cli("stack", "output", name, "--stack", "prod")).text.trim();
}

/** Kubelet version of the nodes that each pool's pods run on, and of all of its nodes. */
function pools(): string {
  const nodes = new Map(cluster.model.nodes().map((node) => [node.name, node]));
  return ["system", "work"]
    .map((pool) => {
      const on = cluster.model
        .pods()
        .flatMap(({ lasting, node }) => (lasting === pool ? (nodes.get(node ?? "")?.version ?? "-") : []));
      const all = [...nodes.values()].filter(({ labels }) => labels["pulumi-rollouts/pool"] === pool);
      const short = (versions: readonly string[]) =>
        [...new Set(versions.map((version) => version.replace(/^v?1\.|\.\d+$/g, "")))].sort().join("+");
      return `${pool} ${short(on)} of ${short(all.map(({ version }) => version))}`;
    })
    .join(", ");
}

async function expectNothing(): Promise<void> {
  const result = await stack.cli("preview", "--refresh", "--stack", "prod", "--expect-no-changes");
  expect(result, result.text).toMatchObject({ code: 0 });
}

beforeAll(async () => {
  cluster = await startNodePools({
    sandbox: createSandbox({ seed: 1, startMs: Date.now(), faults: [] }),
    pools: ["system", "work"],
    faults: [],
    controlPlane: "1.34.2",
  });
  stack = await createTestStack(source, {
    languageHost: true,
    env: {
      ...cluster.providers,
      PULUMI_ROLLOUTS_KUBE_SERVER: cluster.endpoint,
      PULUMI_ROLLOUTS_DRAIN_LIMITS: JSON.stringify({ pollMs: 20, readyMs: 2000 }),
      PULUMI_ROLLOUTS_NODE_POOL_PROVIDER: join(
        import.meta.dirname,
        "../../src/adapters/node-pools/node-pool-provider.ts",
      ),
    },
  });
  stack.config(asked);
  expect(await stack.cli("stack", "init", "prod")).toMatchObject({ code: 0 });
  const installed = await up();
  expect(installed, installed.text).toMatchObject({ code: 0 });
});
afterAll(async () => {
  stack?.stop();
  await cluster?.close();
});

// One story: each test goes on where the one before it stopped.
describe("pulumi config set step pool-system && pulumi up", () => {
  test("install makes the pools of the first version", async () => {
    expect(pools()).toBe("system 33 of 33, work 33 of 33");
    await expectNothing();
  });

  test("a new version waits for its step", async () => {
    const result = await up({ "atp:version": "1.34.2" });
    expect(result.text).toContain("until the first step, `pulumi config set step pool-system`");
    expect(pools()).toBe("system 33 of 33, work 33 of 33");
  });

  test("a pool out of its turn is refused", async () => {
    const result = await up({ "atp:step": "pool-work" });
    expect(result.code).not.toBe(0);
    expect(result.text).toContain("the first step of 1.34.2 is pool-system");
    expect(pools()).toBe("system 33 of 33, work 33 of 33");
  });

  test("its step moves a pool, and its old nodes stay", async () => {
    const result = await up({ "atp:step": "pool-system" });
    expect(result, result.text).toMatchObject({ code: 0 });
    expect(pools()).toBe("system 34 of 33+34, work 33 of 33");
    expect([await output("exposure"), await output("version")]).toEqual(["50", "1.33.5"]);
    await expectNothing();
  });

  test("revert takes it back, and the new nodes are gone", async () => {
    const result = await up({ "atp:step": "revert" });
    expect(result, result.text).toMatchObject({ code: 0 });
    expect(pools()).toBe("system 33 of 33, work 33 of 33");
    expect([await output("exposure"), await output("version")]).toEqual(["0", "1.33.5"]);
    await up({ "atp:version": "1.33.5", "atp:step": undefined });
    await expectNothing();
  });

  test("pool after pool, then settle, which alone deletes the old nodes", async () => {
    await up({ "atp:version": "1.34.2", "atp:step": "pool-system" });
    await up({ "atp:step": "pool-work" });
    expect(pools()).toBe("system 34 of 33+34, work 34 of 33+34");
    await expectNothing();
    expect(await up({ "atp:step": "settle" })).toMatchObject({ code: 0 });
    expect(pools()).toBe("system 34 of 34, work 34 of 34");
    expect([await output("exposure"), await output("version")]).toEqual(["0", "1.34.2"]);
    await up({ "atp:step": undefined });
    await expectNothing();
    expect(cluster.model.violations).toEqual([]);
  });
});
