import { describe, expect, it } from "vitest";
import { aPoolsWorld, news, olds, type PoolsWorld, restOf } from "./pools-world.ts";

describe("what stands in the way of a drain", () => {
  it("a budget without room and bare pods are found before anything is touched, and all are named", async () => {
    const world = aPoolsWorld();
    const { cluster } = world;
    cluster.addPods("api", ["old-1", "old-2", "old-3", "old-3"]);
    cluster.budgets.push({
      ...{ namespace: "prod", name: "api", disruptionsAllowed: 0 },
      selector: { matchExpressions: [{ key: "app", operator: "In", values: ["api"] }] },
    });
    cluster.addBarePod("debug", "old-2");
    const refusal = await world.forward().catch((error: unknown) => error);
    expect(refusal).toMatchObject({ code: "drain-blocked", exit: "resource" });
    const { message } = refusal as Error;
    expect(message).toContain("pod prod/debug has no controller");
    expect(message).toContain(
      "budget prod/api allows 0 disruptions and covers prod/api-7, prod/api-8, prod/api-9 and 1 more",
    );
    expect(message).toContain("Nothing was touched.");
    expect(message, "a budget with room is none").not.toContain("prod/web");
    expect(cluster.writes).toEqual([]);
    expect(cluster.nodes.every(({ schedulable }) => schedulable)).toBe(true);
  });

  it("a budget that only lacks healthy pods gets a minute, and a move that comes too soon goes on", async () => {
    const world = aPoolsWorld();
    const { cluster, clock } = world;
    const begun = clock.now();
    unhealthyUntil(world, begun + 30_000);
    await world.forward();
    expect(restOf(world, olds).every(({ pods, schedulable }) => pods === 0 && !schedulable)).toBe(true);
    const later = aPoolsWorld();
    unhealthyUntil(later, Number.POSITIVE_INFINITY);
    const at = later.clock.now();
    await expect(later.forward()).rejects.toMatchObject({
      code: "drain-blocked",
      message: expect.stringMatching(/prod\/web allows 0 disruptions until more.*Nothing was touched\.$/),
    });
    expect(later.clock.now() - at).toBe(60_000);
    expect(later.cluster.writes).toEqual([]);
    expect(cluster.writes.length).toBeGreaterThan(0);
  });

  it("but what never passes is not waited for", async () => {
    const world = aPoolsWorld();
    const { cluster, clock } = world;
    unhealthyUntil(world, Number.POSITIVE_INFINITY);
    cluster.addBarePod("debug", "old-1");
    const at = clock.now();
    await expect(world.forward()).rejects.toThrow(/prod\/debug has no controller.*prod\/web allows 0/);
    expect(clock.now()).toBe(at);
  });

  it("a pod under two budgets is found too: the API evicts none", async () => {
    const world = aPoolsWorld();
    world.cluster.budgets.push({ namespace: "prod", name: "all", selector: {}, disruptionsAllowed: 9 });
    await expect(world.forward()).rejects.toMatchObject({
      code: "drain-blocked",
      message: expect.stringContaining("pod prod/web-1 has 2 disruption budgets (prod/web, prod/all)"),
    });
    expect(world.cluster.writes).toEqual([]);
  });

  it("a long list is cut, and says by how much", async () => {
    const world = aPoolsWorld();
    const { cluster } = world;
    for (let count = 1; count <= 13; count++) cluster.addBarePod(`job-${count}`, "old-1");
    await expect(world.forward()).rejects.toThrow(/job-10 has no controller[^;]* and 3 more\. Nothing/);
  });

  it("what is on the new nodes already is nobody's obstacle", async () => {
    const world = aPoolsWorld();
    const { cluster } = world;
    cluster.addBarePod("tool", "new-1");
    await world.forward();
    expect(cluster.on("new-1")).toContain("tool");
  });

  it("a bare pod that comes in the middle is not evicted, and the error says what stays cordoned", async () => {
    const world = aPoolsWorld();
    const { cluster } = world;
    cluster.onCall = () => {
      if (cluster.writes.length !== 4 || cluster.pods.some(({ name }) => name === "late")) return;
      cluster.addBarePod("late", "old-3");
    };
    await expect(world.forward()).rejects.toMatchObject({
      code: "drain-blocked",
      message: expect.stringMatching(/prod\/late has no controller.*stay so\.$/),
    });
    expect(cluster.on("old-3")).toContain("late");
    expect(cluster.writes).not.toContain("evict prod/late");
  });
});

describe("a node whose pods don't go", () => {
  it("is an error after its time, with the pods and the budgets that hold them; it stays cordoned", async () => {
    // A replacement that never gets healthy: the budget has no room again.
    const world = aPoolsWorld({ startMs: Number.POSITIVE_INFINITY });
    const { cluster } = world;
    const at = world.clock.now();
    const refusal = await world.forward({ drainTimeoutSeconds: 60 }).catch((error: unknown) => error);
    expect(refusal).toMatchObject({ code: "drain-timeout", exit: "timeout" });
    const left = cluster.on("old-1");
    expect(left).toHaveLength(1);
    const { message } = refusal as Error;
    expect(message).toContain("node old-1 of pool work did not go within 60 s");
    expect(message).toContain(`prod/${left[0]}, held by the disruption budgets prod/web`);
    expect(message).toContain("stay cordoned");
    expect(world.clock.now() - at).toBe(60_000);
    expect(restOf(world, olds).every(({ schedulable }) => schedulable === false)).toBe(true);
  });

  it("is not blamed on a budget where the pod only takes its time", async () => {
    const world = aPoolsWorld({ graceMs: 3_600_000 });
    world.cluster.budgets.length = 0;
    const refusal = await world.forward({ drainTimeoutSeconds: 60 }).catch((error: unknown) => error);
    const { message } = refusal as Error;
    expect(message).toContain("prod/web-1 (terminating), prod/web-4 (terminating).");
    expect(message).not.toContain("budget");
  });

  it("each node has its own time", async () => {
    const world = aPoolsWorld({ graceMs: 40_000 });
    world.cluster.budgets.length = 0;
    const at = world.clock.now();
    await world.forward({ drainTimeoutSeconds: 60 });
    expect(world.clock.now() - at, "three nodes, one after the other").toBeGreaterThan(110_000);
  });

  it("asks again for what a budget held, at every look", async () => {
    const world = aPoolsWorld({ startMs: 12_000 });
    await world.forward({ limits: { pollMs: 1_000 } });
    const first = world.cluster.held.filter((pod) => pod === world.cluster.held[0]);
    expect(first.length).toBeGreaterThan(5);
  });
});

describe("a pool moves back", () => {
  it("without checks: fewer nodes, another version, no room and bare pods don't keep users on a bad build", async () => {
    const world = aPoolsWorld();
    const { cluster } = world;
    await world.forward();
    cluster.addBarePod("debug", "new-1");
    cluster.nodes.splice(1, 2);
    const left = cluster.nodes[0];
    if (left) Object.assign(left, { kubeletVersion: "v1.30.0", ready: true });
    // Other pods' budget has no room: it holds nobody here.
    cluster.budgets.push({
      namespace: "prod",
      name: "idle",
      selector: { matchLabels: { app: "x" } },
      minAvailable: 9,
    });
    const before = cluster.writes.length;
    await world.back();
    expect(cluster.writes.slice(before, before + 4)).toEqual([
      "uncordon old-1",
      ...news.map((name) => `cordon ${name}`),
    ]);
    expect(restOf(world, ["old-1"])).toEqual([{ name: "old-1", schedulable: true, pods: 6 }]);
    expect(restOf(world, news)).toEqual(news.map((name) => ({ name, schedulable: false, pods: 0 })));
  });

  it("from the middle of the way forward", async () => {
    const world = aPoolsWorld();
    const { cluster } = world;
    cluster.onCall = (call) => {
      if (call.startsWith("evict") && cluster.writes.length === 6) throw new Error("killed");
    };
    await expect(world.forward()).rejects.toThrow("killed");
    cluster.onCall = () => {};
    await world.back();
    expect(restOf(world, news)).toEqual(news.map((name) => ({ name, schedulable: false, pods: 0 })));
    expect(restOf(world, olds).map(({ schedulable }) => schedulable)).toEqual([true, true, true]);
    const before = cluster.writes.length;
    await world.back();
    expect(cluster.writes).toHaveLength(before);
  });

  it("while the way forward is still under way: that one gives in, and nothing is left in its middle", async () => {
    const world = aPoolsWorld();
    const { cluster } = world;
    let back: Promise<void> | undefined;
    cluster.onCall = (call) => {
      if (call.startsWith("evict") && cluster.writes.length === 6) back ??= world.back();
    };
    await expect(world.forward()).rejects.toMatchObject({ code: "move-taken-back" });
    await back;
    expect(restOf(world, news)).toEqual(news.map((name) => ({ name, schedulable: false, pods: 0 })));
    expect(restOf(world, olds).map(({ schedulable }) => schedulable)).toEqual([true, true, true]);
  });
});

/** One of the six pods isn't healthy before that time. */
function unhealthyUntil({ cluster }: PoolsWorld, healthyAtMs: number): void {
  const pod = cluster.pods[0];
  if (pod) cluster.pods[0] = { ...pod, healthyAtMs };
}
