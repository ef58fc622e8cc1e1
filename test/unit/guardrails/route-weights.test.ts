import { describe, expect, it } from "vitest";
import { routeWeights } from "../../../policy-packs/rollout-guardrails/policies/route-weights.ts";
import { type AResource, checkResource, unknown } from "../../support/guardrails.ts";
import { aStack, withProps } from "../../support/guardrails-objects.ts";

const istio = { istio: { gateways: ["i/g"], hosts: ["api.example"] } };
const nginx = { ingressNginx: { hosts: ["api.example"] } };
const gateway = aStack({ step: "20" })["route"];
const virtual = aStack({ step: "20", route: istio })["route"];
const ingress = aStack({ step: "20", route: nginx })["route-canary"];
const settled = aStack()["route"];

const check = (
  one: AResource | undefined,
  changes: Readonly<Record<string, unknown>> = {},
  parameters = {},
) => checkResource(routeWeights, withProps(one, changes), parameters);

const ofGateway = "spec rules 0 backendRefs";
const ofIstio = "spec http 0 route";
const ofIngress = "metadata annotations nginx.ingress.kubernetes.io/canary";

describe("route-weights", () => {
  it.each([
    ["an HTTPRoute", gateway, {}],
    ["one backend", settled, {}],
    ["one backend without a weight", settled, { [`${ofGateway} 0 weight`]: undefined }],
    ["0 written as 0", gateway, { [`${ofGateway} 1 weight`]: 0 }],
    ["a redirect", gateway, { "spec rules 0": { filters: [{ type: "RequestRedirect" }] } }],
    ["a VirtualService", virtual, {}],
    ["0 written as 0 of Istio", virtual, { [`${ofIstio} 1 weight`]: 0 }],
    ["a canary Ingress", ingress, {}],
    ['"0" of a canary Ingress', ingress, { [`${ofIngress}-weight`]: "0" }],
    [
      "an Ingress by header",
      ingress,
      { [`${ofIngress}-weight`]: undefined, [`${ofIngress}-by-header`]: "x" },
    ],
    ["an Ingress of one side", aStack({ route: nginx })["route"], {}],
  ] as const)("lets %s pass", async (_, one, changes) => {
    expect(await check(one, changes)).toEqual([]);
  });

  it.each([
    [
      gateway,
      { [`${ofGateway} 1 weight`]: undefined },
      "spec.rules[0].backendRefs[1].weight is left out",
      "0 as 0",
    ],
    [gateway, { [`${ofGateway} 1 weight`]: "20" }, "weight is a string", "percent"],
    [gateway, { [`${ofGateway} 1 weight`]: -1 }, "weight is -1", "percent"],
    [gateway, { [`${ofGateway} 1 weight`]: 0.5 }, "weight is 0.5", "percent"],
    [gateway, { [`${ofGateway} 1 weight`]: 1_000_001 }, "weight is 1000001", "percent"],
    [settled, { [`${ofGateway} 0 weight`]: 0 }, "the weights of spec.rules[0] are all 0", "Give stable"],
    [gateway, { [`${ofGateway} 0 weight`]: 0, [`${ofGateway} 1 weight`]: 0 }, "are all 0", "Give stable"],
    [gateway, { [ofGateway]: [] }, "spec.rules[0] leads nowhere", "Write its backends"],
    [virtual, { [`${ofIstio} 1 weight`]: undefined }, "spec.http[0].route[1].weight is left out", "0 as 0"],
    [virtual, { [`${ofIstio} 0 weight`]: 0, [`${ofIstio} 1 weight`]: 0 }, "are all 0", "Give stable"],
    [ingress, { [`${ofIngress}-weight`]: undefined }, "weight is left out", '0 as "0"'],
    [ingress, { [`${ofIngress}-weight`]: "101" }, "weight is no percentage", '0 as "0"'],
    [ingress, { [`${ofIngress}-weight`]: 20 }, "weight is no percentage", '0 as "0"'],
  ] as const)("finds %#", async (one, changes, what, hint) => {
    const found = await check(one, changes);
    expect(found).toEqual([expect.stringContaining(what)]);
    expect(found[0]).toContain(hint);
  });

  describe("hostnames", () => {
    const only = { hostnames: ["api.example", "*.atp.example"] };

    it("are not judged unless a parameter names them", async () => {
      expect(await check(gateway, { "spec hostnames": ["other.example"] })).toEqual([]);
    });

    it.each([
      [gateway, {}],
      [gateway, { "spec hostnames": ["a.b.atp.example", "API.example", "*.atp.example"] }],
      [virtual, {}],
      [ingress, {}],
    ])("of this stack pass: %#", async (one, changes) => {
      expect(await check(one, changes, only)).toEqual([]);
    });

    it.each([
      [
        gateway,
        { "spec hostnames": ["api.example", "bank.example"] },
        "spec.hostnames[1] is none of the 2 hostnames",
      ],
      [gateway, { "spec hostnames": ["atp.example"] }, "spec.hostnames[0] is none of"],
      [gateway, { "spec hostnames": ["evil-atp.example"] }, "spec.hostnames[0] is none of"],
      [gateway, { "spec hostnames": undefined }, "names no hostname, and so claims every one"],
      [virtual, { "spec hosts": ["*"] }, "spec.hosts[0] is none of"],
      [ingress, { "spec rules 0 host": undefined }, "spec.rules[0].host is left out"],
      [ingress, { "spec rules 0 host": "bank.example" }, "spec.rules[0].host is none of"],
    ])("of others are found: %#", async (one, changes, what) => {
      const found = await check(one, changes, only);
      expect(found).toEqual([expect.stringContaining(what)]);
      expect(found[0]).not.toContain("bank");
    });
  });

  it.each([
    [gateway, { [`${ofGateway} 1 weight`]: unknown.number }, "backendRefs.1.weight is not known"],
    [virtual, { [ofIstio]: unknown.list }, "route is not known"],
    [ingress, { [`${ofIngress}-weight`]: unknown.string }, "canary-weight is not known"],
  ])("finds what a preview doesn't know: %#", async (one, changes, what) => {
    expect(await check(one, changes)).toEqual([expect.stringContaining(what)]);
  });

  it("judges routes of others only if it is told to", async () => {
    const broken = withProps(gateway, { [ofGateway]: [] });
    expect(await checkResource(routeWeights, { ...broken, parent: null })).toEqual([]);
    expect(await checkResource(routeWeights, { ...broken, parent: null }, { everywhere: true })).toHaveLength(
      1,
    );
  });
});
