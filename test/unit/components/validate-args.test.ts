import { output } from "@pulumi/pulumi";
import { describe, expect, test } from "vitest";
import type { Rollout } from "../../../src/components/rollout.ts";
import { settingsOf } from "../../../src/components/validate-args.ts";
import type { WorkloadArgs } from "../../../src/components/workload-args.ts";
import type { RolloutError } from "../../../src/errors/errors.ts";
import { aPolicy } from "../../support/builders.ts";

const unused = () => {
  throw new Error("not called while arguments are checked");
};

function args(overrides: object = {}, version = "1.2.4"): WorkloadArgs {
  const rollout: Rollout = {
    version,
    environment: "prod",
    policy: aPolicy(),
    claim: unused,
    claimFlag: unused,
    track: unused,
    outputs: unused,
  };
  return {
    rollout,
    namespace: "atp-prod",
    image: "atp.azurecr.io/ingestion",
    port: 8080,
    replicas: 6,
    route: { gateway: "g", hostnames: [] },
    ...overrides,
  };
}

function problems(
  overrides: object,
  version?: string,
): readonly { path: string; rule: string; received?: string }[] {
  try {
    settingsOf("api", args(overrides, version));
  } catch (error) {
    return (error as RolloutError).issues.map(({ path, rule, received }) => ({
      path,
      rule,
      ...(received === undefined ? {} : { received }),
    }));
  }
  return [];
}

describe("defaults", () => {
  test("are the guide's", () => {
    expect(settingsOf("api", args())).toEqual({
      workload: {
        schemaVersion: 1,
        image: "atp.azurecr.io/ingestion:1.2.4",
        port: 8080,
        env: [],
        config: {},
        readiness: { path: "/health/ready", initialDelaySeconds: 10, periodSeconds: 5, failureThreshold: 3 },
        liveness: { path: "/health/live", initialDelaySeconds: 30, periodSeconds: 10, failureThreshold: 3 },
        resources: { requests: {}, limits: {} },
      },
      replicas: 6,
      rolling: { maxSurge: 1, maxUnavailable: 1, minReadySeconds: 30, progressDeadlineSeconds: 600 },
    });
  });

  const kept = [
    {
      given: { readiness: { path: "/r" } },
      at: "readiness",
      value: { path: "/r", periodSeconds: 5 },
      why: "the rest stays",
    },
    {
      given: { liveness: { initialDelaySeconds: 0 } },
      at: "liveness",
      value: { initialDelaySeconds: 0 },
      why: "zero is a value",
    },
    {
      given: { readiness: { path: undefined } },
      at: "readiness",
      value: { path: "/health/ready" },
      why: "undefined is none",
    },
  ];
  test.each(kept)("of a probe: $why", ({ given, at, value }) => {
    expect(Object(settingsOf("api", args(given)).workload)[at]).toMatchObject(value);
  });

  const images = [
    { image: "repo:5000/name", full: "repo:5000/name:1.2.4", why: "a port is no tag" },
    { image: "repo/name@sha256:abc", full: "repo/name@sha256:abc", why: "a digest stays" },
  ];
  test.each(images)("of the image: $why", ({ image, full }) => {
    expect(settingsOf("api", args({ image })).workload.image).toBe(full);
  });
});

describe("what is refused", () => {
  const table = [
    {
      given: { image: "repo/name:1.2.3" },
      path: "api.image",
      rule: /without a tag/,
      why: "the version is the tag",
    },
    { given: { port: 0 }, path: "api.port", rule: />=1/, why: "no such port" },
    { given: { replicas: 0 }, path: "api.replicas", rule: />=1/, why: "a service of no pods" },
    { given: { replica: 6 }, path: "api", rule: /replica/, why: "a misspelt argument" },
    {
      given: { readiness: { path: "ready" } },
      path: "api.readiness.path",
      rule: /\//,
      why: "a relative path",
    },
    {
      given: { hpa: { min: 5, max: 4, cpuPercent: 70 } },
      path: "api.hpa",
      rule: /max/,
      why: "min above max",
    },
    {
      given: { pdb: { minAvailable: "half" } },
      path: "api.pdb.minAvailable",
      rule: /./,
      why: "neither number nor share",
    },
    {
      given: { rolling: { minReadySeconds: 60, progressDeadlineSeconds: 60 } },
      path: "api.rolling.progressDeadlineSeconds",
      rule: /more than minReadySeconds \(60\)/,
      why: "no pod could get ready in time",
    },
    {
      given: { rolling: { maxSurge: 0, maxUnavailable: 0 } },
      path: "api.rolling.maxSurge",
      rule: /both/,
      why: "no update could begin",
    },
    { given: { image: output("x") }, path: "api.image", rule: /plain data/, why: "identity is a hash" },
    { given: { env: { A: output("x") } }, path: "api.env.A", rule: /plain data/, why: "a secret as Output" },
    {
      given: { config: { A: Promise.resolve("x") } },
      path: "api.config.A",
      rule: /plain data/,
      why: "a promise",
    },
  ];
  test.each(table)("$path: $why", ({ given, path, rule }) => {
    expect(problems(given)).toEqual([expect.objectContaining({ path, rule: expect.stringMatching(rule) })]);
  });

  test("every problem at once", () => {
    expect(problems({ port: -1, replicas: 1.5, env: { A: 5 } }).map(({ path }) => path)).toEqual([
      "api.port",
      "api.replicas",
      "api.env.A",
    ]);
  });

  test("a version that is no tag", () => {
    expect(problems({}, "1.2.4 beta")).toMatchObject([{ path: "api.version", received: '"1.2.4 beta"' }]);
  });

  test("a value of a variable is never shown: it may be a secret in the clear", () => {
    expect(JSON.stringify(problems({ env: { PASSWORD: ["planted-secret"] } }))).not.toContain(
      "planted-secret",
    );
  });

  test("an Output of a variable is sent to secretRef", () => {
    expect(() => settingsOf("api", args({ env: { DB: output("x") } }))).toThrow(
      expect.objectContaining({ hint: expect.stringContaining("secretRef") }),
    );
  });
});
