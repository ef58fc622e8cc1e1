import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { JournalEntry } from "../../src/types/journal.ts";
import { journaled, locksOf, startDriver } from "../support/cluster-child.ts";
import { type Load, lost, startLoad } from "../support/cluster-load.ts";
import { limitPods, replicasOf, scaleTo, unlimitPods } from "../support/cluster-objects.ts";
import { candidate, service } from "../support/cluster-program.ts";
import {
  type ClusterSite,
  type ClusterStack,
  openStack,
  type StackOptions,
  startClusterSite,
} from "../support/cluster-stack.ts";
import { isRunning, waitUntil } from "../support/process.ts";

let site: ClusterSite;
let stack: ClusterStack;
let load: Load | undefined;
beforeAll(async () => {
  site = await startClusterSite((line) => console.log(line));
});
afterEach(async () => {
  await load?.stop();
  load = undefined;
  await stack?.stop();
});
afterAll(() => site?.stop());

async function begin(options: StackOptions = {}): Promise<void> {
  stack = await openStack(site, options);
  load = startLoad({ url: stack.haproxy.url, perSecond: 200, maxSeconds: 180 });
}

const isSoak = (step: string) => (entry: JournalEntry) => entry.state === "soaking" && entry.step === step;
const isUp = (step: string) => (entry: JournalEntry) =>
  entry.kind === "intent" && entry.step === step && entry.data["effect"] === "up";

/** The engine holds its lock and waits for a second pod of the candidate, which the quota keeps away. */
async function updateTo50UnderWay(): Promise<void> {
  await journaled(stack, "the update to 50", isUp("50"));
  const ready = async () => (await replicasOf(site.plane.api, stack.namespace, candidate)).wanted === 2;
  await waitUntil({ what: "the pods of 50 %", timeoutMs: 30_000, ready });
}

async function expectGapless(): Promise<void> {
  const entries = await stack.deps.record.journal.read();
  expect(entries.map(({ seq }) => seq)).toEqual(entries.map((_, index) => index + 1));
}

describe("a driver that is killed", () => {
  it("in a soak: the next run goes on, and the version is promoted", async () => {
    await begin();
    const driver = startDriver(stack, "1.2.4");
    await journaled(stack, "the soak at 20", isSoak("20"));
    await driver.kill("driver");
    expect(await driver.ended).toMatchObject({ code: null });
    expect(await stack.run("1.2.4")).toMatchObject({ outcome: "promoted", exposures: [5, 20, 50, 100] });
    expect(stack.watcher.weights()).toEqual([0, 5, 20, 50, 100, 0]);
    const { record } = await stack.deps.engine.deployed();
    expect(record).toMatchObject({ stable: { version: "1.2.4" }, exposure: 0, step: "promote-clean" });
    expect(record?.candidate).toBeUndefined();
    await expectGapless();
    expect(lost((await load?.stop()) ?? [])).toEqual([]);
  });

  it("with its engine in an update: the lock stays, and the next run takes the bad version back", async () => {
    await begin({ progressDeadlineSeconds: 40 });
    const { inputs } = await stack.deps.engine.deployed();
    await limitPods(site.plane.api, stack.namespace, 5);
    const driver = startDriver(stack, "1.2.5");
    await updateTo50UnderWay();
    await driver.kill("driver-and-engine");
    const [lock, ...more] = locksOf(stack);
    expect(more).toEqual([]);
    expect(lock && isRunning(lock.pid)).toBe(false);
    expect(stack.watcher.weights()).toEqual([0, 5, 20]);

    await stack.candidate.set({ errorRate: 0.3 });
    expect(await stack.run("1.2.5")).toMatchObject({
      outcome: "reverted",
      exposures: [5, 20],
      revert: { stateEqual: true },
    });
    expect(locksOf(stack)).toEqual([]);
    expect(stack.watcher.weights()).toEqual([0, 5, 20, 0]);
    const recovered = stack.entries.find(({ data }) => data["resumed"] === true)?.data["recovered"];
    expect(JSON.stringify(recovered)).toContain("that process is gone");
    expect((await stack.deps.engine.deployed()).inputs).toBe(inputs);
    await expectGapless();
    expect(lost((await load?.stop()) ?? [])).toEqual([]);
  });

  it("alone in an update: its engine ends by itself, and the next run promotes", async () => {
    await begin({ progressDeadlineSeconds: 40 });
    await limitPods(site.plane.api, stack.namespace, 5);
    const driver = startDriver(stack, "1.2.4");
    await updateTo50UnderWay();
    await driver.kill("driver");
    await unlimitPods(site.plane.api, stack.namespace);
    expect(await stack.run("1.2.4")).toMatchObject({ outcome: "promoted", exposures: [5, 20, 50, 100] });
    expect(stack.watcher.weights()).toEqual([0, 5, 20, 50, 100, 0]);
    await expectGapless();
  });
});

describe("a step that failed", () => {
  it("keeps the old exposure, also after a plain update", async () => {
    stack = await openStack(site, { progressDeadlineSeconds: 3 });
    const { engine, lever } = stack.deps;
    const up = (step?: string) =>
      engine.up({ target: { kind: "step", version: "1.2.4", ...(step === undefined ? {} : { step }) } });
    expect(await up("5")).toMatchObject({ ok: true });
    expect(await up("20")).toMatchObject({ ok: true });
    await limitPods(site.plane.api, stack.namespace, 5);
    expect(await up("50")).toMatchObject({ ok: false, failure: { kind: "resource" } });
    expect(await lever.read()).toMatchObject({ exposure: 20 });
    await unlimitPods(site.plane.api, stack.namespace);

    const plain = await up();
    expect(plain).toMatchObject({ ok: true, resolved: { release: { exposure: 20, step: "20" } } });
    expect(await lever.read()).toMatchObject({ exposure: 20, accepted: true });
    expect((await engine.deployed()).record).toMatchObject({ exposure: 20, step: "20" });
    expect(await replicasOf(site.plane.api, stack.namespace, candidate)).toMatchObject({ wanted: 1 });
    expect(await up()).toMatchObject({ ok: true, summary: { same: expect.any(Number) } });
    expect(stack.watcher.weights()).toEqual([0, 5, 20]);
  });
});

describe("with an autoscaler", () => {
  it("updates don't fight over the replicas", async () => {
    await begin({ replicas: 2, hpa: { min: 2, max: 10, cpuPercent: 70 } });
    const { api } = site.plane;
    const stableReplicas = async () => (await replicasOf(api, stack.namespace, service)).wanted;
    await scaleTo(api, stack.namespace, { name: service, replicas: 5 });
    const seen: number[] = [];
    const watching = setInterval(() => void stableReplicas().then((wanted) => seen.push(wanted)), 200);
    try {
      const running = stack.run("1.2.4");
      await stack.entry("the soak at 20", isSoak("20"));
      // Capacity follows what was observed, five, and not what the program was written with.
      expect(await replicasOf(api, stack.namespace, candidate)).toMatchObject({ wanted: 1 });
      await scaleTo(api, stack.namespace, { name: candidate, replicas: 2 });
      expect(await running).toMatchObject({ outcome: "promoted" });
    } finally {
      clearInterval(watching);
    }
    expect(new Set(seen)).toEqual(new Set([5]));
    const hpa = await api({
      path: `/apis/autoscaling/v2/namespaces/${stack.namespace}/horizontalpodautoscalers/${service}`,
    });
    expect(hpa.body.spec.minReplicas).toBe(2);
    expect(stack.watcher.weights()).toEqual([0, 5, 20, 50, 100, 0]);
  });
});
