import { describe, expect, it } from "vitest";
import { probes } from "../../../policy-packs/rollout-guardrails/policies/probes.ts";
import { type AResource, checkResource, unknown } from "../../support/guardrails.ts";
import { aStack, withProps } from "../../support/guardrails-objects.ts";

const base = aStack({ step: "20" })["deployment-canary"];
const container = "spec template spec containers 0";
const check = (changes: Readonly<Record<string, unknown>>, parameters: object = {}) =>
  checkResource(probes, withProps(base, changes), parameters);
const at = (probe: string, key: string) => `${container} ${probe}Probe ${key}`;

describe("probes", () => {
  it.each([
    [{}],
    [{ [at("readiness", "initialDelaySeconds")]: 11 }],
    [{ [at("readiness", "periodSeconds")]: 4 }],
    [{ [at("liveness", "initialDelaySeconds")]: 31 }],
    [{ [at("liveness", "periodSeconds")]: 9 }],
    [{ [at("readiness", "httpGet port")]: 8080 }],
    // Where a startup probe says when it is up.
    [{ [`${container} startupProbe`]: {}, [at("liveness", "initialDelaySeconds")]: undefined }],
    // Nothing to ask.
    [{ [`${container} ports`]: undefined, [`${container} livenessProbe`]: undefined }],
  ])("lets %j pass", async (changes) => {
    expect(await check(changes)).toEqual([]);
  });

  it.each([
    [{ [at("readiness", "initialDelaySeconds")]: 9 }, "readinessProbe.initialDelaySeconds is 9"],
    [{ [at("readiness", "initialDelaySeconds")]: undefined }, "readinessProbe.initialDelaySeconds is 0"],
    [{ [at("readiness", "periodSeconds")]: 6 }, "readinessProbe.periodSeconds is 6"],
    [{ [at("readiness", "periodSeconds")]: undefined }, "readinessProbe.periodSeconds is 10"],
    [{ [at("liveness", "initialDelaySeconds")]: 29 }, "livenessProbe.initialDelaySeconds is 29"],
    [{ [at("liveness", "periodSeconds")]: 11 }, "livenessProbe.periodSeconds is 11"],
    [{ [at("liveness", "periodSeconds")]: 0 }, "livenessProbe.periodSeconds is 0"],
    [{ [at("readiness", "httpGet path")]: "/" }, "readinessProbe.httpGet.path is not /health/ready"],
    [{ [at("liveness", "httpGet path")]: "/health/ready" }, "livenessProbe.httpGet.path is not /health/live"],
    [{ [at("liveness", "httpGet port")]: 8081 }, "livenessProbe.httpGet.port is none of the container's"],
    [{ [at("liveness", "httpGet port")]: "admin" }, "livenessProbe.httpGet.port is none of the container's"],
    [{ [`${container} readinessProbe`]: undefined }, "containers[0] has no readinessProbe with httpGet"],
    [{ [`${container} livenessProbe`]: { tcpSocket: { port: 8080 } } }, "has no livenessProbe with httpGet"],
  ])("finds %j", async (changes, what) => {
    const found = await check(changes);
    expect(found).toEqual([expect.stringContaining(what)]);
    expect(found[0]).toMatch(/ Write (?:readinessProbe|livenessProbe|initialDelaySeconds|periodSeconds): /);
  });

  it("asks it of every container that serves a port, but for those that somebody else looks after", async () => {
    const proxy = { name: "istio-proxy", ports: [{ containerPort: 15090 }] };
    const changes = { "spec template spec containers 1": proxy };
    expect(await check(changes)).toHaveLength(2);
    expect(await check(changes, { except: ["istio-proxy"] })).toEqual([]);
  });

  it("finds what a preview doesn't know", async () => {
    expect(await check({ [at("readiness", "httpGet path")]: unknown.string })).toEqual([
      expect.stringContaining("readinessProbe.httpGet.path is not known"),
    ]);
  });

  it("goes by its parameters", async () => {
    const parameters = { readiness: { path: "/ready", initialDelaySeconds: 0, periodSeconds: 10 } };
    const changes = { [at("readiness", "httpGet path")]: "/ready", [at("readiness", "periodSeconds")]: 10 };
    expect(await check(changes, parameters)).toEqual([]);
    expect(await check({}, parameters)).toEqual([expect.stringContaining("is not /ready")]);
  });

  it("leaves jobs and objects of others alone", async () => {
    const broken = withProps(base, { [`${container} readinessProbe`]: undefined });
    const foreign = { ...broken, parent: null } as AResource;
    expect(await checkResource(probes, foreign)).toEqual([]);
    expect(await checkResource(probes, foreign, { everywhere: true })).toHaveLength(1);
    expect(await checkResource(probes, { ...broken, type: "kubernetes:batch/v1:Job" })).toEqual([]);
  });
});
