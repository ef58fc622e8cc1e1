import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createReplicaRatioLever } from "../../../../src/adapters/lever/replica-ratio.ts";
import { type KubeFake, startKubeFake } from "../../../support/http-fake-kube.ts";
import { names } from "../../../support/http-fake-route.ts";
import {
  type PodsJson,
  type SharedServiceJson,
  setPods,
  sharedServiceJson,
  sharedServicePath,
} from "../../../support/http-fake-shared-service.ts";
import { createMemoryRuntime } from "../../../support/memory-runtime.ts";

let kube: KubeFake;
beforeEach(async () => {
  kube = await startKubeFake();
  setPods(kube, 6, 2);
});
afterEach(() => kube.close());

const stable = { app: "atp", version: "stable" };
const canary = { app: "atp", version: "canary" };
const at20 = { says: { exposure: "20", "stable-replicas": "6" } };

function put(found: SharedServiceJson): void {
  kube.objects.set(sharedServicePath, sharedServiceJson(found));
}

function open(found?: SharedServiceJson, service = "atp") {
  if (found) put(found);
  const config = { kind: "replica-ratio" as const, namespace: "prod", service, kubeconfig: kube.kubeconfig };
  const { runtime, lines } = createMemoryRuntime();
  return { lever: createReplicaRatioLever({ config, names, runtime }), lines };
}

const patches = () => kube.requests.filter(({ method }) => method === "PATCH");
const bodies = () => patches().map(({ body }) => JSON.parse(body));
const now = () =>
  kube.objects.get(sharedServicePath) as unknown as {
    metadata: { annotations?: Record<string, string>; managedFields?: { manager: string }[] };
    spec: { selector: Record<string, string> };
  };
const exposurePath = "/metadata/annotations/pulumi-rollouts~1exposure";

describe("the write", () => {
  it("is one JSON patch, which tests the selector as it was read, and declares what it is now", async () => {
    await open(at20).lever.setExposure(0);
    expect(patches().map(({ url }) => url.searchParams.get("fieldManager"))).toEqual(["rollouts-lever"]);
    expect(patches()[0]?.headers["content-type"]).toBe("application/json-patch+json");
    expect(bodies()).toEqual([
      [
        { op: "test", path: "/spec/selector", value: { app: "atp" } },
        { op: "replace", path: "/spec/selector", value: stable },
        { op: "replace", path: exposurePath, value: "0" },
      ],
    ]);
    expect(now().metadata.annotations).toEqual({
      "pulumi-rollouts/exposure": "0",
      "pulumi-rollouts/stable-replicas": "6",
    });
  });

  it("on the way back asks for nothing but the Service: Deployments that can't be read are no reason to wait", async () => {
    const { lever } = open(at20);
    kube.override = ({ url }) =>
      url.pathname.includes("/deployments/") ? { status: 500, body: "" } : undefined;
    await lever.setExposure(0);
    expect(now().spec.selector).toEqual(stable);
  });

  it("gives the candidate everything", async () => {
    await open(at20).lever.setExposure(100);
    expect(now().spec.selector).toEqual(canary);
    expect(now().metadata.annotations?.["pulumi-rollouts/exposure"]).toBe("100");
  });

  it("adds no annotation where nothing is declared", async () => {
    await open({}).lever.setExposure(0);
    expect(bodies()).toEqual([
      [expect.objectContaining({ op: "test" }), expect.objectContaining({ op: "replace" })],
    ]);
  });

  it.each([
    { why: "stable has everything", found: { selector: stable, says: { exposure: "5" } }, exposure: 0 },
    { why: "the candidate has", found: { selector: canary }, exposure: 100 },
    { why: "the share is the declared one", found: at20, exposure: 20 },
  ])("says that it did nothing: $why", async ({ found, exposure }) => {
    await open(found).lever.setExposure(exposure);
    expect(patches()).toEqual([]);
  });

  it("refuses a share, and says how one comes about", async () => {
    await expect(open(at20).lever.setExposure(50)).rejects.toMatchObject({
      code: "exposure-invalid",
      exit: "config",
      message: "Service prod/atp can't be moved to 50 %: its share is that of its pods.",
      hint: expect.stringContaining("next step"),
    });
    expect(patches()).toEqual([]);
  });

  it("is read again after a failed test", async () => {
    const { lever, lines } = open({ selector: canary, says: { exposure: "100" } });
    let moved = false;
    kube.override = ({ method }) => {
      if (method === "PATCH" && !moved) {
        moved = true;
        put(at20);
      }
      return undefined;
    };
    await lever.setExposure(0);
    expect(now().spec.selector).toEqual(stable);
    expect(patches()).toHaveLength(2);
    expect(lines).toEqual([expect.stringContaining("reading it again")]);
  });

  it("is given up after three tries in conflict", async () => {
    const { lever } = open(at20);
    kube.override = ({ method }) =>
      method === "PATCH" ? { status: 409, body: '{"reason":"Conflict"}' } : undefined;
    await expect(lever.setExposure(0)).rejects.toThrow(/services prod\/atp: HTTP 409 Conflict/);
    expect(patches()).toHaveLength(3);
  });
});

describe("shapes that the lever doesn't know", () => {
  const table: { why: string; found: SharedServiceJson; says: RegExp }[] = [
    {
      why: "another label beside",
      found: { selector: { ...stable, tier: "web" } },
      says: /selector is app=atp,version=stable,tier=web/,
    },
    { why: "another service's pods", found: { selector: { app: "other" } }, says: /selector is app=other/ },
    {
      why: "a version that is neither",
      found: { selector: { app: "atp", version: "v2" } },
      says: /version=v2/,
    },
    { why: "a side without the service", found: { selector: { version: "stable" } }, says: /version=stable/ },
    { why: "no selector", found: { selector: {} }, says: /it has no selector/ },
    { why: "none at all", found: { spec: { selector: undefined } }, says: /it has no selector/ },
    { why: "a name of something else", found: { spec: { type: "ExternalName" } }, says: /ExternalName/ },
    { why: "pods that aren't ready", found: { spec: { publishNotReadyAddresses: true } }, says: /not ready/ },
  ];
  it.each(table)("$why", async ({ found, says }) => {
    const { lever } = open(found);
    const refusal = { code: "route-shape", exit: "resource", message: expect.stringMatching(says) };
    await expect(lever.read()).rejects.toMatchObject(refusal);
    await expect(lever.setExposure(0)).rejects.toMatchObject(refusal);
    expect(patches()).toEqual([]);
  });

  it("a Service without an address is none of them", async () => {
    const { lever } = open({ ...at20, spec: { clusterIP: "None" } });
    expect((await lever.read()).exposure).toBe(20);
  });
});

describe("read back", () => {
  const table: {
    why: string;
    found?: SharedServiceJson;
    stable?: PodsJson;
    candidate?: PodsJson;
    exposure: number;
    accepted: boolean;
  }[] = [
    { why: "as planned: 2 beside 6", exposure: 20, accepted: true },
    { why: "one of stable is missing", stable: [6, 5], exposure: 20, accepted: true },
    { why: "two of stable are missing", stable: [6, 4], exposure: 20, accepted: false },
    { why: "a candidate's pod isn't ready", candidate: [2, 1], exposure: 20, accepted: false },
    { why: "the candidate is still small", candidate: 1, exposure: 20, accepted: false },
    { why: "stable has grown: a smaller share", stable: 9, exposure: 20, accepted: true },
    { why: "somebody scaled the candidate up", candidate: 6, exposure: 45.5, accepted: false },
    { why: "somebody scaled stable down", stable: 2, exposure: 50, accepted: false },
    {
      why: "counted from nothing written, it is counted from stable as it is",
      found: { says: { exposure: "20" } },
      exposure: 20,
      accepted: true,
    },
    { why: "nothing is declared: the share that it is", found: {}, exposure: 25, accepted: false },
    {
      why: "what is declared is no share",
      found: { says: { exposure: "0" } },
      exposure: 25,
      accepted: false,
    },
    { why: "all on stable", found: { ...at20, selector: stable }, exposure: 0, accepted: true },
    { why: "all on the candidate", found: { ...at20, selector: canary }, exposure: 100, accepted: true },
    {
      why: "all on a candidate without a pod",
      found: { selector: canary },
      candidate: [6, 0],
      exposure: 100,
      accepted: false,
    },
  ];
  it.each(table)("$why", async ({ found = at20, exposure, accepted, ...pods }) => {
    setPods(kube, pods.stable ?? 6, pods.candidate ?? 2);
    expect(await open(found).lever.read()).toMatchObject({ exposure, accepted, hasCandidate: true });
  });

  it("says for people what the pods come to", async () => {
    setPods(kube, [6, 5], [2, 1]);
    const { progress, ready } = await open(at20).lever.read();
    expect(progress).toBe("1 of 2 candidate pods beside 5 of stable, 16.7 %");
    expect(ready).toEqual({ stable: 5, candidate: 1 });
  });

  it("a candidate is its Deployment: an annotation that was left doesn't make one", async () => {
    setPods(kube, 6);
    const reading = await open({ selector: stable, says: { exposure: "0" } }).lever.read();
    expect(reading).toEqual({
      exposure: 0,
      accepted: true,
      hasCandidate: false,
      ready: { stable: 6, candidate: 0 },
      stable: { complete: false, progress: "its controller has not looked at the change yet" },
    });
  });
});

describe("giving the Service back", () => {
  const left = {
    selector: stable,
    says: { exposure: "0" },
    managers: ["pulumi", "rollouts-lever", "kubectl"],
  };

  it("drops the lever's own fields, and the annotation that nobody else could remove", async () => {
    setPods(kube, 6);
    await open(left).lever.release?.();
    expect(now().metadata.managedFields).toEqual([{ manager: "pulumi" }, { manager: "kubectl" }]);
    expect(now().metadata.annotations).toEqual({});
    expect(now().spec.selector).toEqual(stable);
    expect(patches()).toHaveLength(1);
  });

  it("keeps what is declared of a candidate that is still there", async () => {
    await open(left).lever.release?.();
    expect(now().metadata.annotations).toEqual({ "pulumi-rollouts/exposure": "0" });
    expect(now().metadata.managedFields).toHaveLength(2);
  });

  it("is nothing to do where it owns nothing", async () => {
    setPods(kube, 6);
    await open({ ...left, managers: ["pulumi"] }).lever.release?.();
    expect(patches()).toEqual([]);
  });
});

describe("errors", () => {
  it("404 says what to check, 403 which rights; without those to the pods there is no reading", async () => {
    await expect(open().lever.read()).rejects.toMatchObject({
      code: "kube-api",
      message: expect.stringContaining("read services prod/atp: HTTP 404"),
      hint: expect.stringContaining("rollout.lever.namespace and service"),
    });
    const { lever } = open(at20);
    kube.override = ({ url }) =>
      url.pathname.includes("/deployments/") ? { status: 403, body: "{}" } : undefined;
    await expect(lever.read()).rejects.toMatchObject({
      code: "kube-denied",
      exit: "auth",
      hint: expect.stringContaining("get on deployments"),
    });
  });

  it("a candidate that isn't there can't have everything", async () => {
    setPods(kube, 6);
    await expect(open({ selector: stable }).lever.setExposure(100)).rejects.toMatchObject({
      code: "route-shape",
      message: "Deployment prod/atp-canary is not there: nothing could take 100 %.",
    });
    expect(patches()).toEqual([]);
  });

  it("an object of another form", async () => {
    kube.objects.set(sharedServicePath, { ...sharedServiceJson(), spec: { selector: "none" } });
    await expect(open().lever.read()).rejects.toThrow(/Service prod\/atp is not what the API promises/);
  });
});
