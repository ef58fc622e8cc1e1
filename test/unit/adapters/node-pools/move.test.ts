import { describe, expect, it } from "vitest";
import { aPoolsWorld, newBuild, news, olds, type PoolsWorld, restOf, want } from "./pools-world.ts";

const emptied = (names: readonly string[]) => names.map((name) => ({ name, schedulable: false, pods: 0 }));
const carrying = (names: readonly string[]) => names.map((name) => ({ name, schedulable: true, pods: 2 }));

function expectMoved(world: PoolsWorld, from: readonly string[], to: readonly string[]): void {
  expect(restOf(world, from)).toEqual(emptied(from));
  expect(restOf(world, to)).toEqual(carrying(to));
}

describe("a pool moves forward", () => {
  it("cordons before it evicts, keeps to the budget, and leaves the old nodes cordoned and empty", async () => {
    const world = aPoolsWorld();
    await world.forward();
    expectMoved(world, olds, news);
    const { writes, held } = world.cluster;
    expect(writes.slice(0, 3)).toEqual(olds.map((name) => `cordon ${name}`));
    expect(writes.slice(3)).toHaveLength(6);
    expect(new Set(writes.slice(3)).size, "each pod is evicted once").toBe(6);
    expect(held.length, "the budget held some for a while").toBeGreaterThan(0);
  });

  it("writes nothing the second time", async () => {
    const world = aPoolsWorld();
    await world.forward();
    const written = world.cluster.writes.length;
    const at = world.clock.now();
    await world.forward();
    expect(world.cluster.writes).toHaveLength(written);
    expect(world.clock.now(), "nor does it wait").toBe(at);
  });

  it("uncordons its own nodes before it cordons another", async () => {
    const world = aPoolsWorld();
    for (const node of world.cluster.nodes.slice(3)) node.schedulable = false;
    await world.forward();
    expect(world.cluster.writes.slice(0, 6)).toEqual([
      ...news.map((name) => `uncordon ${name}`),
      ...olds.map((name) => `cordon ${name}`),
    ]);
  });

  it("leaves DaemonSets' pods, static pods and finished ones where they are", async () => {
    const world = aPoolsWorld();
    const { cluster } = world;
    cluster.addPods("agent", ["old-1"], { owner: "DaemonSet" });
    cluster.addPods("proxy", ["old-1"], { mirror: true, owner: "Node" });
    cluster.addPods("job", ["old-1"], { phase: "Succeeded" });
    cluster.addPods("once", ["old-1"], { phase: "Failed" });
    await world.forward();
    const left = cluster.pods.filter(({ node }) => node === "old-1").map(({ labels }) => labels["app"]);
    expect(left).toEqual(["agent", "proxy", "job", "once"]);
    expect(cluster.on("old-1")).toEqual([]);
  });

  it("evicts no pod of the same name that already runs elsewhere", async () => {
    const world = aPoolsWorld();
    const { cluster } = world;
    cluster.addPods("db", ["old-1"], { name: "db-0", owner: "StatefulSet" });
    await world.forward();
    expect(cluster.writes.filter((write) => write === "evict prod/db-0")).toHaveLength(1);
    const uid = cluster.pods.find(({ name }) => name === "db-0")?.uid ?? "";
    expect(await cluster.api.evict({ namespace: "prod", name: "db-0", uid: `not-${uid}` })).toBe("gone");
  });

  it.each([
    ["1", 1],
    ["2", 2],
    ["33%", 1],
    ["34%", 2],
    ["100%", 3],
  ])("with maxSurge %s empties at most %i of three nodes at a time", async (maxSurge, most) => {
    const world = aPoolsWorld();
    // No budget: nothing but the surge holds evictions back.
    world.cluster.budgets.length = 0;
    await world.forward({ maxSurge });
    expect(world.cluster.mostUnderWay()).toBe(most);
    expectMoved(world, olds, news);
  });

  it("takes along a node that an autoscaler adds on the old side in the meantime", async () => {
    const world = aPoolsWorld();
    const { cluster } = world;
    let added = false;
    cluster.onCall = (call) => {
      if (added || !call.startsWith("evict")) return;
      added = true;
      cluster.addNodes("work", "aaaaaaaaaaaaaaaa", ["old-4"]);
      cluster.addPods("late", ["old-4"]);
    };
    await world.forward();
    expect(restOf(world, [...olds, "old-4"])).toEqual(emptied([...olds, "old-4"]));
  });

  it("leaves other pools alone", async () => {
    const world = aPoolsWorld();
    const { cluster } = world;
    cluster.addNodes("system", "aaaaaaaaaaaaaaaa", ["sys-1"]);
    cluster.addPods("dns", ["sys-1"]);
    await world.forward();
    expect(restOf(world, ["sys-1"])).toEqual([{ name: "sys-1", schedulable: true, pods: 1 }]);
  });
});

describe("a move that was broken off", () => {
  it.each([
    ["between two cordons", 1],
    ["before the first eviction", 3],
    ["in the middle of the evictions", 5],
    ["before the last eviction", 8],
  ])("%s is finished by the next one", async (_when, writes) => {
    const world = aPoolsWorld();
    const { cluster } = world;
    const crash = new Error("killed");
    cluster.onCall = (call) => {
      if (/^(cordon|evict)/.test(call) && cluster.writes.length >= writes) throw crash;
    };
    await expect(world.forward()).rejects.toBe(crash);
    expect(cluster.writes).toHaveLength(writes);
    cluster.onCall = () => {};
    await world.forward();
    expectMoved(world, olds, news);
    expect(cluster.writes, "nothing was done twice").toHaveLength(9);
  });

  it("goes on though the budget has no room just then: its own evictions took it", async () => {
    const world = aPoolsWorld();
    const { cluster } = world;
    cluster.onCall = (call) => {
      if (call.startsWith("evict") && cluster.writes.length === 4) throw new Error("killed");
    };
    await expect(world.forward()).rejects.toThrow("killed");
    cluster.onCall = () => {};
    expect((await cluster.api.budgets())[0]?.disruptionsAllowed).toBe(0);
    await world.forward();
    expectMoved(world, olds, news);
  });

  it("even where the evicted pod waits for the very nodes that it opens first", async () => {
    const world = aPoolsWorld();
    const { cluster } = world;
    cluster.onCall = (call) => {
      if (!call.startsWith("evict")) return;
      for (const node of cluster.nodes.slice(3)) node.schedulable = false;
      if (cluster.writes.length === 4) throw new Error("killed");
    };
    await expect(world.forward()).rejects.toThrow("killed");
    cluster.onCall = () => {};
    expect(cluster.pods.filter(({ node }) => node === undefined)).toHaveLength(1);
    await world.forward();
    expectMoved(world, olds, news);
  });

  it("but not past a bare pod that has come since", async () => {
    const world = aPoolsWorld();
    const { cluster } = world;
    cluster.onCall = (call) => {
      if (call.startsWith("evict") && cluster.writes.length === 4) throw new Error("killed");
    };
    await expect(world.forward()).rejects.toThrow("killed");
    cluster.onCall = () => {};
    cluster.addBarePod("late", "old-3");
    await expect(world.forward()).rejects.toMatchObject({
      code: "drain-blocked",
      message: expect.stringContaining("stay so"),
    });
    expect(cluster.writes).toHaveLength(4);
  });

  it("two drivers at once end where one does", async () => {
    const world = aPoolsWorld();
    await Promise.all([world.forward(), world.forward()]);
    expectMoved(world, olds, news);
    const evicted = world.cluster.writes.filter((write) => write.startsWith("evict"));
    expect(new Set(evicted).size, "no pod on a new node was evicted").toBe(6);
  });

  it.each([1, 4])(
    "stops after %i writes when it is asked to, with the signal's own reason",
    async (writes) => {
      const world = aPoolsWorld();
      const { cluster } = world;
      const stop = new AbortController();
      const reason = new Error("asked to stop");
      let after = 0;
      cluster.onCall = () => {
        if (stop.signal.aborted) after++;
        if (cluster.writes.length === writes) stop.abort(reason);
      };
      await expect(world.forward({ signal: stop.signal })).rejects.toBe(reason);
      expect(after, "no further call").toBe(0);
      await expect(world.forward({ signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    },
  );

  it("is woken from its sleep by the signal", async () => {
    const world = aPoolsWorld();
    world.cluster.nodes.splice(4);
    const stop = new AbortController();
    const waiting = world.forward({
      signal: stop.signal,
      clock: {
        now: () => 0,
        sleep: (_ms, signal) =>
          new Promise((resolve) => {
            signal?.addEventListener("abort", () => resolve());
            stop.abort(new Error("asked to stop"));
          }),
      },
    });
    await expect(waiting).rejects.toThrow("asked to stop");
  });
});

describe("nodes that don't suit", () => {
  it("too few of them Ready are waited for", async () => {
    const world = aPoolsWorld();
    const late = world.cluster.nodes[5];
    if (late) Object.assign(late, { ready: false, kubeletVersion: "" });
    let looks = 0;
    world.cluster.onCall = (call) => {
      if (call.startsWith("nodes") && ++looks === 4 && late) {
        Object.assign(late, { ready: true, kubeletVersion: "v1.34.2" });
      }
      expect(looks < 4 && /^(cordon|evict)/.test(call)).toBe(false);
    };
    await world.forward();
    expectMoved(world, olds, news);
  });

  it("and are an error after ten minutes, with nothing touched", async () => {
    const world = aPoolsWorld();
    const late = world.cluster.nodes[5];
    if (late) late.ready = false;
    const at = world.clock.now();
    await expect(world.forward()).rejects.toMatchObject({
      code: "nodes-not-ready",
      exit: "timeout",
      message: expect.stringMatching(/2 of 3 Ready nodes .* after 600 s; not Ready: new-3\./),
    });
    expect(world.clock.now() - at).toBe(600_000);
    expect(world.cluster.writes).toEqual([]);
  });

  it("more nodes than the pool asks for may be anything but Ready", async () => {
    const world = aPoolsWorld();
    const extra = world.cluster.nodes[5];
    if (extra) extra.ready = false;
    await world.forward({ want: { ...want, nodes: 2 } });
    expect(restOf(world, olds)).toEqual(emptied(olds));
  });

  it.each([
    ["a kubelet", { kubeletVersion: "v1.34.1" }, want, "new-2 runs kubelet v1.34.1, not 1.34.2"],
    ["a kubelet without a version", { kubeletVersion: "" }, want, "new-2 runs kubelet of no version"],
    [
      "an image",
      { nodeImage: "AKSUbuntu-2204gen2containerd-202510.01.0" },
      { ...want, nodeImage: "202511.06.0" },
      "new-2 has node image AKSUbuntu-2204gen2containerd-202510.01.0, not 202511.06.0",
    ],
    [
      "an image with a longer name",
      { nodeImage: "AKSUbuntu-2204gen2containerd-202511.06.01" },
      { ...want, nodeImage: "202511.06.0" },
      "202511.06.01, not 202511.06.0",
    ],
    ["no image label", {}, { ...want, nodeImage: "202511.06.0" }, "new-2 has no node image label"],
  ])("%s of another version is an error at once", async (_what, change, wanted, said) => {
    const world = aPoolsWorld();
    for (const node of world.cluster.nodes.slice(3)) {
      if (wanted !== want) node.nodeImage = "AKSUbuntu-2204gen2containerd-202511.06.0";
    }
    const other = world.cluster.nodes[4];
    if (other) {
      delete other.nodeImage;
      Object.assign(other, change);
    }
    const at = world.clock.now();
    const error = expect.objectContaining({ code: "nodes-differ", message: expect.stringContaining(said) });
    await expect(world.forward({ want: wanted })).rejects.toEqual(error);
    expect(world.clock.now()).toBe(at);
    expect(world.cluster.writes).toEqual([]);
  });

  it("the asked image and version pass however they are written", async () => {
    const world = aPoolsWorld();
    for (const node of world.cluster.nodes) node.nodeImage = "AKSUbuntu-2204gen2containerd-202511.06.0";
    await world.forward({
      want: { nodes: 3, kubernetesVersion: "v1.34.2", nodeImage: "202511.06.0" },
    });
    expectMoved(world, olds, news);
  });

  it("none at all: no node is cordoned", async () => {
    const world = aPoolsWorld();
    world.cluster.nodes.splice(3);
    await expect(world.forward()).rejects.toMatchObject({ code: "nodes-not-ready" });
    await expect(world.back({ build: newBuild })).rejects.toMatchObject({
      code: "nodes-missing",
      message: expect.stringContaining("3 nodes of aaaaaaaaaaaaaaaa"),
    });
    expect(world.cluster.writes).toEqual([]);
  });

  it("new nodes that vanish in the middle stop the evictions", async () => {
    const world = aPoolsWorld();
    const { cluster } = world;
    cluster.onCall = () => {
      if (cluster.writes.length === 4) cluster.nodes.splice(3);
    };
    await expect(world.forward()).rejects.toMatchObject({ code: "nodes-missing" });
    expect(cluster.writes).toHaveLength(4);
  });
});
