import { beforeEach, describe, expect, it } from "vitest";
import { createNodePoolLever } from "../../../../src/adapters/node-pools/node-pool-lever.ts";
import type { Lever } from "../../../../src/ports/lever.ts";
import type { NodePoolLeverConfig } from "../../../../src/types/node-pools.ts";
import type { MemoryNodes } from "../../../support/memory-nodes.ts";
import { aPoolsWorld, newBuild, news, oldBuild, olds, type PoolsWorld } from "./pools-world.ts";

const both = { stable: `1.33.5+${oldBuild}`, candidate: `1.34.2+${newBuild}` };
let world: PoolsWorld;
let cluster: MemoryNodes;
beforeEach(() => {
  world = aPoolsWorld();
  cluster = world.cluster;
});

function leverOf(sides: { stable?: string; candidate?: string } = both, pools = ["work"]): Lever {
  const config: NodePoolLeverConfig = { kind: "node-pools", pools, maxSurge: "1", drainTimeoutSeconds: 600 };
  return createNodePoolLever({ api: cluster.api, config, sides, clock: world.clock });
}

const cordon = (names: readonly string[], cordoned = true) => {
  for (const node of cluster.nodes) if (names.includes(node.name)) node.schedulable = !cordoned;
};
const remove = (names: readonly string[]) => {
  for (const name of names) {
    cluster.nodes.splice(
      cluster.nodes.findIndex((node) => node.name === name),
      1,
    );
  }
};
/** Puts the six pods on other nodes, past the API. */
const carry = (...nodes: string[]) => {
  for (const [index, pod] of cluster.pods.entries()) {
    cluster.pods[index] = { ...pod, node: nodes[index % nodes.length] ?? "" };
  }
};
const settle: Record<string, () => void> = {
  "not begun: both sides take pods": () => {},
  "before the candidate": () => remove(news),
  "candidate made, cordoned and empty": () => cordon(news),
  "cordoned half of the old side": () => cordon(["old-1"]),
  "cordoned the old side, nothing moved": () => cordon(olds),
  "one old node is empty": () => {
    cordon(olds);
    carry("old-2", "old-3", "new-1");
  },
  moved: () => {
    cordon(olds);
    carry(...news);
  },
  "moved, a new node fell over": () => {
    cordon(olds);
    carry(...news);
    const node = cluster.nodes.find(({ name }) => name === "new-3");
    if (node) node.ready = false;
  },
  "moved, the old side is gone": () => {
    remove(olds);
    carry(...news);
  },
  "on the way back, before the candidate is cordoned": () => carry(...news),
  "on the way back, one pod left": () => {
    cordon(news);
    carry("old-1", "old-2", "old-3", "old-1", "old-2", "new-1");
  },
  "back, a stable node fell over": () => {
    cordon(news);
    const node = cluster.nodes.find(({ name }) => name === "old-3");
    if (node) node.ready = false;
  },
  "nobody takes pods": () => cordon([...olds, ...news]),
  "nodes of a third build take pods": () => {
    cordon(news);
    cluster.addNodes("work", "cccccccccccccccc", ["third-1"]);
  },
  "a third build left a pod": () => {
    remove(news);
    cluster.addNodes("work", "cccccccccccccccc", ["third-1"]);
    cordon(["third-1"]);
    carry("old-1", "third-1");
  },
};

describe("what the lever reads of one pool", () => {
  it.each<[string, object]>([
    [
      "not begun: both sides take pods",
      {
        exposure: 0,
        accepted: false,
        hasCandidate: true,
        progress: "0 of 1 pools moved, work: old and new nodes take pods",
      },
    ],
    [
      "before the candidate",
      { exposure: 0, accepted: true, hasCandidate: false, ready: { stable: 3, candidate: 0 } },
    ],
    ["candidate made, cordoned and empty", { exposure: 0, accepted: true, progress: "0 of 1 pools moved" }],
    ["cordoned half of the old side", { exposure: 0, accepted: false }],
    [
      "cordoned the old side, nothing moved",
      { exposure: 100, accepted: false, progress: "0 of 1 pools moved, work: 0 of 3 old nodes empty" },
    ],
    [
      "one old node is empty",
      { exposure: 100, accepted: false, progress: "0 of 1 pools moved, work: 1 of 3 old nodes empty" },
    ],
    ["moved", { exposure: 100, accepted: true, hasCandidate: true, progress: "1 of 1 pools moved" }],
    [
      "moved, a new node fell over",
      {
        exposure: 100,
        accepted: false,
        ready: { stable: 3, candidate: 2 },
        progress: "0 of 1 pools moved, work: 2 of 3 nodes Ready",
      },
    ],
    ["moved, the old side is gone", { exposure: 100, accepted: true, ready: { stable: 0, candidate: 3 } }],
    ["on the way back, before the candidate is cordoned", { exposure: 0, accepted: false }],
    [
      "on the way back, one pod left",
      { exposure: 0, accepted: false, progress: "0 of 1 pools moved, work: 2 of 3 other nodes empty" },
    ],
    ["back, a stable node fell over", { exposure: 0, accepted: false, ready: { stable: 2, candidate: 3 } }],
    [
      "nobody takes pods",
      { exposure: 0, accepted: false, progress: "0 of 1 pools moved, work: no node of stable takes pods" },
    ],
    ["nodes of a third build take pods", { exposure: 0, accepted: false }],
    [
      "a third build left a pod",
      { exposure: 0, accepted: false, hasCandidate: false, progress: "work: 0 of 1 other nodes empty" },
    ],
  ])("%s", async (state, expected) => {
    settle[state]?.();
    expect(await leverOf().read()).toMatchObject(expected);
    expect(cluster.writes).toEqual([]);
  });

  it("no progress where there is none to speak of", async () => {
    remove(news);
    expect(await leverOf().read()).not.toHaveProperty("progress");
  });

  it("DaemonSets' pods keep no node from being empty", async () => {
    settle["moved"]?.();
    cluster.addPods("agent", [...olds, ...news], { owner: "DaemonSet" });
    expect(await leverOf().read()).toMatchObject({ exposure: 100, accepted: true });
  });

  it("nodes of neither build are somebody else's", async () => {
    const other = leverOf({ stable: "1.32.0+1111111111111111", candidate: "1.34.2+2222222222222222" });
    await expect(other.read()).rejects.toMatchObject({
      code: "nodes-foreign",
      message: expect.stringContaining(`${oldBuild}, ${newBuild}`),
    });
    await expect(leverOf({}).read()).rejects.toMatchObject({ code: "nodes-foreign" });
    await expect(leverOf(both, ["work", "gone"]).read()).rejects.toMatchObject({
      code: "nodes-foreign",
      message: expect.stringContaining("Pool gone"),
    });
  });

  it("a candidate that is stable again is none", async () => {
    remove(news);
    const lever = leverOf({ stable: both.stable, candidate: both.stable });
    expect(await lever.read()).toMatchObject({ exposure: 0, accepted: true, hasCandidate: false });
  });
});

describe("three pools", () => {
  const pools = ["system", "work", "batch"];
  beforeEach(() => {
    for (const pool of ["system", "batch"]) {
      cluster.addNodes(pool, oldBuild, [`${pool}-old`]);
      cluster.addNodes(pool, newBuild, [`${pool}-new`]);
      cluster.addPods(pool, [`${pool}-old`]);
    }
    cordon(["system-old", ...olds, "batch-new"]);
    const moved = cluster.pods.findIndex(({ labels }) => labels["app"] === "system");
    const pod = cluster.pods[moved];
    if (pod) cluster.pods[moved] = { ...pod, node: "system-new" };
  });

  it("count as their share, and say which of them moves", async () => {
    expect(await leverOf(both, pools).read()).toEqual({
      exposure: 67,
      accepted: false,
      hasCandidate: true,
      ready: { stable: 5, candidate: 5 },
      progress: "1 of 3 pools moved, work: 0 of 3 old nodes empty",
    });
  });

  it("all go back at 0, at the same time, and a second 0 writes nothing", async () => {
    const lever = leverOf(both, pools);
    await lever.setExposure(0);
    expect(await lever.read()).toMatchObject({ exposure: 0, accepted: true, progress: "0 of 3 pools moved" });
    const first = cluster.writes.slice(0, 4);
    expect(first, "no pool waits for another").toContain("uncordon system-old");
    expect(first).toContain("uncordon old-1");
    const written = cluster.writes.length;
    await lever.setExposure(0);
    expect(cluster.writes).toHaveLength(written);
    expect(cluster.writes.join(), "what had not moved is left alone").not.toContain("batch");
  });

  it("one that is stuck keeps no other, and the error says which", async () => {
    cluster.budgets.push({
      ...{ namespace: "prod", name: "dns", disruptionsAllowed: 0 },
      selector: { matchLabels: { app: "system" } },
    });
    remove(olds);
    const failure = await leverOf(both, ["system", "work"])
      .setExposure(0)
      .catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: "drain-timeout" });
    expect((failure as Error).message).toMatch(/node system-new.*prod\/dns.*Pool work has no node/);
  });
});

describe("pulling the lever", () => {
  it("without a candidate, or with none of its nodes, is a no-op that asks for nothing it doesn't need", async () => {
    const calls: string[] = [];
    cluster.onCall = (call) => calls.push(call);
    await leverOf({ stable: both.stable }).setExposure(0);
    await leverOf({ stable: both.stable, candidate: both.stable }).setExposure(0);
    expect(calls).toEqual([]);
    remove(news);
    await leverOf().setExposure(0);
    expect(calls).toEqual(["nodes work"]);
  });

  it("takes the candidate's nodes from the scheduler though nothing has moved yet", async () => {
    await leverOf().setExposure(0);
    expect(cluster.writes).toEqual(news.map((name) => `cordon ${name}`));
    expect(await leverOf().read()).toMatchObject({ exposure: 0, accepted: true });
  });

  it("says so where there is nothing to go back to", async () => {
    await expect(leverOf({ candidate: both.candidate }).setExposure(0)).rejects.toMatchObject({
      code: "nodes-missing",
      message: expect.stringContaining("No stable version is known"),
    });
    settle["moved, the old side is gone"]?.();
    await expect(leverOf().setExposure(0)).rejects.toMatchObject({ code: "nodes-missing" });
    expect(cluster.writes).toEqual([]);
  });

  it.each([100, 50, -1, 101, Number.NaN])("refuses an exposure of %d", async (exposure) => {
    await expect(leverOf().setExposure(exposure)).rejects.toMatchObject({
      code: "exposure-invalid",
      hint: expect.stringContaining("engine"),
    });
    expect(cluster.writes).toEqual([]);
  });

  it("stops when it is asked to", async () => {
    await world.forward();
    const stop = new AbortController();
    const reason = new Error("asked to stop");
    const before = cluster.writes.length;
    cluster.onCall = (call) => {
      if (call.startsWith("evict")) stop.abort(reason);
    };
    await expect(leverOf().setExposure(0, stop.signal)).rejects.toBe(reason);
    expect(cluster.writes.length - before, "six cordons, one eviction").toBeLessThanOrEqual(7);
    await expect(leverOf().read(stop.signal)).rejects.toBe(reason);
  });
});
