import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { JournalEntry } from "../../src/types/journal.ts";
import { type Load, lost, quantile, type Sample, startLoad } from "../support/cluster-load.ts";
import { argoAbortMs, barePatches, spread, verdictToZero } from "../support/cluster-measure.ts";
import { limitPods, replicasOf, unlimitPods } from "../support/cluster-objects.ts";
import { candidate, service } from "../support/cluster-program.ts";
import {
  type ClusterSite,
  type ClusterStack,
  openStack,
  type StackOptions,
  shortTimeouts,
  startClusterSite,
} from "../support/cluster-stack.ts";
import type { ServiceBehaviour } from "../support/http-service.ts";
import { waitUntil } from "../support/process.ts";

const talk = (line: string) => console.log(line);
const drainMs = 2_000;

let site: ClusterSite;
let stack: ClusterStack;
let load: Load;
beforeAll(async () => {
  site = await startClusterSite(talk);
});
afterEach(async () => {
  await load?.stop();
  await stack?.stop();
});
afterAll(() => site?.stop());

/** A stack of its own with requests on it, and what it was before. */
async function begin(options: StackOptions = {}) {
  stack = await openStack(site, options);
  // A stable that takes its time: noise of this machine is small beside it.
  await stack.stable.set({ latencyMs: 20 });
  load = startLoad({ url: stack.haproxy.url, perSecond: 200, maxSeconds: 180 });
  const baseline = await stack.deps.engine.deployed();
  return { baseline, maps: await configMaps() };
}

async function configMaps(): Promise<Record<string, unknown>> {
  const path = `/api/v1/namespaces/${stack.namespace}/configmaps?labelSelector=app=${service}`;
  const { body } = await site.plane.api({ path });
  return Object.fromEntries(
    body.items.map((map: { metadata: { name: string }; data: unknown }) => [map.metadata.name, map.data]),
  );
}

const soaking = (step: string) => (entry: JournalEntry) => entry.state === "soaking" && entry.step === step;

/** All that must be true of a stack that was taken back, whatever the reason. */
async function expectBaseline(before: Awaited<ReturnType<typeof begin>>): Promise<void> {
  const after = await stack.deps.engine.deployed();
  expect(after.inputs).toBe(before.baseline.inputs);
  expect(after.record).toEqual(before.baseline.record);
  expect(after.pendingOperations).toEqual([]);
  const preview = await stack.deps.engine.preview({
    target: { kind: "step", version: "1.2.3" },
    refresh: true,
  });
  expect(preview.changes).toEqual([]);
  expect(Object.keys(preview.summary)).toEqual(["same"]);
  expect(await configMaps()).toEqual(before.maps);
  const path = `/apis/apps/v1/namespaces/${stack.namespace}/deployments`;
  const { body } = await site.plane.api({ path });
  expect(body.items.map((item: { metadata: { name: string } }) => item.metadata.name)).toEqual([service]);
}

/** No request lost, none on the candidate after the drain, and stable as before. */
function expectUsersSafe(samples: readonly Sample[]): void {
  expect(lost(samples)).toEqual([]);
  const off = stack.follower.seen.findLast((state) => state.weights[candidate] === 0)?.appliedAt;
  const after = samples.filter(({ startedAt }) => startedAt > (off ?? Number.NaN) + drainMs);
  expect(after.length).toBeGreaterThan(100);
  expect(after.filter(({ side }) => side !== "stable")).toEqual([]);
  const stable = samples.filter(({ side }) => side === "stable");
  expect(stable.filter(({ status }) => status !== 200)).toEqual([]);
  const exposedAt = stack.follower.seen.find((state) => (state.weights[candidate] ?? 0) > 0)?.appliedAt ?? 0;
  const [before, since] = [false, true].map((exposed) =>
    quantile(
      stable
        .filter(({ startedAt }) => startedAt >= exposedAt === exposed)
        .map(({ startedAt, endedAt }) => endedAt - startedAt),
      0.95,
    ),
  ) as [number, number];
  talk(`stable's P95 before the candidate ${before} ms, since ${since} ms`);
  // Far above this machine's noise, far below the 1.5 s of a slow candidate.
  expect(since - before).toBeLessThan(400);
}

interface Case {
  readonly reason: string;
  readonly at: string;
  readonly rollout?: Readonly<Record<string, unknown>>;
  readonly behaviour: ServiceBehaviour;
  readonly gate: string;
  readonly weights: readonly number[];
}

describe("a revert", () => {
  it.each<Case>([
    {
      reason: "a candidate that fails a tenth of its requests from 20 % on",
      at: "20",
      // Longer than the breach must last and the data takes to come.
      rollout: { increments: [5, { exposure: 20, soak: "15s" }, 50, 100] },
      behaviour: { errorRate: 0.1 },
      gate: "error-rate",
      weights: [0, 5, 20, 0],
    },
    {
      reason: "a candidate that is slow from the start: its requests still in flight end well",
      at: "5",
      behaviour: { latencyMs: 1_500 },
      gate: "p95-latency",
      weights: [0, 5, 0],
    },
    {
      reason: "a candidate whose health check fails at 5 %",
      at: "5",
      behaviour: { ready: false, errorRate: 1 },
      gate: "health",
      weights: [0, 5, 0],
    },
  ])("takes back $reason", async ({ at, rollout = {}, behaviour, gate, weights }) => {
    const before = await begin({
      rollout: { timeouts: { ...shortTimeouts, afterRevert: "5s" }, ...rollout },
    });
    const running = stack.run("1.2.5");
    await stack.entry(`the soak at ${at}`, soaking(at));
    expect(Object.keys(await configMaps())).toHaveLength(2);
    await stack.candidate.set(behaviour);
    const outcome = await running;
    expect(outcome).toMatchObject({
      outcome: "reverted",
      failedAt: at,
      cause: { kind: "canary", gate },
      revert: { stateEqual: true },
    });
    expect(stack.watcher.weights()).toEqual(weights);
    await expectBaseline(before);
    expectUsersSafe(await load.stop());
    await stack.run("1.2.3").then((again) => expect(again.outcome).toBe("nothing-to-do"));
    // Looked at after the revert, and said.
    const rate = stack.entries.find(({ data }) => data["effect"] === "error-rate");
    expect(rate?.data).toMatchObject({ ok: true, percent: 0 });
    await report();
  });

  it("is what an abort in a soak leads to, and the version is quarantined", async () => {
    const before = await begin();
    const running = stack.run("1.2.5");
    await stack.entry("the soak at 20", soaking("20"));
    const asked = Date.now();
    await stack.abort();
    const outcome = await running;
    const off = await stack.watcher.waitFor(0, {
      from: stack.watcher.seen.findIndex(({ weight }) => weight > 0),
    });
    talk(`abort asked for → weight 0 at a watcher: ${off.at - asked} ms`);
    expect(outcome).toMatchObject({ outcome: "reverted", failedAt: "20", cause: { kind: "person" } });
    expect(stack.watcher.weights()).toEqual([0, 5, 20, 0]);
    await expectBaseline(before);
    expectUsersSafe(await load.stop());
    expect(await stack.run("1.2.5")).toMatchObject({ outcome: "blocked", cause: { reason: "Quarantined" } });
    await report();
  });

  it("stops an update in its middle: the breach comes while pods of the next step don't come up", async () => {
    const before = await begin({ progressDeadlineSeconds: 40 });
    // Of stable and candidate together: 50 % needs a sixth pod, which waits for room.
    await limitPods(site.plane.api, stack.namespace, 5);
    const running = stack.run("1.2.5");
    const isUpTo50 = ({ kind, step, data }: JournalEntry) =>
      kind === "intent" && step === "50" && data["effect"] === "up";
    await stack.entry("the update to 50", isUpTo50, 120_000);
    await stack.candidate.set({ errorRate: 0.3 });
    const outcome = await running;
    expect(outcome).toMatchObject({
      outcome: "reverted",
      failedAt: "50",
      exposures: [5, 20],
      cause: { reason: "HardLimitBreached", gate: "error-rate" },
      revert: { stateEqual: true },
    });
    expect(stack.watcher.weights()).toEqual([0, 5, 20, 0]);
    // The lever came first, then the update was asked to stop, then the lever was pulled again.
    const effects = stack.entries.filter(({ kind, step }) => kind === "effect" && step === "revert");
    const names = effects.map(({ data }) => data["effect"]).filter((name) => name !== "message");
    expect(names.slice(0, 4)).toEqual(["lever", "up", "lever", "read-back"]);
    expect(effects.find(({ data }) => data["effect"] === "up")?.data).toMatchObject({
      ok: false,
      failure: { kind: "cancelled" },
    });
    await expectBaseline(before);
    expectUsersSafe(await load.stop());
    await report();
  });

  it("fences a late update off: after the lever no weight comes back, and one converging update ends it", async () => {
    const before = await begin({ progressDeadlineSeconds: 40 });
    const { engine, lever } = stack.deps;
    const step = (id: string) => ({ kind: "step", version: "1.2.5", step: id }) as const;
    for (const id of ["5", "20"]) expect(await engine.up({ target: step(id) })).toMatchObject({ ok: true });
    await limitPods(site.plane.api, stack.namespace, 5);
    const late = engine.up({ target: step("50") });
    await waitUntil({
      what: "the late update's pods",
      timeoutMs: 30_000,
      ready: async () => (await replicasOf(site.plane.api, stack.namespace, candidate)).wanted === 2,
    });
    await lever.setExposure(0);
    // Nobody stops it: it goes on to write its weight.
    await unlimitPods(site.plane.api, stack.namespace);
    expect(await late).toMatchObject({ ok: false, failure: { kind: "conflict" } });
    expect(stack.watcher.weights()).toEqual([0, 5, 20, 0]);
    const release = before.baseline.record;
    if (release === undefined) throw new Error("the baseline has no record");
    const target = { kind: "release", version: "1.2.5", release } as const;
    expect(await engine.up({ target, refresh: true })).toMatchObject({
      ok: false,
      failure: { kind: "conflict" },
    });
    expect(await engine.up({ target, refresh: true, converge: true })).toMatchObject({ ok: true });
    await expectBaseline(before);
    // Later steps need no force.
    expect(await engine.up({ target: step("5") })).toMatchObject({ ok: true });
    expect(stack.watcher.weights()).toEqual([0, 5, 20, 0, 5]);
  });
});

/** What people compare: our verdict, the floor of this machine at this moment, and the peer's published figure. */
async function report(): Promise<void> {
  const ms = await verdictToZero(stack);
  const bare = spread(await barePatches(site, stack.namespace, 5));
  talk(
    `verdict → weight 0 at a watcher: ${ms} ms; a bare patch: ${bare.median} ms (${bare.min}-${bare.max}); ` +
      `Argo Rollouts: ${argoAbortMs.median} ms (${argoAbortMs.min}-${argoAbortMs.max})`,
  );
  expect(ms).toBeGreaterThanOrEqual(0);
}
