import { describe, expect, it } from "vitest";
import { routeBackends } from "../../../policy-packs/rollout-guardrails/policies/route-backends.ts";
import { type AResource, checkStack, unknown } from "../../support/guardrails.ts";
import { aStack, type Made, withProps } from "../../support/guardrails-objects.ts";

const istio = { istio: { gateways: ["i/g"], hosts: ["api.example"] } };
const nginx = { ingressNginx: { hosts: ["api.example"] } };
const tenants = { header: "x-tenant-id", tenants: Array.from({ length: 40 }, (_, at) => `t${at}`) };
const refs = "spec rules 0 backendRefs";
const exposure = "metadata annotations pulumi-rollouts/exposure";

async function found(made: Made, key?: string, changes: Readonly<Record<string, unknown>> = {}) {
  const stack = aStack(made);
  const all = key === undefined ? stack : { ...stack, [key]: withProps(stack[key], changes) };
  return (await checkStack(routeBackends, Object.values(all))).map(({ text }) => text);
}

const routers: readonly Made[] = [
  {},
  { route: istio },
  { route: nginx },
  { route: { replicaRatio: {} } },
  { cohort: tenants as never },
];

describe("route-backends", () => {
  it.each(
    routers.flatMap((made) => [
      made,
      ...(["5", "20", "50", "100"] as const).map((step) => ({ ...made, step })),
    ]),
  )("lets what a component makes pass: %j", async (made) => expect(await found(made)).toEqual([]));

  it("reads long names of Istio, and weights of any sum", async () => {
    const host = "api-canary.n.svc.cluster.local";
    const changes = { "spec http 0 route 1 destination host": host };
    expect(await found({ step: "20", route: istio }, "route", changes)).toEqual([]);
    const thousand = { [`${refs} 0 weight`]: 800, [`${refs} 1 weight`]: 200 };
    expect(await found({ step: "20" }, "route", thousand)).toEqual([]);
  });

  it.each([
    [{ [`${refs} 1 weight`]: 21 }, ["gives the candidate 21 of 101, and the component's exposure is 20 %"]],
    [{ [`${refs} 0 weight`]: 0, [`${refs} 1 weight`]: 100 }, ["gives the candidate 100 of 100"]],
    [{ [`${refs} 0 weight`]: 100, [`${refs} 1 weight`]: 0 }, ["gives the candidate 0 of 100"]],
    [
      { [`${refs} 1 name`]: "another" },
      [
        "backendRefs[1] is no Service of the component",
        "leads to canary 0 times",
        "gives the candidate 0 of 100",
      ],
    ],
    [{ [`${refs} 2`]: { name: "another", weight: 0 } }, ["backendRefs[2] is no Service of the component"]],
    [{ [`${refs} 2`]: { name: "api", weight: 0 } }, ["leads to stable 2 times"]],
  ])("finds %j", async (changes, wanted) => {
    const texts = await found({ step: "20" }, "route", changes);
    expect(texts).toEqual(wanted.map((text) => expect.stringContaining(text)));
  });

  it("says which route it is about", async () => {
    const stack = aStack({ step: "20" });
    const route = withProps(stack["route"], { [`${refs} 1 weight`]: 50 });
    const [finding] = await checkStack(routeBackends, Object.values({ ...stack, route }));
    expect(finding?.urn).toMatch(/HTTPRoute::api$/);
  });

  it("finds a backend without a Service, and a route that leads to one of a candidate that isn't there", async () => {
    const { "service-canary": _gone, ...stack } = aStack({ step: "20" });
    expect((await checkStack(routeBackends, Object.values(stack))).map(({ text }) => text)).toEqual([
      expect.stringContaining("backendRefs[1] is no Service of the component"),
    ]);
  });

  it.each([
    ["route", { [exposure]: "50" }, "says 50, and the component's exposure is 20 %"],
    ["route", { [exposure]: "most" }, "says nothing, and the component's exposure is 20 %"],
    ["route", { "spec rules 0 backendRefs 0 weight": 50 }, "spec.rules[0] gives the candidate 100 of 150"],
    ["route", { "spec rules 1 backendRefs 1 weight": 20 }, "spec.rules[1] gives the candidate 20 of 120"],
  ])("whole tenants: finds %s with %j", async (key, changes, what) => {
    const made = { step: "20", cohort: tenants as never } as const;
    expect(await found(made, key, changes)).toEqual([expect.stringContaining(what)]);
  });

  it.each([
    [
      "route-canary",
      { "metadata annotations nginx.ingress.kubernetes.io/canary-weight": "21" },
      "weight is 21, and the",
    ],
    ["route-canary", { "spec rules 0 host": "other.example" }, "is ignored in silence"],
    ["route-canary", { "spec rules 0 http paths 0 path": "/other" }, "is ignored in silence"],
    [
      "route-canary",
      { "spec rules 0 http paths 0 backend service name": "api" },
      "the Ingress of canary doesn't lead",
    ],
    [
      "route",
      { "spec rules 0 http paths 0 backend service name": "api-canary" },
      "the Ingress of stable doesn't lead",
    ],
  ])("ingress-nginx: finds %s with %j", async (key, changes, what) => {
    expect(await found({ step: "20", route: nginx }, key, changes)).toEqual([expect.stringContaining(what)]);
  });

  it("ingress-nginx: finds a candidate without its Ingress", async () => {
    const { "route-canary": _gone, ...stack } = aStack({ step: "20", route: nginx });
    const [finding] = await checkStack(routeBackends, Object.values(stack));
    expect(finding?.text).toContain("a candidate is there, and 0 canary Ingresses lead to it");
  });

  it("compares no weights with an exposure that no component says", async () => {
    expect(await found({ step: "20" }, "component", { intent: undefined })).toEqual([]);
  });

  it("finds what a preview doesn't know", async () => {
    expect(await found({ step: "20" }, "route", { [`${refs} 1 weight`]: unknown.number })).toEqual([
      expect.stringContaining("backendRefs.1.weight is not known"),
    ]);
    expect(await found({ step: "20" }, "component", { "intent to": unknown.number })).toEqual([
      expect.stringContaining("intent.to is not known"),
    ]);
  });

  it("leaves routes of others alone", async () => {
    const { within: _within, ...foreign } = withProps(aStack()["route"], { [refs]: [{ name: "x" }] });
    expect(await checkStack(routeBackends, [{ ...foreign, parent: null } satisfies AResource])).toEqual([]);
  });
});
