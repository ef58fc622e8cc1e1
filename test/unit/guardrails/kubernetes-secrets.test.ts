import { describe, expect, it } from "vitest";
import { routeWeights } from "../../../policy-packs/rollout-guardrails/policies/route-weights.ts";
import { type AResource, checkResource, checkStack } from "../../support/guardrails.ts";
import { resourceRules, stackRules } from "../../support/guardrails-kubernetes.ts";
import { aStack, type Made, planted } from "../../support/guardrails-objects.ts";

const secret = "hunter2-hunter2";

const settings = { hpa: { min: 2, max: 12, cpuPercent: 70 }, pdb: { minAvailable: "50%" } };
const routes: readonly Made["route"][] = [
  { gateway: "g", hostnames: ["api.example"] },
  { istio: { gateways: ["i/g"], hosts: ["api.example"] } },
  { ingressNginx: { hosts: ["api.example"] } },
  { replicaRatio: {} },
];

describe.each(routes)("a secret in every text of every object: %j", (route) => {
  const made = aStack({ step: "20", settings, ...(route === undefined ? {} : { route }) });
  const env = [
    { name: "DB_PASSWORD", value: secret },
    { name: secret, value: `AccountKey=${secret}` },
  ];
  const all: readonly AResource[] = [
    ...Object.values(made),
    { type: "kubernetes:core/v1:ConfigMap", props: { data: { DB_PASSWORD: secret } } },
    {
      type: "kubernetes:core/v1:Pod",
      props: { spec: { containers: [{ name: secret, image: secret, env }] } },
    },
  ];
  const parameters = { hostnames: ["api.example"] };

  it("stands in no finding", async () => {
    const found: string[] = [];
    for (const props of ["whole", "texts"] as const) {
      const seen = all.map((one) => ({
        ...one,
        props: props === "whole" ? one.props : (planted(one.props, secret) as Record<string, unknown>),
      }));
      for (const rule of resourceRules)
        for (const one of seen)
          found.push(...(await checkResource(rule, one, rule === routeWeights ? parameters : {})));
      for (const rule of stackRules) found.push(...(await checkStack(rule, seen)).map(({ text }) => text));
    }
    expect(found.length).toBeGreaterThan(10);
    expect(found.filter((text) => text.includes("hunter2"))).toEqual([]);
  });
});
