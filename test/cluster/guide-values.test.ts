import { afterAll, beforeAll, expect, it } from "vitest";
import { type Load, lost, startLoad } from "../support/cluster-load.ts";
import { upTimes } from "../support/cluster-measure.ts";
import { service } from "../support/cluster-program.ts";
import {
  type ClusterSite,
  type ClusterStack,
  openStack,
  startClusterSite,
} from "../support/cluster-stack.ts";

let site: ClusterSite;
let stack: ClusterStack;
let load: Load;
beforeAll(async () => {
  site = await startClusterSite((line) => console.log(line));
  // The guide's own numbers, but for the soaks: 15 minutes each are no test.
  stack = await openStack(site, {
    // One pod: an update to it is one wave of 30 s.
    replicas: 1,
    minReadySeconds: 30,
    progressDeadlineSeconds: 600,
    rollout: {
      drain: "30s",
      timeouts: { rollout: "10m", confirm: "2m", verify: "2m", afterRevert: "5m" },
      gates: {
        window: "1s",
        minRequests: 10,
        errorRate: { limit: "1%", for: "2s" },
        p95: { limit: "1000ms", for: "3s" },
        exceptions: 10,
        health: { tries: 3, timeout: "5s" },
      },
    },
  });
});
afterAll(async () => {
  await load?.stop();
  await stack?.stop();
  await site?.stop();
});

it("promotes at the guide's minReadySeconds, deadlines and drain, without losing a request", async () => {
  load = startLoad({ url: stack.haproxy.url, perSecond: 200, maxSeconds: 170 });
  const outcome = await stack.run("1.2.4");
  expect(outcome).toMatchObject({ outcome: "promoted", exposures: [5, 20, 50, 100] });
  expect(stack.watcher.weights()).toEqual([0, 5, 20, 50, 100, 0]);
  // By Kubernetes' own record, not by the time of the update, which the provider may end too early (docs/by-hand.md);
  // traffic waits all the same. The API writes its moments in whole seconds: the 30 s may look up to a second shorter.
  const ms = upTimes(stack.entries).find(({ step }) => step === "promote-stable")?.ms;
  console.log(`stable's update ended after ${ms} ms`);
  const { madeAt, availableAt } = await rolledOut();
  expect(availableAt - madeAt).toBeGreaterThanOrEqual(29_000);
  const switched = stack.entries.find(({ kind, step }) => kind === "intent" && step === "promote-switch");
  expect(Date.parse(switched?.wallAt ?? "")).toBeGreaterThanOrEqual(availableAt);
  const off = stack.watcher.seen.findIndex(({ weight }) => weight === 100);
  const drainedFrom = stack.watcher.seen[off + 1]?.at ?? Number.NaN;
  const cleaned = stack.entries.find(({ kind, step }) => kind === "intent" && step === "promote-clean");
  expect(Date.parse(cleaned?.wallAt ?? "") - drainedFrom).toBeGreaterThanOrEqual(30_000);
  const samples = await load.stop();
  expect(samples.length).toBeGreaterThan(10_000);
  expect(lost(samples)).toEqual([]);
});

/** When stable's newest ReplicaSet was made, and when the Deployment had it available; ms since the epoch. */
async function rolledOut(): Promise<{ readonly madeAt: number; readonly availableAt: number }> {
  const at = `/apis/apps/v1/namespaces/${stack.namespace}`;
  const deployment = async () => (await site.plane.api({ path: `${at}/deployments/${service}` })).body;
  const over = async () => {
    const { metadata, spec, status } = await deployment();
    const { observedGeneration, updatedReplicas, availableReplicas, replicas } = status;
    return {
      pods: [updatedReplicas, availableReplicas, replicas],
      seen: observedGeneration === metadata.generation,
      spec,
    };
  };
  await expect
    .poll(over, { timeout: 60_000, interval: 500 })
    .toMatchObject({ pods: [1, 1, 1], seen: true, spec: { replicas: 1 } });
  const { status } = await deployment();
  const { body } = await site.plane.api({ path: `${at}/replicasets` });
  type ReplicaSet = { metadata: { creationTimestamp: string; ownerReferences: { name: string }[] } };
  const own = (body.items as ReplicaSet[]).filter(
    ({ metadata }) => metadata.ownerReferences[0]?.name === service,
  );
  const madeAt = Math.max(...own.map(({ metadata }) => Date.parse(metadata.creationTimestamp)));
  expect(own.length).toBeGreaterThan(1);
  const available = status.conditions.find(
    (one: { reason: string }) => one.reason === "NewReplicaSetAvailable",
  );
  return { madeAt, availableAt: Date.parse(available?.lastUpdateTime) };
}
