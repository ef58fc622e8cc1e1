import { describe, expect, it } from "vitest";
import { normalizeOrThrow } from "../../../src/config/normalize.ts";
import { validConfig } from "./valid-config.ts";

const policyOf = (lever: object) => normalizeOrThrow({ written: { ...validConfig, lever }, stack: "prod" });
const place = { namespace: "atp-prod", kubeconfig: "/k", context: "c" };

describe("node pools", () => {
  const rolls = (lever: object, more: object = {}) =>
    normalizeOrThrow({
      written: { ...validConfig, strategy: "rolling", strategyReason: "pool by pool", ...more, lever },
      stack: "prod",
    });
  const pools = { kind: "node-pools", pools: ["system", "work"] };

  it("have AKS's own defaults, and an update time for whole pools", () => {
    const { lever, platform, timeouts, origins } = rolls(pools);
    expect(lever).toEqual({ ...pools, maxSurge: "10%", drainTimeoutSeconds: 1800 });
    expect(platform).toBe("node-pools");
    expect(timeouts.rolloutSeconds).toBe(7200);
    expect([origins["lever.maxSurge"], origins["lever.pools"]]).toEqual(["default", "config"]);
  });

  it("take a number of nodes or a share, a drain time-out and a cluster", () => {
    const written = { ...pools, maxSurge: 2, drainTimeout: "20m", kubeconfig: "/k", context: "c" };
    expect(rolls(written).lever).toEqual({
      ...pools,
      maxSurge: "2",
      drainTimeoutSeconds: 1200,
      kubeconfig: "/k",
      context: "c",
    });
    expect(rolls({ ...pools, maxSurge: "100%" }).lever).toMatchObject({ maxSurge: "100%" });
  });

  it.each([
    ["no pool", { ...pools, pools: [] }, {}, "rollout.lever.pools"],
    ["one twice", { ...pools, pools: ["work", "work"] }, {}, "rollout.lever.pools"],
    ["a name too long for Azure", { ...pools, pools: ["ingestion"] }, {}, "rollout.lever.pools[0]"],
    ["nothing at a time", { ...pools, maxSurge: "0%" }, {}, "rollout.lever.maxSurge"],
    ["more than all", { ...pools, maxSurge: "101%" }, {}, "rollout.lever.maxSurge"],
    ["another strategy", pools, { strategy: "canary" }, "rollout.strategy"],
    ["no time for one node", pools, { timeouts: { rollout: "30m" } }, "rollout.timeouts.rollout"],
  ])("are refused: %s", (_why, lever, more, path) => {
    expect(() => rolls(lever, more)).toThrow(expect.objectContaining({ code: "config-invalid", path }));
  });
});

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
