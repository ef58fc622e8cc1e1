import { describe, expect, it } from "vitest";
import { normalizeOrThrow } from "../../../src/config/normalize.ts";
import { validConfig } from "./valid-config.ts";

const policyOf = (lever: object) => normalizeOrThrow({ written: { ...validConfig, lever }, stack: "prod" });
const place = { namespace: "atp-prod", kubeconfig: "/k", context: "c" };

describe("levers on Kubernetes", () => {
  it.each([
    {
      why: "Istio: the VirtualService is named after the service",
      written: { kind: "istio", namespace: "n" },
      lever: { kind: "istio", namespace: "n", virtualService: "atp-ingestion" },
      origin: "default",
    },
    {
      why: "Istio: all of it written",
      written: { kind: "istio", virtualService: "front", ...place },
      lever: { kind: "istio", virtualService: "front", ...place },
      origin: "config",
    },
    {
      why: "ingress-nginx: the canary Ingress is named after the candidate",
      written: { kind: "ingress-nginx", namespace: "n" },
      lever: { kind: "ingress-nginx", namespace: "n", ingress: "atp-ingestion-canary" },
      origin: "default",
    },
    {
      why: "ingress-nginx: all of it written",
      written: { kind: "ingress-nginx", ingress: "front-canary", ...place },
      lever: { kind: "ingress-nginx", ingress: "front-canary", ...place },
      origin: "config",
    },
  ])("$why", ({ written, lever, origin }) => {
    const policy = policyOf(written);
    expect(policy.lever).toEqual(lever);
    expect(policy.platform).toBe("kubernetes");
    const named = written.kind === "istio" ? "lever.virtualService" : "lever.ingress";
    expect([policy.origins["lever.kind"], policy.origins[named]]).toEqual(["config", origin]);
  });

  it.each([
    { why: "a namespace is needed", written: { kind: "istio" }, path: "rollout.lever.namespace" },
    {
      why: "another router's name is none of this one's",
      written: { kind: "istio", namespace: "n", route: "x" },
      path: "rollout.lever.route",
    },
    {
      why: "nor the other way round",
      written: { kind: "ingress-nginx", namespace: "n", virtualService: "x" },
      path: "rollout.lever.virtualService",
    },
    {
      why: "no object has such a name",
      written: { kind: "ingress-nginx", namespace: "n", ingress: "Not A Name" },
      path: "rollout.lever.ingress",
    },
  ])("$why", ({ written, path }) => {
    expect(() => policyOf(written)).toThrow(expect.objectContaining({ code: "config-invalid", path }));
  });
});
