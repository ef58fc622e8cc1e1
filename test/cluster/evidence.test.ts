import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { createKubeCandidate } from "../../src/adapters/candidate/kube-candidate.ts";
import type { RolloutRequest } from "../../src/types/decision.ts";
import type { JournalEntry } from "../../src/types/journal.ts";
import { type Load, startLoad } from "../support/cluster-load.ts";
import { candidate, service } from "../support/cluster-program.ts";
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
});
afterEach(async () => {
  await load?.stop();
  await stack?.stop();
});
afterAll(() => site?.stop());

const soaking = (step: string) => (entry: JournalEntry) => entry.state === "soaking" && entry.step === step;

async function submit(request: RolloutRequest): Promise<void> {
  const rolloutId = stack.entries.findLast(({ kind }) => kind === "begin")?.rolloutId ?? "";
  await stack.deps.record.requests.submit({ ...request, rolloutId });
}

async function deployments(): Promise<readonly string[]> {
  const path = `/apis/apps/v1/namespaces/${stack.namespace}/deployments`;
  const { body } = await site.plane.api({ path });
  return body.items.map((item: { metadata: { name: string } }) => item.metadata.name).sort();
}

it("a concern takes the traffic off and keeps the candidate's pods, until they are released", async () => {
  stack = await openStack(site);
  load = startLoad({ url: stack.haproxy.url, perSecond: 200, maxSeconds: 180 });
  const baseline = await stack.deps.engine.deployed();
  const running = stack.run("1.2.5");
  await stack.entry("the soak at 20", soaking("20"));
  const why = { by: "test", reason: "tenant ids are mixed up" };
  await submit({ kind: "abort", concern: "corruption", at: new Date().toISOString(), ...why });
  expect(await running).toMatchObject({ outcome: "held", kept: "corruption", failedAt: "20" });
  expect(stack.watcher.weights()).toEqual([0, 5, 20, 0]);
  expect(await deployments()).toEqual([service, candidate].sort());

  const place = { namespace: stack.namespace, kubeconfig: site.plane.kubeconfigPath };
  const labels = { app: service, version: "canary" };
  const seen = await createKubeCandidate({ place, labels }).collect(new AbortController().signal);
  const pods = JSON.parse(seen.files.find(({ name }) => name === "candidate/pods.json")?.content ?? "{}");
  expect(pods.items.length).toBeGreaterThan(0);
  for (const { metadata } of pods.items) expect(metadata.labels).toMatchObject(labels);
  // Nothing runs behind these pods, so that their logs can't be read: each is said, none is left out.
  expect(seen.problems).toHaveLength(pods.items.length);
  for (const problem of seen.problems) expect(problem).toMatch(/^Could not read candidate\/logs\//);

  expect(await stack.run("1.2.5")).toMatchObject({ outcome: "held", kept: "corruption" });
  expect(await deployments()).toContain(candidate);
  await submit({ kind: "release", by: "test", reason: "seen", at: new Date().toISOString() });
  expect(await stack.run("1.2.5")).toMatchObject({ outcome: "reverted", revert: { stateEqual: true } });
  expect(await deployments()).toEqual([service]);
  const after = await stack.deps.engine.deployed();
  expect(after.inputs).toBe(baseline.inputs);
  expect(after.record).toEqual(baseline.record);
});
