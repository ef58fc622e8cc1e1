import { afterAll, beforeAll, expect, it } from "vitest";
import { type Load, lost, startLoad } from "../support/cluster-load.ts";
import { upTimes } from "../support/cluster-measure.ts";
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
  // Each new pod of stable stood for 30 s before it counted, by the API's clock: it writes the moment of a pod's
  // readiness in whole seconds, rounded down, so that the 30 s may begin up to a second early.
  const promoted = upTimes(stack.entries).find(({ step }) => step === "promote-stable");
  expect(promoted?.ms).toBeGreaterThan(29_000);
  const off = stack.watcher.seen.findIndex(({ weight }) => weight === 100);
  const drainedFrom = stack.watcher.seen[off + 1]?.at ?? Number.NaN;
  const cleaned = stack.entries.find(({ kind, step }) => kind === "intent" && step === "promote-clean");
  expect(Date.parse(cleaned?.wallAt ?? "") - drainedFrom).toBeGreaterThanOrEqual(30_000);
  const samples = await load.stop();
  expect(samples.length).toBeGreaterThan(10_000);
  expect(lost(samples)).toEqual([]);
});
