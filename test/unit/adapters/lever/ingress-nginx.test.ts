import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createIngressNginxLever } from "../../../../src/adapters/lever/ingress-nginx.ts";
import {
  type CanaryIngressJson,
  canaryIngressJson,
  canaryIngressPath,
  nginx,
} from "../../../support/http-fake-ingress.ts";
import { type KubeFake, startKubeFake } from "../../../support/http-fake-kube.ts";
import { names, setReady } from "../../../support/http-fake-route.ts";

let kube: KubeFake;
beforeEach(async () => {
  kube = await startKubeFake();
  setReady(kube, { [names.stable]: 3, [names.candidate]: 1 });
});
afterEach(() => kube.close());

function open(found?: CanaryIngressJson, namespace = "prod") {
  if (found) kube.objects.set(canaryIngressPath, canaryIngressJson(found));
  const config = {
    kind: "ingress-nginx" as const,
    namespace,
    ingress: "atp-canary",
    kubeconfig: kube.kubeconfig,
  };
  return createIngressNginxLever({ config, names });
}

const weighted = (weight: string, more: Readonly<Record<string, string>> = {}): CanaryIngressJson => ({
  annotations: { canary: "true", "canary-weight": weight, ...more },
});
const patches = () => kube.requests.filter(({ method }) => method === "PATCH");

function weightNow(): unknown {
  const metadata = kube.objects.get(canaryIngressPath)?.metadata as
    | { annotations?: Record<string, string> }
    | undefined;
  return metadata?.annotations?.[`${nginx}/canary-weight`];
}

describe("the write", () => {
  it("is one JSON patch that tests what makes the Ingress the candidate's, and leaves the total alone", async () => {
    await open({
      ...weighted("5", { "canary-weight-total": "100" }),
      services: ["atp-canary", "atp-canary"],
    }).setExposure(20);
    const [patch, ...more] = patches();
    expect(more).toEqual([]);
    expect(patch?.url.searchParams.get("fieldManager")).toBe("rollouts-lever");
    const annotation = "/metadata/annotations/nginx.ingress.kubernetes.io~1canary";
    expect(JSON.parse(patch?.body ?? "")).toEqual([
      { op: "test", path: annotation, value: "true" },
      { op: "test", path: "/spec/rules/0/http/paths/0/backend/service/name", value: "atp-canary" },
      { op: "test", path: "/spec/rules/1/http/paths/0/backend/service/name", value: "atp-canary" },
      { op: "replace", path: `${annotation}-weight`, value: "20" },
    ]);
  });

  it.each([
    { why: "a weight of 0 is the text 0", found: weighted("50"), writes: 1 },
    { why: "an absent weight is written, though it is 0 to ingress-nginx", found: {}, writes: 1 },
    { why: "a 0 that stands there isn't written again", found: weighted("0"), writes: 0 },
  ])("$why", async ({ found, writes }) => {
    await open(found).setExposure(0);
    expect(weightNow()).toBe("0");
    expect(patches()).toHaveLength(writes);
  });

  it("needs none when the Ingress went meanwhile", async () => {
    const lever = open(weighted("5"));
    kube.override = ({ method }) => {
      if (method === "PATCH") kube.objects.delete(canaryIngressPath);
      return undefined;
    };
    await lever.setExposure(0);
    expect(patches()).toHaveLength(1);
    expect(await lever.read()).toMatchObject({ exposure: 0, hasCandidate: false });
  });

  it("is refused where the Ingress became another's meanwhile", async () => {
    const lever = open(weighted("5"));
    kube.override = ({ method }) => {
      if (method === "PATCH")
        kube.objects.set(canaryIngressPath, canaryIngressJson({ ...weighted("5"), services: ["other"] }));
      return undefined;
    };
    await expect(lever.setExposure(0)).rejects.toMatchObject({ code: "route-shape" });
    expect(weightNow()).toBe("5");
  });
});

describe("no canary Ingress", () => {
  it("is exposure 0 where stable is there, without a write", async () => {
    setReady(kube, { [names.candidate]: undefined });
    const lever = open();
    await lever.setExposure(0);
    expect(await lever.read()).toEqual({
      exposure: 0,
      accepted: true,
      hasCandidate: false,
      ready: { stable: 3, candidate: 0 },
      stable: { complete: false, progress: "its controller has not looked at the change yet" },
    });
    expect(patches()).toEqual([]);
  });

  it("is an error in a namespace without stable: a mistyped one must not pass for safety", async () => {
    const lever = open(weighted("50"), "prd");
    const refusal = { code: "kube-api", hint: expect.stringContaining("rollout.lever.namespace") };
    await expect(lever.setExposure(0)).rejects.toMatchObject(refusal);
    await expect(lever.read()).rejects.toMatchObject(refusal);
  });
});

describe("shapes that the lever doesn't know", () => {
  const table: { why: string; found: CanaryIngressJson; says: RegExp }[] = [
    { why: "no canary", found: { annotations: {} }, says: /canary is not "true"/ },
    { why: "a canary that is off", found: { annotations: { canary: "false" } }, says: /is not "true"/ },
    {
      why: "users by header, whom weight 0 doesn't take away",
      found: weighted("5", { "canary-by-header": "x" }),
      says: /canary-by-header goes before the weight/,
    },
    {
      why: "users by cookie",
      found: weighted("5", { "canary-by-cookie": "x" }),
      says: /canary-by-cookie goes before/,
    },
    {
      why: "another total",
      found: weighted("5", { "canary-weight-total": "1000" }),
      says: /is "1000", not "100"/,
    },
    { why: "a weight that is none", found: weighted("five"), says: /is "five", not a number/ },
    { why: "a weight above 100", found: weighted("101"), says: /not a number from 0 to 100/ },
    {
      why: "another Service",
      found: { ...weighted("5"), services: ["atp-canary", "atp"] },
      says: /leads to atp/,
    },
    {
      why: "no Service",
      found: { ...weighted("5"), services: [undefined] },
      says: /something else than a Service/,
    },
    {
      why: "another default",
      found: { ...weighted("5"), defaultBackend: "x" },
      says: /defaultBackend leads to x/,
    },
    { why: "no backend", found: { ...weighted("5"), services: [] }, says: /has no backend/ },
  ];
  it.each(table)("$why", async ({ found, says }) => {
    const lever = open(found);
    const refusal = { code: "route-shape", exit: "resource", message: expect.stringMatching(says) };
    await expect(lever.read()).rejects.toMatchObject(refusal);
    await expect(lever.setExposure(0)).rejects.toMatchObject(refusal);
    expect(patches()).toEqual([]);
  });
});

it("403 says which rights are needed", async () => {
  const lever = open(weighted("5"));
  kube.override = () => ({ status: 403, body: '{"reason":"Forbidden"}' });
  await expect(lever.setExposure(0)).rejects.toMatchObject({
    code: "kube-denied",
    exit: "auth",
    hint: expect.stringContaining("patch on ingresses"),
  });
});
