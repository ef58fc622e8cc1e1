import { beforeEach, describe, expect, it } from "vitest";
import { createPreflight } from "../../../../src/adapters/node-pools/preflight.ts";
import type { NodePoolLeverConfig } from "../../../../src/types/node-pools.ts";
import type { MemoryNodes } from "../../../support/memory-nodes.ts";
import { aPoolsWorld } from "./pools-world.ts";

const config: NodePoolLeverConfig = {
  ...{ kind: "node-pools", pools: ["work"], maxSurge: "1", drainTimeoutSeconds: 600 },
};
let cluster: MemoryNodes;
beforeEach(() => {
  cluster = aPoolsWorld().cluster;
});
const run = (version: string, pools = ["work"], signal?: AbortSignal) =>
  createPreflight(cluster.api, { ...config, pools }).run({ version, ...(signal ? { signal } : {}) });

describe("a cluster before its nodes are replaced", () => {
  it.each(["1.34.2", "1.34.2-202511.06.0", "1.34.1", "1.31.0"])("has nothing against %s", async (version) => {
    expect(await run(version)).toEqual([]);
    expect(cluster.writes).toEqual([]);
    expect(createPreflight(cluster.api, config).name).toContain("work");
  });

  it.each([
    ["1.34.3", "1.34.2", "upgrade it first"],
    ["1.34.10", "1.34.9", "upgrade it first"],
    ["1.35.0-202511.06.0", "1.34.2", "older than 1.35.0"],
    ["1.30.9", "1.34.2", "too old"],
    ["latest", "1.34.2", "does not begin with a Kubernetes version"],
  ])("has something against %s on a control plane of %s", async (version, control, said) => {
    cluster.version = `v${control}`;
    expect(await run(version)).toEqual([expect.stringContaining(said)]);
  });

  it("names the kubelets that its control plane has left behind", async () => {
    for (const node of cluster.nodes.slice(0, 5)) node.kubeletVersion = "v1.30.7";
    const last = cluster.nodes[5];
    if (last) last.kubeletVersion = "v1.31.0";
    expect(await run("1.34.2")).toEqual([
      "kubelet v1.30.7 on old-1, old-2, old-3 and 2 more is more than 3 minor versions older than the control plane's 1.34.2",
    ]);
  });

  it("names pools without nodes, bare pods and budgets without room, all at once", async () => {
    cluster.addBarePod("debug", "old-1");
    cluster.budgets[0] = { namespace: "prod", name: "web", selector: {}, disruptionsAllowed: 0 };
    expect(await run("1.34.2", ["system", "work"])).toEqual([
      "pool system has no node",
      "pod prod/debug has no controller that would bring it back",
      expect.stringContaining("prod/web allows 0 disruptions"),
    ]);
  });

  it("does not name everything of a long list", async () => {
    for (let count = 1; count <= 14; count++) cluster.addBarePod(`job-${count}`, "old-1");
    const problems = await run("1.34.2");
    expect(problems).toHaveLength(11);
    expect(problems.at(-1)).toBe("4 more pods or budgets stand against it");
  });

  it("gives no leave where it can't ask", async () => {
    const down = new Error("down");
    cluster.onCall = () => {
      throw down;
    };
    await expect(run("1.34.2")).rejects.toBe(down);
    await expect(run("1.34.2", ["work"], AbortSignal.abort(down))).rejects.toBe(down);
    cluster.onCall = () => {};
    cluster.version = "";
    expect(await run("1.34.2")).toEqual([expect.stringContaining("no version")]);
  });
});
