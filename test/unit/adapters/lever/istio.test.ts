import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createIstioLever } from "../../../../src/adapters/lever/istio.ts";
import {
  type DestinationJson,
  type VirtualServiceJson,
  virtualServiceJson,
  virtualServicePath,
} from "../../../support/http-fake-istio.ts";
import { type KubeFake, startKubeFake } from "../../../support/http-fake-kube.ts";
import { names, setReady } from "../../../support/http-fake-route.ts";
import { createMemoryRuntime } from "../../../support/memory-runtime.ts";

let kube: KubeFake;
beforeEach(async () => {
  kube = await startKubeFake();
  setReady(kube, { [names.stable]: 3, [names.candidate]: 1 });
});
afterEach(() => kube.close());

const to = (host: string, weight?: number): DestinationJson => ({
  host,
  ...(weight === undefined ? {} : { weight }),
});
const stable = (weight?: number) => to("atp", weight);
const canary = (weight?: number) => to("atp-canary", weight);
const both = (exposure: number) => [stable(100 - exposure), canary(exposure)];

function put(found: VirtualServiceJson): void {
  kube.objects.set(virtualServicePath, virtualServiceJson(found));
}

function open(found?: VirtualServiceJson, virtualService = "atp") {
  if (found) put(found);
  const config = { kind: "istio" as const, namespace: "prod", virtualService, kubeconfig: kube.kubeconfig };
  const { runtime, lines } = createMemoryRuntime();
  return { lever: createIstioLever({ config, names, runtime }), lines };
}

const patches = () => kube.requests.filter(({ method }) => method === "PATCH");

/** `[host, weight]` of each destination of each http route, as they stand now. */
function routesNow() {
  const spec = kube.objects.get(virtualServicePath)?.spec as {
    http: { route: { destination: { host: string }; weight?: number }[] }[];
  };
  return spec.http.map(({ route }) => route.map(({ destination, weight }) => [destination.host, weight]));
}

describe("the write", () => {
  it("is one JSON patch over all split routes, which tests the hosts before it writes the weights", async () => {
    await open({ routes: [[canary(5), stable(95)], [to("other")], both(5)] }).lever.setExposure(20);
    const [patch, ...more] = patches();
    expect(more).toEqual([]);
    expect(patch?.url.searchParams.get("fieldManager")).toBe("rollouts-lever");
    const [first, last] = ["/spec/http/0/route", "/spec/http/2/route"];
    expect(JSON.parse(patch?.body ?? "")).toEqual([
      { op: "test", path: `${first}/1/destination/host`, value: "atp" },
      { op: "test", path: `${first}/0/destination/host`, value: "atp-canary" },
      { op: "test", path: `${last}/0/destination/host`, value: "atp" },
      { op: "test", path: `${last}/1/destination/host`, value: "atp-canary" },
      { op: "replace", path: `${first}/1/weight`, value: 80 },
      { op: "replace", path: `${first}/0/weight`, value: 20 },
      { op: "replace", path: `${last}/0/weight`, value: 80 },
      { op: "replace", path: `${last}/1/weight`, value: 20 },
    ]);
  });

  const written = [
    {
      why: "0 is written as 0",
      routes: [both(50)],
      exposure: 0,
      now: [
        ["atp", 100],
        ["atp-canary", 0],
      ],
    },
    {
      why: "a weight that was left out is a 0 beside another destination",
      routes: [[stable(), canary(100)]],
      exposure: 0,
      now: [
        ["atp", 100],
        ["atp-canary", 0],
      ],
    },
    {
      why: "weights that are all 0 are mended",
      routes: [[stable(0), canary(0)]],
      exposure: 0,
      now: [
        ["atp", 100],
        ["atp-canary", 0],
      ],
    },
    {
      why: "longer names of the same Services are known, and kept",
      routes: [[to("atp.prod", 50), to("atp-canary.prod.svc.cluster.local", 50)]],
      exposure: 0,
      now: [
        ["atp.prod", 100],
        ["atp-canary.prod.svc.cluster.local", 0],
      ],
    },
  ];
  it.each(written)("$why", async ({ routes, exposure, now }) => {
    await open({ routes }).lever.setExposure(exposure);
    expect(routesNow()).toEqual([now]);
    expect(patches()).toHaveLength(1);
  });

  it("leaves a route of stable alone, and says that it did nothing where the weights stand, in whatever sum", async () => {
    await open({ routes: [[stable()], [stable(4), canary(1)]] }).lever.setExposure(20);
    expect(patches()).toEqual([]);
  });

  it("is read again after a failed test, and written at its new places", async () => {
    const { lever, lines } = open({ routes: [both(5)] });
    let moved = false;
    kube.override = ({ method }) => {
      if (method === "PATCH" && !moved) {
        moved = true;
        put({ routes: [[to("other")], [canary(5), stable(95)]] });
      }
      return undefined;
    };
    await lever.setExposure(0);
    expect(routesNow()).toEqual([
      [["other", undefined]],
      [
        ["atp-canary", 0],
        ["atp", 100],
      ],
    ]);
    expect(lines).toEqual([expect.stringContaining("reading it again")]);
  });

  it("is given up after three tries in conflict", async () => {
    const { lever } = open({ routes: [both(5)] });
    kube.override = ({ method }) =>
      method === "PATCH" ? { status: 409, body: '{"reason":"Conflict"}' } : undefined;
    await expect(lever.setExposure(0)).rejects.toThrow(
      /virtualservices\.networking\.istio\.io prod\/atp: HTTP 409/,
    );
    expect(patches()).toHaveLength(3);
  });
});

describe("shapes that the lever doesn't know", () => {
  const table: { why: string; routes: DestinationJson[][]; tcp?: DestinationJson[][]; says: RegExp }[] = [
    { why: "a third destination", routes: [[...both(5), to("x")]], says: /also has the destination x/ },
    { why: "beside stable too", routes: [[stable(50), to("x", 50)]], says: /also has the destination x/ },
    { why: "a header route to the candidate", routes: [[canary()], both(0)], says: /atp-canary without atp/ },
    { why: "a side twice", routes: [[stable(50), stable(40), canary(10)]], says: /a destination twice/ },
    {
      why: "a subset",
      routes: [[{ ...stable(95), subset: "v1" }, canary(5)]],
      says: /names the subset v1/,
    },
    { why: "nothing of ours", routes: [[to("x")]], says: /no http route has the destination atp/ },
    {
      why: "a Service of another namespace",
      routes: [[to("atp.test", 95), to("atp-canary.test", 5)]],
      says: /no http route/,
    },
    {
      why: "connections to the candidate",
      routes: [both(0)],
      tcp: [[canary()]],
      says: /tcp or tls route leads to atp-canary/,
    },
  ];
  it.each(table)("$why", async ({ routes, tcp, says }) => {
    const { lever } = open({ routes, ...(tcp ? { tcp } : {}) });
    const refusal = { code: "route-shape", exit: "resource", message: expect.stringMatching(says) };
    await expect(lever.read()).rejects.toMatchObject(refusal);
    await expect(lever.setExposure(0)).rejects.toMatchObject(refusal);
    expect(patches()).toEqual([]);
  });

  it("reads a weight that was left out as 0: all is the other's", async () => {
    expect((await open({ routes: [[stable(), canary(5)]] }).lever.read()).exposure).toBe(100);
    expect((await open({ routes: [[stable(5), canary()]] }).lever.read()).exposure).toBe(0);
  });

  it("reads neither weights that are all 0 nor routes that disagree", async () => {
    await expect(open({ routes: [[stable(), canary()]] }).lever.read()).rejects.toThrow(/nobody is served/);
    await expect(open({ routes: [both(5), both(50)] }).lever.read()).rejects.toThrow(/has 5, 50 %/);
  });
});

describe("accepted", () => {
  const analysed = (status: string) => ({ conditions: [{ type: "PassedAnalysis", status }] });
  const table = [
    { why: "no status is Istio's default", status: undefined, accepted: true },
    { why: "an empty status says nothing", status: {}, accepted: true },
    { why: "a status of this generation", status: { observedGeneration: 7 }, accepted: true },
    { why: "an int64 may be a text", status: { observedGeneration: "7" }, accepted: true },
    { why: "0 is not to say it", status: { observedGeneration: 0 }, accepted: true },
    { why: "an older generation's status", status: { observedGeneration: "6" }, accepted: false },
    {
      why: "still on its way to the proxies",
      status: { conditions: [{ type: "Reconciled", status: "False" }] },
      accepted: false,
    },
    { why: "analysis passed", status: analysed("True"), accepted: true },
    { why: "analysis failed", status: analysed("False"), accepted: false },
    { why: "analysis unknown", status: analysed("Unknown"), accepted: true },
    {
      why: "an error of the analysis",
      status: { validationMessages: [{ level: "WARNING" }, { level: "ERROR" }] },
      accepted: false,
    },
    {
      why: "in the spelling of the docs",
      status: { validationMessages: [{ level: "Error" }] },
      accepted: false,
    },
    { why: "as a number", status: { validationMessages: [{ level: 3 }] }, accepted: false },
    { why: "a warning alone", status: { validationMessages: [{ level: 8 }] }, accepted: true },
  ];
  it.each(table)("$why: $accepted", async ({ status, accepted }) => {
    const reading = await open({ routes: [both(5)], status }).lever.read();
    expect(reading).toEqual({
      exposure: 5,
      accepted,
      hasCandidate: true,
      ready: { stable: 3, candidate: 1 },
      stable: { complete: false, progress: "its controller has not looked at the change yet" },
    });
  });
});

describe("errors", () => {
  it("404 says which API is needed, 403 which rights", async () => {
    await expect(open().lever.read()).rejects.toMatchObject({
      code: "kube-api",
      message: expect.stringContaining("virtualservices.networking.istio.io prod/atp: HTTP 404"),
      hint: expect.stringContaining("networking.istio.io/v1"),
    });
    const { lever } = open({ routes: [both(5)] });
    kube.override = ({ method }) =>
      method === "PATCH" ? { status: 403, body: '{"reason":"Forbidden"}' } : undefined;
    await expect(lever.setExposure(0)).rejects.toMatchObject({
      code: "kube-denied",
      exit: "auth",
      hint: expect.stringContaining("patch on virtualservices"),
    });
    expect(patches()).toHaveLength(1);
  });

  it("whoever may not read Deployments still reads the weights", async () => {
    const { lever } = open({ routes: [both(5)] });
    kube.override = ({ url }) =>
      url.pathname.includes("/deployments/") ? { status: 403, body: "{}" } : undefined;
    expect(await lever.read()).toEqual({ exposure: 5, accepted: true, hasCandidate: true });
  });

  it("an object of another form", async () => {
    kube.objects.set(virtualServicePath, {
      metadata: { name: "atp", namespace: "prod", generation: 1, resourceVersion: "1" },
      spec: { http: "none" },
    });
    await expect(open().lever.read()).rejects.toThrow(
      /VirtualService prod\/atp is not what the API promises/,
    );
  });
});
