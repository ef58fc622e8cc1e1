import { runtime } from "@pulumi/pulumi";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { CanaryDeployment } from "../../../src/components/canary-deployment.ts";
import { DirectDeployment } from "../../../src/components/direct-deployment.ts";
import type { Rollout } from "../../../src/components/rollout.ts";
import { runInContext } from "../../../src/program/context.ts";
import { rolloutProgram } from "../../../src/program/rollout-program.ts";
import type { Target } from "../../../src/types/engine.ts";
import { known, mockStack } from "../program/mock-stack.ts";

const hpa = { min: 2, max: 9, cpuPercent: 70 };

function configure(preset: string): void {
  const sources = { metrics: { kind: "sandbox" }, health: { kind: "sandbox" }, lever: { kind: "sandbox" } };
  const rollout = { preset, service: "api", ...(preset === "development" ? {} : sources) };
  runtime.setAllConfig({ "atp:rollout": JSON.stringify(rollout) });
}

function args(rollout: Rollout) {
  const route = { gateway: "g", hostnames: ["api.example"], gatewayNamespace: "infra" };
  return { rollout, namespace: "n", image: "r/api", port: 8080, replicas: 3, route };
}

/** What one run registers, as `type name`, after the outputs are known. */
async function run(program: (rollout: Rollout) => void, target: Target, record?: unknown) {
  const { resources } = await mockStack(record === undefined ? {} : { release: record });
  const outputs = await runInContext({ target, report: () => {} }, rolloutProgram(program));
  const release = await known<object>(outputs["release"]);
  const own = resources.filter(({ type }) => !type.startsWith("pulumi:"));
  return { release, resources: own, names: own.map(({ type, name }) => `${type.split(":").at(-1)} ${name}`) };
}

function step(version: string, id?: string): Target {
  return { kind: "step", version, ...(id === undefined ? {} : { step: id }) };
}

beforeEach(() => configure("production"));
afterEach(() => runtime.setAllConfig({}));

describe("CanaryDeployment", () => {
  const program = (rollout: Rollout) => {
    new CanaryDeployment("api", {
      ...args(rollout),
      config: { V: rollout.version },
      hpa,
      pdb: { minAvailable: 1 },
    });
  };

  test("registers each kind of child on each side, named after the service", async () => {
    const { release } = await run(program, step("1.0.0"));
    const { names } = await run(program, step("1.0.1", "5"), release);
    expect(names.toSorted()).toEqual([
      "CanaryDeployment api",
      expect.stringMatching(/^ConfigMap api-[0-9a-f]{8}$/),
      expect.stringMatching(/^ConfigMap api-[0-9a-f]{8}$/),
      "Deployment api",
      "Deployment api-canary",
      "HTTPRoute api",
      "HorizontalPodAutoscaler api",
      "HorizontalPodAutoscaler api-canary",
      "PodDisruptionBudget api",
      "PodDisruptionBudget api-canary",
      "Service api",
      "Service api-canary",
    ]);
  });

  test("records its intent as plain values, where a policy reads them in a preview", async () => {
    const { release } = await run(program, step("1.0.0"));
    const { resources } = await run(program, step("1.0.1", "5"), release);
    const own = resources.find(({ type }) => type === "rollouts:index:CanaryDeployment");
    expect(own?.inputs).toMatchObject({
      service: "api",
      intent: { from: 0, to: 5, step: "5" },
      stable: { version: "1.0.0" },
      candidate: { version: "1.0.1" },
      rolling: { maxSurge: 1, maxUnavailable: 1 },
      hpa,
    });
  });

  test("under a direct policy it takes the version at once: a direct release needs no other component", async () => {
    const { release } = await run(program, step("1.0.0"));
    configure("development");
    const direct = await run(program, step("1.0.1", "direct"), release);
    expect(direct.release).toMatchObject({ stable: { version: "1.0.1" }, step: "direct" });
    expect(direct.names).not.toContain("Deployment api-canary");
  });

  test("a wrong argument registers nothing", async () => {
    const { resources } = await mockStack({});
    const broken = rolloutProgram((rollout) => {
      new CanaryDeployment("api", { ...args(rollout), port: 0 });
    });
    const running = runInContext({ target: step("1.0.0"), report: () => {} }, broken);
    await expect(running).rejects.toMatchObject({ code: "config-invalid", path: "api.port" });
    expect(resources.filter(({ type }) => !type.startsWith("pulumi:"))).toEqual([]);
  });
});

describe("DirectDeployment", () => {
  const program = (rollout: Rollout) => {
    new DirectDeployment("api", args(rollout));
  };

  test("is one Deployment, one Service and a route to it", async () => {
    configure("development");
    const installed = await run(program, step("1.0.0"));
    expect(installed.names.toSorted()).toEqual([
      "Deployment api",
      "DirectDeployment api",
      "HTTPRoute api",
      "Service api",
    ]);
    const next = await run(program, step("1.0.1", "direct"), installed.release);
    expect(next.names.toSorted()).toEqual(installed.names.toSorted());
    expect(next.release).toMatchObject({ stable: { version: "1.0.1" }, exposure: 0 });
  });

  test("refuses a canary policy: it has no candidate to give traffic to", async () => {
    await mockStack({});
    const running = runInContext({ target: step("1.0.0"), report: () => {} }, rolloutProgram(program));
    await expect(running).rejects.toMatchObject({ code: "strategy-not-rendered", path: "rollout.strategy" });
  });
});
