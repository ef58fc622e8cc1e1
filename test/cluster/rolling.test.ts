import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { runRollout } from "../../src/driver/run.ts";
import { undoToRevision } from "../../src/driver/undo.ts";
import { type ClusterSite, startClusterSite } from "../support/cluster-stack.ts";
import { mustSucceed } from "../support/kube-api.ts";
import {
  openRollingStack,
  type RollingConfig,
  type RollingStack,
  rollingService,
} from "../support/rolling-stack.ts";
import { type RollingWatcher, watchRolling } from "../support/rolling-watch.ts";

// A version in stable's place on the real API server, with the real provider: 6 replicas, one pod more and one fewer
// at most. Requests are made up; pods are kwok's: ready at once, unless no node has room for them.

const talk = (line: string) => console.log(line);
/** The guide's objective for an undo. */
const undoMs = 300_000;

let site: ClusterSite;
let stack: RollingStack;
let watcher: RollingWatcher;
/** The first event that saw the Deployment as installed: the ones before list what was there. */
let first: number;
beforeAll(async () => {
  site = await startClusterSite(talk);
});
beforeEach(() => install());
afterEach(() => watcher?.stop());
afterAll(() => site?.stop());

async function install(config: RollingConfig = {}): Promise<void> {
  stack = await openRollingStack(site, config);
  watcher = watchRolling(site.plane, stack.namespace);
  await watcher.waitFor("six pods of 1.2.3", ({ byVersion }) => byVersion["1.2.3"] === 6);
  first = watcher.pods.findIndex(({ byVersion }) => byVersion["1.2.3"] === 6);
}

const run = (version: string) => runRollout(stack.deps, { version, holder: `test pid ${process.pid}` });
const deploymentPath = () => `/apis/apps/v1/namespaces/${stack.namespace}/deployments/${rollingService}`;

/** Never more than 7 pods, never fewer than 5 of them ready: at no event of the pods. */
function expectCapacity(): void {
  const pods = watcher.pods.slice(first);
  expect(pods.length).toBeGreaterThan(6);
  const most = Math.max(...pods.map((seen) => seen.pods));
  const least = Math.min(...pods.map(({ ready }) => ready));
  talk(`pods at most ${most}, ready at least ${least}, over ${pods.length} events`);
  const around = JSON.stringify(pods);
  expect(most, around).toBeLessThanOrEqual(7);
  expect(least, around).toBeGreaterThanOrEqual(5);
}

/** Nor fewer than 5 available, as the Deployment's own controller counts them. */
function expectAvailable(): void {
  const available = watcher.available.map(({ count }) => count);
  expect(available.length).toBeGreaterThan(3);
  expect(Math.min(...available), JSON.stringify(available)).toBeGreaterThanOrEqual(5);
}

function verdictAt(): number {
  const turn = stack.entries.findLast(
    ({ kind, data }) => kind === "decision" && Object(data["decision"])["kind"] === "revert",
  );
  return Date.parse(turn?.wallAt ?? "");
}

/** Everything that a reverted stack owes, and that the next version isn't fenced off by what the lever wrote. */
async function expectReverted(outcome: Awaited<ReturnType<typeof run>>): Promise<void> {
  expect(outcome).toMatchObject({
    outcome: "reverted",
    failedAt: "roll",
    revert: { stateEqual: true, inPlace: true },
  });
  expect(watcher.pods.at(-1)?.byVersion).toEqual({ "1.2.3": 6 });
  expectCapacity();
}

describe("six replicas, maxSurge 1, maxUnavailable 1", () => {
  it("a good version rolls, says how far it is, and is the baseline after its watch", async () => {
    const outcome = await run("1.2.4");
    expect(outcome).toMatchObject({ outcome: "promoted", exposures: [100] });
    expect(watcher.pods.at(-1)?.byVersion).toEqual({ "1.2.4": 6 });
    expectCapacity();
    expectAvailable();
    const progress = stack.entries.flatMap(({ data }) => data["progress"] ?? []);
    talk(`progress: ${progress.join(" | ")}`);
    expect(progress).toContainEqual(expect.stringMatching(/^\d of 6 updated, \d old pending/));
    expect(progress.at(-1)).toBe("6 of 6 updated");
    const { record } = await stack.deps.engine.deployed();
    expect(record).toMatchObject({ stable: { version: "1.2.4" }, exposure: 0, step: "settle" });
    expect(record).not.toHaveProperty("candidate");
    expect(await run("1.2.4")).toMatchObject({ outcome: "nothing-to-do" });
  });

  it("a breach in the watch undoes it within the guide's 5 minutes at minReadySeconds 30, and the next one rolls", async () => {
    const running = run("1.2.4");
    await watcher.waitFor("six pods of 1.2.4", ({ byVersion }) => byVersion["1.2.4"] === 6);
    await watchBegins();
    // The guide's 30 s for the way back alone: up to here one second each shortens the test.
    const guide = { spec: { minReadySeconds: 30, progressDeadlineSeconds: 600 } };
    await mustSucceed(site.plane.api, { method: "PATCH", path: deploymentPath(), body: guide });
    stack.fail(true);
    const outcome = await running;
    const back = verdictAt();
    const patched = await watcher.waitFor(
      "the first old pod",
      ({ byVersion }) => (byVersion["1.2.3"] ?? 0) > 0,
      back,
    );
    const old = await watcher.waitFor("all pods old", ({ byVersion }) => byVersion["1.2.3"] === 6, back);
    talk(
      `undo, measured: verdict → first old pod ready ${patched.at - back} ms, → all six old ${old.at - back} ms; read back after ${outcome.revert?.leverMs} ms, objective ${undoMs} ms`,
    );
    expect(old.at - back).toBeLessThan(undoMs);
    expect(outcome.revert?.leverMs).toBeLessThan(undoMs);
    expect(outcome.cause).toMatchObject({ reason: "HardLimitBreached", gate: "error-rate" });
    await expectReverted(outcome);

    stack.fail(false);
    // The lever wrote the template: an ordinary update must own it again, or it would meet a conflict.
    const next = await run("1.2.5");
    expect(next.outcome, next.cause?.message).toBe("promoted");
  });

  it("a version whose pods never get ready reverts at its progress deadline", async () => {
    const outcome = await run("1.2.4-bad");
    const update = stack.entries.find(({ kind, data }) => kind === "effect" && data["effect"] === "up");
    const { ok, ms } = update?.data ?? {};
    talk(
      `the update ended after ${ms} ms (deadline 12 s): ${outcome.cause?.reason}: ${outcome.cause?.message.slice(0, 200)}`,
    );
    // The provider goes by a Deployment's conditions and not by its observed generation: where the controller is slow to
    // look at it, the conditions are those of the rollout before, and the update ends at once and well. Then it is the
    // read-back that finds no pod of the version.
    if (ok === true) expect(outcome.cause).toMatchObject({ reason: "RouteNotConfirmed", kind: "router" });
    else {
      expect(outcome.cause).toMatchObject({ reason: "UpdateFailed", kind: "engine" });
      expect(Number(ms)).toBeGreaterThan(11_000);
    }
    expect(watcher.pods.every(({ byVersion }) => byVersion["1.2.4-bad"] === undefined)).toBe(true);
    await expectReverted(outcome);
    expectAvailable();
  });
});

async function watchBegins(): Promise<void> {
  await expect
    .poll(() => stack.entries.some(({ state }) => state === "soaking"), { timeout: 60_000, interval: 50 })
    .toBe(true);
}

/** The revision of a version, by the change cause that the Deployment's controller has copied to its ReplicaSet. */
async function revisionOf(version: string): Promise<number> {
  const listed = await stack.revisions.list();
  const found = listed.filter(({ changeCause }) => changeCause === `${rollingService} ${version}`);
  expect(found, JSON.stringify(listed)).toHaveLength(1);
  return found[0]?.number ?? 0;
}

describe("undo to a revision", () => {
  const ways = [
    { way: "the lever first, where the versions share a ConfigMap", sharedConfig: true },
    { way: "the stack first, where the version's own ConfigMap had gone with it", sharedConfig: false },
  ];
  it.each(ways)("$way", async ({ sharedConfig }) => {
    if (sharedConfig) {
      watcher.stop();
      await install({ sharedConfig });
    }
    const baseline = await stack.deps.engine.deployed();
    for (const version of ["1.2.4", "1.2.5"]) {
      const outcome = await run(version);
      expect(outcome.outcome, outcome.cause?.message).toBe("promoted");
    }
    const revision = await revisionOf("1.2.3");
    const asked = Date.now();
    const outcome = await undoToRevision(stack.deps, {
      revision,
      revisions: stack.revisions,
      holder: `test pid ${process.pid}`,
      by: "dana",
      reason: "corruption",
    });
    expect(outcome, outcome.problems.join("; ")).toMatchObject({
      outcome: "undone",
      version: "1.2.3",
      from: "1.2.5",
      running: { ready: 6, desired: 6, image: "atp.example/ingestion:1.2.3" },
      differences: [],
    });
    const gone = await watcher.waitFor(
      "six pods of 1.2.3 and no other",
      ({ pods, byVersion }) => pods === 6 && byVersion["1.2.3"] === 6,
      asked,
    );
    const pulled = stack.entries.filter(({ data }) => data["effect"] === "lever");
    talk(
      `undo to revision ${revision} (${sharedConfig ? "lever first" : "stack first"}), measured: request → no new pod ${gone.at - asked} ms, stack restored after ${outcome.stackMs} ms, objective ${undoMs} ms`,
    );
    expect(gone.at - asked).toBeLessThan(undoMs);
    expect(pulled.length > 0).toBe(sharedConfig);
    expectCapacity();
    expectAvailable();

    // The stack is the one that was installed, to the letter.
    const after = await stack.deps.engine.deployed();
    expect(JSON.parse(after.inputs)).toEqual(JSON.parse(baseline.inputs));
    expect(after.record).toEqual(baseline.record);
    const preview = await stack.deps.engine.preview({
      target: { kind: "step", version: "1.2.5" },
      refresh: true,
    });
    expect(preview.changes).toEqual([]);
    await expect.poll(() => revisionOf("1.2.3"), { timeout: 20_000 }).toBe(outcome.running?.number);

    // 1.2.5 stays out, and the lever fences nobody off.
    expect(await run("1.2.5")).toMatchObject({ outcome: "blocked", cause: { reason: "Quarantined" } });
    const next = await run("1.2.6");
    expect(next.outcome, next.cause?.message).toBe("promoted");
  });
});
