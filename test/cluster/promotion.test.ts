import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { JournalEntry } from "../../src/types/journal.ts";
import { startDriver } from "../support/cluster-child.ts";
import { type Load, lost, type Sample, startLoad, withinBinomial } from "../support/cluster-load.ts";
import { upTimes } from "../support/cluster-measure.ts";
import { candidate, service } from "../support/cluster-program.ts";
import {
  type ClusterSite,
  type ClusterStack,
  openStack,
  startClusterSite,
} from "../support/cluster-stack.ts";

const talk = (line: string) => console.log(line);

let site: ClusterSite;
let stack: ClusterStack;
beforeAll(async () => {
  site = await startClusterSite(talk);
  // The one stack that waits for Services as the component does by itself.
  stack = await openStack(site, { awaitServices: true });
});
afterAll(async () => {
  await stack?.stop();
  await site?.stop();
});

async function list(path: string, selector = ""): Promise<readonly KubeObject[]> {
  const { body } = await site.plane.api({ path: `${path}${selector}` });
  return body.items;
}

interface KubeObject {
  readonly metadata: { readonly name: string; readonly uid: string; readonly resourceVersion: string };
}

const stablePods = async () =>
  (await list(`/api/v1/namespaces/${stack.namespace}/pods`, `?labelSelector=app=${service},version=stable`))
    .map(({ metadata }) => metadata.uid)
    .toSorted();

/** Everything in the namespace that an update could have written, by kind and name. */
async function versions(): Promise<Record<string, string>> {
  const paths = [
    ["api/v1", ["pods", "services", "configmaps", "endpoints"]],
    ["apis/apps/v1", ["deployments", "replicasets"]],
    ["apis/discovery.k8s.io/v1", ["endpointslices"]],
    ["apis/gateway.networking.k8s.io/v1", ["httproutes"]],
  ] as const;
  const found: Record<string, string> = {};
  for (const [group, kinds] of paths)
    for (const kind of kinds)
      for (const { metadata } of await list(`/${group}/namespaces/${stack.namespace}/${kind}`))
        found[`${kind} ${metadata.name}`] = metadata.resourceVersion;
  return found;
}

/**
 * Requests that the balancer certainly dealt by this weight: it had it before they began, and still when they ended.
 * On a machine that pauses, one that began in time can be dealt a second later.
 */
function during(samples: readonly Sample[], weight: number): readonly Sample[] {
  const { seen } = stack.follower;
  const index = seen.findIndex((state) => (state.weights[candidate] ?? 0) === weight && weight > 0);
  const [from, to] = [seen[index]?.appliedAt ?? Number.NaN, seen[index + 1]?.at ?? Number.NaN];
  return samples.filter(({ startedAt, endedAt }) => startedAt > from && endedAt < to);
}

const onCandidate = (samples: readonly Sample[]) => samples.filter(({ side }) => side === "canary").length;

describe("a promotion under load", () => {
  let load: Load;
  let samples: readonly Sample[];
  let refused: { code: number | null; stderr: string };
  let podsBefore: readonly string[];
  let podsAt100: readonly string[];

  it("takes 1.2.4 from 5 to everybody", async () => {
    podsBefore = await stablePods();
    load = startLoad({ url: stack.haproxy.url, perSecond: 200, maxSeconds: 240 });
    const running = stack.run("1.2.4");
    await stack.entry("the soak at 5 %", ({ state, step }) => state === "soaking" && step === "5");
    const second = startDriver(stack, "1.2.4");
    const over = stack.entry(
      "the end of the soak at 100 %",
      ({ step, kind, data }) =>
        step === "100" && kind === "decision" && JSON.stringify(data).includes("promote-stable"),
      120_000,
    );
    refused = await second.ended;
    await over;
    podsAt100 = await stablePods();
    const outcome = await running;
    samples = await load.stop();
    expect(outcome).toMatchObject({ outcome: "promoted", exposures: [5, 20, 50, 100] });
  });

  it("shows a watcher exactly 0, 5, 20, 50, 100, 0, and weights that always make 100", () => {
    expect(stack.watcher.weights()).toEqual([0, 5, 20, 50, 100, 0]);
    expect(stack.watcher.seen.map(({ sum }) => sum)).toEqual(stack.watcher.seen.map(() => 100));
  });

  it("refused a second driver with exit 24, who said whose lease it is", () => {
    expect(refused.code).toBe(24);
    expect(refused.stderr).toContain(`test pid ${process.pid}`);
  });

  it("left the old pods of stable alone through the whole 100 % soak, then replaced them", async () => {
    expect(podsBefore).toHaveLength(4);
    expect(podsAt100).toEqual(podsBefore);
    const now = await stablePods();
    expect(now).toHaveLength(4);
    expect(now.filter((uid) => podsBefore.includes(uid))).toEqual([]);
  });

  it.each([5, 20, 50, 100])("dealt the candidate its share at weight %i, within chance", (weight) => {
    const then = during(samples, weight);
    expect(then.length).toBeGreaterThan(200);
    const count = { hits: onCandidate(then), n: then.length };
    expect({ ...count, plausible: withinBinomial(count, weight / 100) }).toEqual({
      ...count,
      plausible: true,
    });
  });

  it("lost no request, and sent the candidate none after the drain", () => {
    expect(samples.length).toBeGreaterThan(4_000);
    expect(lost(samples)).toEqual([]);
    expect(samples.filter(({ status }) => status !== 200)).toEqual([]);
    const off = stack.follower.seen.findLast((state) => state.weights[candidate] === 0);
    const after = samples.filter(({ startedAt }) => startedAt > (off?.appliedAt ?? Number.NaN) + 2_000);
    expect(after.length).toBeGreaterThan(100);
    expect(onCandidate(after)).toBe(0);
  });

  it("removed the candidate and the old ConfigMap", async () => {
    const names = Object.keys(await versions());
    expect(names.filter((name) => name.includes("canary"))).toEqual([]);
    const maps = await list(
      `/api/v1/namespaces/${stack.namespace}/configmaps`,
      `?labelSelector=app=${service}`,
    );
    expect(maps.map((map) => (map as KubeObject & { data: unknown }).data)).toEqual([{ RELEASE: "1.2.4" }]);
  });

  it("prints how long each update took", () => {
    const times = upTimes(stack.entries);
    for (const pods of [false, true]) {
      const own = times.filter((time) => time.pods === pods).map(({ step, ms }) => `${step} ${ms} ms`);
      talk(`up, ${pods ? "pods change" : "weights alone"}: ${own.join(", ")}`);
    }
    expect(times.filter(({ pods }) => !pods).map(({ step }) => step)).toEqual(["20", "promote-switch"]);
    expect(times.filter(({ pods }) => pods)).toHaveLength(5);
  });
});

describe("the same version again", () => {
  it("is nothing to do, and nothing is written to the API", async () => {
    const before = await versions();
    const seen = stack.watcher.seen.length;
    expect(Object.keys(before).length).toBeGreaterThan(8);
    expect(await stack.run("1.2.4")).toMatchObject({ outcome: "nothing-to-do" });
    expect(await versions()).toEqual(before);
    expect(stack.watcher.seen).toHaveLength(seen);
  });
});

describe("a promotion whose update of stable is over long before its pods", () => {
  const minReadySeconds = 8;
  let slow: ClusterStack;
  beforeAll(async () => {
    slow = await openStack(site, { replicas: 2, minReadySeconds, awaitStable: false });
  });
  afterAll(async () => {
    await slow?.stop();
  });

  it("moves nobody to stable before its own Deployment says that every pod is new", async () => {
    const load = startLoad({ url: slow.haproxy.url, perSecond: 100, maxSeconds: 180 });
    expect(await slow.run("1.2.4")).toMatchObject({ outcome: "promoted" });
    const samples = await load.stop();
    const updated = slow.entries.find(
      ({ kind, step, data }) => kind === "effect" && step === "promote-stable" && data["effect"] === "up",
    );
    const switched = slow.entries.find(({ kind, step }) => kind === "intent" && step === "promote-switch");
    const at = (entry: JournalEntry | undefined) => Date.parse(entry?.wallAt ?? "");
    const readyAt = Math.max(...(await readySince(slow.namespace)));
    talk(
      `stable's update took ${updated?.data["ms"]} ms; traffic moved ${at(switched) - at(updated)} ms later`,
    );
    // The API's times are whole seconds.
    expect(at(updated)).toBeLessThan(readyAt + minReadySeconds * 1_000);
    expect(at(switched)).toBeGreaterThanOrEqual(readyAt + minReadySeconds * 1_000);
    expect(lost(samples)).toEqual([]);
  });
});

/** When each of stable's two pods became ready. */
async function readySince(namespace: string): Promise<readonly number[]> {
  type Pod = KubeObject & { status: { conditions: { type: string; lastTransitionTime: string }[] } };
  const selector = `?labelSelector=app=${service},version=stable`;
  const pods = (await list(`/api/v1/namespaces/${namespace}/pods`, selector)) as readonly Pod[];
  expect(pods).toHaveLength(2);
  return pods.map(({ status }) =>
    Date.parse(status.conditions.find(({ type }) => type === "Ready")?.lastTransitionTime ?? ""),
  );
}
