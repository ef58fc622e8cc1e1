import { join } from "node:path";
import { type CustomResource, runtime } from "@pulumi/pulumi";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { CanaryDeployment } from "../../../src/components/canary-deployment.ts";
import type { Rollout } from "../../../src/components/rollout.ts";
import type { RouteArgs, WorkloadArgs } from "../../../src/components/workload-args.ts";
import { stableJson } from "../../../src/lib/stable-json.ts";
import { runInContext } from "../../../src/program/context.ts";
import { rolloutProgram } from "../../../src/program/rollout-program.ts";
import type { Target } from "../../../src/types/engine.ts";
import type { Release } from "../../../src/types/release.ts";
import { aPolicy, aRelease, aSnapshot } from "../../support/builders.ts";
import { known, type MockedResource, mockStack } from "../program/mock-stack.ts";

const goldens = join(import.meta.dirname, "../../golden/routers");
const canarySteps = ["5", "20", "50", "100", "promote-stable", "promote-switch", "promote-clean"];
const route: RouteArgs = { replicaRatio: {} };

const configure = (more: object) => {
  const rollout = {
    preset: "production",
    service: "api",
    metrics: { kind: "sandbox" },
    health: { kind: "sandbox" },
    lever: { kind: "sandbox" },
    ...more,
  };
  runtime.setAllConfig({ "atp:rollout": JSON.stringify(rollout) });
};
beforeEach(() => configure({}));
afterEach(() => runtime.setAllConfig({}));

interface Ran {
  readonly release: object;
  readonly resources: readonly MockedResource[];
}

async function run(of: Partial<WorkloadArgs>, target: Target, record?: unknown): Promise<Ran> {
  const { resources } = await mockStack(record === undefined ? {} : { release: record });
  const program = rolloutProgram((rollout: Rollout) => {
    const base = { rollout, namespace: "n", image: "r/api", port: 8080, replicas: 6, route };
    new CanaryDeployment("api", { ...base, ...of });
  });
  const outputs = await runInContext({ target, report: () => {} }, program);
  return { release: await known<object>(outputs["release"]), resources };
}

/** Each step up to `last`, from the record that the one before it left. */
async function runTo(last: string, of: Partial<WorkloadArgs> = {}, steps = canarySteps): Promise<Ran> {
  let ran = await run(of, { kind: "step", version: "1.0.0" });
  for (const step of steps.slice(0, steps.indexOf(last) + 1)) {
    const target = { kind: "step", version: "1.0.1", step, stableReplicas: 6 } as const;
    ran = await run(of, target, ran.release);
  }
  return ran;
}

// biome-ignore lint/suspicious/noExplicitAny: JSON as the provider gets it
const plain = (value: unknown): any => JSON.parse(JSON.stringify(value));
const named = ({ resources }: Ran, kind: string, name: string) =>
  plain(resources.find(({ type, name: own }) => type.endsWith(`:${kind}`) && own === name)?.inputs ?? null);
const service = (ran: Ran) => named(ran, "Service", "api");
const podsOf = (ran: Ran, name: string) => named(ran, "Deployment", name)?.spec.replicas;

/** What the Service that users call says of a step. */
function said(ran: Ran) {
  const { metadata, spec } = service(ran);
  const { "pulumi-rollouts/exposure": exposure, "pulumi-rollouts/stable-replicas": counted } =
    metadata.annotations;
  return { version: spec.selector.version, exposure, counted };
}

describe("the Services, to the letter", () => {
  test.each(["install", "20", "promote-switch"])("at %s", async (step) => {
    const { resources } = await runTo(step);
    const own = resources.filter(({ type }) => type.endsWith(":Service"));
    const graph = Object.fromEntries(own.map(({ type, name, inputs }) => [`${type} ${name}`, inputs]));
    const file = join(goldens, `replica-ratio-${step}.json`);
    await expect(`${stableJson(graph, 2)}\n`).toMatchFileSnapshot(file);
  });
});

describe("each step of a canary", () => {
  const table = [
    { step: "install", version: "stable", exposure: undefined, pods: undefined, why: "no candidate" },
    { step: "5", version: undefined, exposure: "5", pods: 1, why: "1 of 7 is 14.3 %" },
    { step: "20", version: undefined, exposure: "20", pods: 2, why: "2 of 8 is 25 %" },
    { step: "50", version: undefined, exposure: "50", pods: 6, why: "as many as stable" },
    { step: "100", version: "canary", exposure: "100", pods: 6, why: "stable gets none" },
    { step: "promote-stable", version: "canary", exposure: "100", pods: 6, why: "the candidate serves" },
    { step: "promote-switch", version: "stable", exposure: "0", pods: 6, why: "0 is written" },
    { step: "promote-clean", version: "stable", exposure: undefined, pods: undefined, why: "no candidate" },
  ];
  test.each(table)("$step: $why", async ({ step, version, exposure, pods }) => {
    const ran = await runTo(step);
    const counted = exposure === undefined ? undefined : "6";
    expect(said(ran)).toEqual({ version, exposure, counted });
    expect([podsOf(ran, "api"), podsOf(ran, "api-canary")]).toEqual([6, pods]);
    const paths = emptyMaps(service(ran));
    expect(paths).toEqual([]);
  });

  test("a larger share takes more pods than stable has, and they stay until everybody has come over", async () => {
    configure({ increments: [75, 100] });
    const steps = ["75", "100", "promote-stable"];
    const pods = [];
    for (const step of steps) pods.push(podsOf(await runTo(step, {}, steps), "api-canary"));
    expect(pods).toEqual([18, 18, 6]);
  });

  test("blue-green is staged whole, and swapped by the selector", async () => {
    configure({ strategy: "blue-green" });
    const steps = ["stage", "swap"];
    const [staged, swapped] = [await runTo("stage", {}, steps), await runTo("swap", {}, steps)];
    expect([said(staged), podsOf(staged, "api-canary")]).toEqual([
      { version: "stable", exposure: "0", counted: "6" },
      6,
    ]);
    expect([said(swapped), podsOf(swapped, "api-canary")]).toEqual([
      { version: "canary", exposure: "100", counted: "6" },
      6,
    ]);
  });

  test("a version in place moves the pods alone", async () => {
    configure({ strategy: "rolling", strategyReason: "in place" });
    const ran = await runTo("roll", {}, ["roll"]);
    expect(said(ran)).toEqual({ version: "stable", exposure: undefined, counted: undefined });
    expect(named(ran, "Service", "api-canary")).toBeNull();
  });
});

describe("beside it", () => {
  test("each side has a Service of its own, to be asked for its health", async () => {
    const ran = await runTo("20");
    const selectors = ["api", "api-stable", "api-canary"].map(
      (name) => named(ran, "Service", name).spec.selector,
    );
    expect(selectors).toEqual([
      { app: "api" },
      { app: "api", version: "stable" },
      { app: "api", version: "canary" },
    ]);
  });

  test("there is no router's object, and the rest is as with one, but for the pods", async () => {
    const kinds = (ran: Ran) => ran.resources.map(({ type, name }) => `${type} ${name}`);
    const [own, other] = [await runTo("20"), await runTo("20", { route: { gateway: "g", hostnames: [] } })];
    const routers = "kubernetes:gateway.networking.k8s.io/v1:HTTPRoute api";
    const health = "kubernetes:core/v1:Service api-stable";
    expect(
      kinds(own)
        .filter((one) => one !== health)
        .toSorted(),
    ).toEqual(
      kinds(other)
        .filter((one) => one !== routers)
        .toSorted(),
    );
    expect(own.release).toEqual(other.release);
  });

  test("the Service comes after the pods that it leads to", async () => {
    const { resources } = await runTo("5");
    const order = resources.map(({ type, name }) => `${type.split(":").at(-1)} ${name}`);
    const late = order.indexOf("Service api");
    for (const name of [
      "Deployment api",
      "Deployment api-canary",
      "Service api-canary",
      "Service api-stable",
    ]) {
      expect([name, order.includes(name) && order.indexOf(name) < late]).toEqual([name, true]);
    }
  });

  test("an autoscaler may add to stable, and to a candidate that has everybody, but to no share", async () => {
    const hpa = { min: 4, max: 12, cpuPercent: 70 };
    const bounds = async (step: string, name: string) => {
      const { minReplicas, maxReplicas } = named(
        await runTo(step, { hpa }),
        "HorizontalPodAutoscaler",
        name,
      ).spec;
      return [minReplicas, maxReplicas];
    };
    expect(await bounds("20", "api")).toEqual([6, 12]);
    expect(await bounds("20", "api-canary")).toEqual([2, 2]);
    expect(await bounds("50", "api-canary")).toEqual([6, 6]);
    expect(await bounds("100", "api-canary")).toEqual([6, 12]);
  });

  test("transforms: users' Service has one of its own; `service` sees the sides'", async () => {
    const seen: string[] = [];
    const transform: WorkloadArgs["transform"] = {
      service: (args, side) => {
        seen.push(`${side} ${plain(args).metadata.name}`);
        return args;
      },
      sharedService: (args) => ({ ...args, spec: { ...args.spec, type: "LoadBalancer" } }),
    };
    const ran = await runTo("5", { transform });
    expect(service(ran).spec).toMatchObject({ type: "LoadBalancer", selector: { app: "api" } });
    expect(named(ran, "Service", "api-stable").spec.type).toBe("ClusterIP");
    expect(new Set(seen)).toEqual(new Set(["stable api-stable", "canary api-canary"]));
  });

  test("the record is written after the Service and both Deployments", async () => {
    await mockStack({});
    const tracked: CustomResource[] = [];
    const intent = {
      strategy: "canary",
      environment: "prod",
      step: "5",
      from: 0,
      to: 5,
      increments: [5, 100],
    };
    const release: Release = { ...aRelease("1.0.0"), candidate: aSnapshot("1.0.1"), exposure: 5, step: "5" };
    const rollout: Rollout = {
      version: "1.0.1",
      environment: "prod",
      policy: aPolicy(),
      claim: () => ({ release, intent }),
      claimFlag: () => {
        throw new Error("there is no flag");
      },
      track: (resources) => tracked.push(...resources),
      outputs: () => {
        throw new Error("not asked for");
      },
    };
    new CanaryDeployment("api", { rollout, namespace: "n", image: "r/api", port: 1, replicas: 4, route });
    const urns = await Promise.all(tracked.map(({ urn }) => known<string>(urn)));
    expect(urns.map((urn) => urn.split(":").slice(-3).join(":")).toSorted()).toEqual([
      "Deployment::api",
      "Deployment::api-canary",
      "Service::api",
    ]);
  });

  test("never patchForce", async () => {
    expect(JSON.stringify((await runTo("promote-switch")).resources)).not.toContain("patchForce");
  });
});

describe("a route that can't work registers nothing", () => {
  const table = [
    { why: "beside a router", route: { replicaRatio: {}, gateway: "g", hostnames: [] }, path: "api.route" },
    { why: "with something to say", route: { replicaRatio: { port: 80 } }, path: "api.route.replicaRatio" },
    { why: "with nothing at all", route: { replicaRatio: undefined }, path: "api.route.replicaRatio" },
  ];
  test.each(table)("$why", async ({ route: wrong, path }) => {
    const running = run({ route: wrong as never }, { kind: "step", version: "1.0.0" });
    const issues = [expect.objectContaining({ path })];
    await expect(running).rejects.toMatchObject({ code: "config-invalid", issues });
  });
});

/** Paths of empty maps: the engine would write one again at each update. */
function emptyMaps(value: unknown, path = "$"): readonly string[] {
  if (value === null || typeof value !== "object") return [];
  const entries = Object.entries(value);
  if (entries.length === 0) return [path];
  return entries.flatMap(([key, member]) => emptyMaps(member, `${path}.${key}`));
}
