import { describe, expect, it } from "vitest";
import { CanaryDeployment } from "../../../src/components/canary-deployment.ts";
import { DirectDeployment } from "../../../src/components/direct-deployment.ts";
import { RollingDeployment } from "../../../src/components/rolling-deployment.ts";
import type { Rollout } from "../../../src/components/rollout.ts";
import type { WorkloadArgs } from "../../../src/components/workload-args.ts";
import main from "../../../src/program/index.ts";
import { rolloutProgram } from "../../../src/program/rollout-program.ts";
import type { Target } from "../../../src/types/engine.ts";
import type { Release } from "../../../src/types/release.ts";
import { checkResource, checkStack } from "../../support/guardrails.ts";
import { resourceRules, stackRules } from "../../support/guardrails-kubernetes.ts";
import { configOf, runSeen, type SeenRun } from "../../support/guardrails-world.ts";

/** What all rules of Kubernetes find, each with its name. */
async function findings({ inputs, outputs }: SeenRun): Promise<readonly string[]> {
  const found: string[] = [];
  for (const rule of resourceRules)
    for (const one of inputs)
      found.push(...(await checkResource(rule, one)).map((text) => `${rule.name}: ${text}`));
  for (const rule of stackRules)
    found.push(...(await checkStack(rule, outputs)).map(({ text }) => `${rule.name}: ${text}`));
  return found;
}

const canary = ["5", "20", "50", "100", "promote-stable", "promote-switch", "promote-clean"];
const hotfix = { strategy: "direct", increments: [100], steps: ["direct", "settle"] } as const;

interface World {
  readonly stack: string;
  readonly program: ReturnType<typeof rolloutProgram>;
  readonly steps: readonly string[];
  readonly way?: Target["way"];
  readonly config?: Record<string, unknown>;
}

/** Install, each step, and from the first of them back. */
async function runsOf({ stack, program, steps, way, config = configOf(stack) }: World) {
  const runs: { readonly at: string; readonly run: SeenRun }[] = [];
  const go = async (at: string, target: Target, record?: Release) => {
    const run = await runSeen(program, {
      stack,
      config,
      target,
      ...(record === undefined ? {} : { record }),
    });
    runs.push({ at, run });
    return run.release;
  };
  let record = await go("install", { kind: "step", version: "1.2.3" });
  let first: Release | undefined;
  for (const step of steps) {
    record = await go(
      step,
      { kind: "step", version: "1.2.4", step, ...(way === undefined ? {} : { way }) },
      record,
    );
    first ??= record;
  }
  await go("revert", { kind: "step", version: "1.2.4", step: "revert" }, first);
  return runs;
}

const own: readonly World[] = [
  { stack: "prod", program: main, steps: canary },
  { stack: "prod", program: main, steps: hotfix.steps, way: hotfix },
  { stack: "test", program: main, steps: ["roll", "settle"] },
  { stack: "staging", program: main, steps: ["stage", "swap", "settle"] },
  { stack: "dev", program: main, steps: ["direct", "settle"] },
];

describe("the guide's four stacks are clean at every step", () => {
  it.each(own)("$stack: $steps", async (world) => {
    for (const { at, run } of await runsOf(world)) {
      const found = (await findings(run)).map((text) =>
        text.replace(/named by no digest.*/, "named by no digest"),
      );
      const digests = world.stack === "prod" ? found.filter((text) => text.startsWith("digest-images")) : [];
      expect({ at, found }).toEqual({ at, found: digests });
    }
  });
});

const roles = { requests: { cpu: "500m", memory: "1Gi" }, limits: { cpu: "1", memory: "2Gi" } };
const quiet = { kind: "sandbox" };
const production = { preset: "production", service: "api", metrics: quiet, health: quiet, lever: quiet };
const test = { ...production, preset: "test" };
const tenants = {
  by: "tenant",
  header: "x-tenant-id",
  tenants: Array.from({ length: 40 }, (_, at) => `t${at}`),
};

type Class = typeof CanaryDeployment | typeof RollingDeployment | typeof DirectDeployment;

function programOf(Component: Class, args: Partial<WorkloadArgs> = {}) {
  return rolloutProgram((rollout: Rollout) => {
    const base = { rollout, namespace: "n", image: "r/api", port: 8080, replicas: 6, resources: roles };
    new Component("api", { ...base, route: { gateway: "g", hostnames: ["api.example"] }, ...args });
  });
}

const scaled = { hpa: { min: 6, max: 12, cpuPercent: 70 }, pdb: { minAvailable: "50%" } };
const ingress = { ingressNginx: { hosts: ["api.example"], pathPrefix: "/v1" } };
const others: readonly (World & { readonly name: string })[] = [
  {
    name: "an autoscaler and a budget",
    stack: "prod",
    program: programOf(CanaryDeployment, scaled),
    steps: canary,
    config: production,
  },
  {
    name: "a hotfix under an autoscaler",
    stack: "prod",
    program: programOf(CanaryDeployment, scaled),
    steps: hotfix.steps,
    way: hotfix,
    config: production,
  },
  {
    name: "a budget of a number",
    stack: "prod",
    program: programOf(CanaryDeployment, { pdb: { minAvailable: 4 } }),
    steps: canary,
    config: production,
  },
  {
    name: "Istio",
    stack: "prod",
    program: programOf(CanaryDeployment, { route: { istio: { gateways: ["i/g"], hosts: ["api.example"] } } }),
    steps: canary,
    config: production,
  },
  {
    name: "ingress-nginx",
    stack: "prod",
    program: programOf(CanaryDeployment, { route: ingress }),
    steps: canary,
    config: production,
  },
  {
    name: "no router",
    stack: "prod",
    program: programOf(CanaryDeployment, { route: { replicaRatio: {} } }),
    steps: canary,
    config: production,
  },
  {
    name: "whole tenants",
    stack: "prod",
    program: programOf(CanaryDeployment),
    steps: canary,
    config: { ...production, cohort: tenants },
  },
  {
    name: "RollingDeployment",
    stack: "test",
    program: programOf(RollingDeployment),
    steps: ["roll", "settle"],
    config: test,
  },
  {
    name: "DirectDeployment",
    stack: "dev",
    program: programOf(DirectDeployment),
    steps: ["direct", "settle"],
    config: { ...production, preset: "development" },
  },
];

describe("what else the components make is clean under every mandatory rule", () => {
  it.each(others)("$name", async (world) => {
    for (const { at, run } of await runsOf(world)) {
      const found = (await findings(run)).filter((text) => !/^(?:digest-images|labels):/.test(text));
      expect({ at, found }).toEqual({ at, found: [] });
    }
  });
});
