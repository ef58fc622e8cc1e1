import { join } from "node:path";
import { type CustomResource, output, runtime } from "@pulumi/pulumi";
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
const steps = ["5", "20", "50", "100", "promote-stable", "promote-switch", "promote-clean"];
const routers: Readonly<Record<"istio" | "ingress-nginx", RouteArgs>> = {
  istio: { istio: { gateways: ["istio-ingress/gateway"], hosts: ["api.example"] } },
  "ingress-nginx": {
    ingressNginx: { hosts: ["api.example"], pathPrefix: "/v1", tls: { secretName: "api-tls" } },
  },
};
type Router = keyof typeof routers;

beforeEach(() => {
  const rollout = {
    preset: "production",
    service: "api",
    metrics: { kind: "sandbox" },
    health: { kind: "sandbox" },
    lever: { kind: "sandbox" },
  };
  runtime.setAllConfig({ "atp:rollout": JSON.stringify(rollout) });
});
afterEach(() => runtime.setAllConfig({}));

interface Ran {
  readonly release: object;
  readonly resources: readonly MockedResource[];
}

async function run(of: Partial<WorkloadArgs>, target: Target, record?: unknown): Promise<Ran> {
  const { resources } = await mockStack(record === undefined ? {} : { release: record });
  const program = rolloutProgram((rollout: Rollout) => {
    const base = { rollout, namespace: "n", image: "r/api", port: 8080, replicas: 4 };
    new CanaryDeployment("api", { ...base, route: routers.istio, ...of });
  });
  const outputs = await runInContext({ target, report: () => {} }, program);
  return { release: await known<object>(outputs["release"]), resources };
}

/** Each step up to `last`, from the record that the one before it left. */
async function runTo(of: Partial<WorkloadArgs>, last: string): Promise<Ran> {
  let ran = await run(of, { kind: "step", version: "1.0.0" });
  for (const step of steps.slice(0, steps.indexOf(last) + 1)) {
    ran = await run(of, { kind: "step", version: "1.0.1", step }, ran.release);
  }
  return ran;
}

const kinds = ["VirtualService", "Ingress", "HTTPRoute"];
function routesOf({ resources }: Ran): Record<string, unknown> {
  const own = resources.filter(({ type }) => kinds.includes(type.split(":").at(-1) ?? ""));
  return Object.fromEntries(own.map(({ type, name, inputs }) => [`${type} ${name}`, inputs]));
}

// biome-ignore lint/suspicious/noExplicitAny: JSON as the provider gets it
const plain = (value: unknown): any => JSON.parse(JSON.stringify(value));
const service = "kubernetes:networking.istio.io/v1:VirtualService api";
const canaryIngress = "kubernetes:networking.k8s.io/v1:Ingress api-canary";
const stableIngress = "kubernetes:networking.k8s.io/v1:Ingress api";

describe("what leads to the service, to the letter", () => {
  const table = (["istio", "ingress-nginx"] as const).flatMap((router) =>
    ["install", "20", "promote-switch"].map((step) => ({ router, step })),
  );
  test.each(table)("$router at $step", async ({ router, step }) => {
    const graph = routesOf(await runTo({ route: routers[router] }, step));
    await expect(`${stableJson(graph, 2)}\n`).toMatchFileSnapshot(join(goldens, `${router}-${step}.json`));
  });
});

/** The candidate's weight and what stable has, as written; undefined without a candidate. */
function weights(router: Router, ran: Ran): readonly unknown[] {
  const graph = plain(routesOf(ran));
  if (router === "istio")
    return graph[service].spec.http[0].route.map((one: { weight: number }) => one.weight);
  const annotations = graph[canaryIngress]?.metadata.annotations ?? {};
  return [annotations["nginx.ingress.kubernetes.io/canary-weight"]];
}

describe("weights of each step", () => {
  const table = [
    { step: "install", istio: [100], nginx: undefined, why: "no candidate" },
    { step: "5", istio: [95, 5], nginx: "5", why: "the first increment" },
    { step: "100", istio: [0, 100], nginx: "100", why: "0 is written" },
    { step: "promote-stable", istio: [0, 100], nginx: "100", why: "the candidate serves" },
    { step: "promote-switch", istio: [100, 0], nginx: "0", why: "0 is written, also as a text" },
    { step: "promote-clean", istio: [100], nginx: undefined, why: "no candidate" },
  ];
  test.each(table)("$step: $why", async ({ step, istio, nginx }) => {
    expect(weights("istio", await runTo({ route: routers.istio }, step))).toEqual(istio);
    expect(weights("ingress-nginx", await runTo({ route: routers["ingress-nginx"] }, step))).toEqual([nginx]);
  });
});

describe("the rest stays as it is", () => {
  const others = (ran: Ran) =>
    ran.resources
      .filter(({ type }) => !kinds.includes(type.split(":").at(-1) ?? ""))
      .map(({ type, name, inputs }) => [type, name, inputs]);

  test.each(["istio", "ingress-nginx"] as const)(
    "pods and Services are those of an HTTPRoute: %s",
    async (router) => {
      const gateway = await runTo({ route: { gateway: "g", hostnames: [] } }, "20");
      const other = await runTo({ route: routers[router] }, "20");
      expect(others(other)).toEqual(others(gateway));
      expect(other.release).toEqual(gateway.release);
    },
  );

  test("stable's Ingress is the same at every step, so that no step writes it", async () => {
    const seen = new Set<string>();
    for (const step of ["install", ...steps]) {
      const graph = plain(routesOf(await runTo({ route: routers["ingress-nginx"] }, step)));
      seen.add(JSON.stringify(graph[stableIngress]));
    }
    expect(seen.size).toBe(1);
  });

  test("never patchForce: a late update must not put traffic back", async () => {
    for (const router of ["istio", "ingress-nginx"] as const) {
      const graph = JSON.stringify(routesOf(await runTo({ route: routers[router] }, "promote-switch")));
      expect(graph).not.toContain("patchForce");
    }
  });

  test("the canary Ingress comes after all that it leads to, and after the Ingress without which it is ignored", async () => {
    const { resources } = await runTo({ route: routers["ingress-nginx"] }, "5");
    const order = resources.map(({ type, name }) => `${type.split(":").at(-1)} ${name}`);
    const before = ["Deployment api-canary", "Service api-canary", "Service api", "Ingress api"];
    expect(order).toEqual(expect.arrayContaining(before));
    const late = order.indexOf("Ingress api-canary");
    for (const name of before) expect([name, order.indexOf(name) < late]).toEqual([name, true]);
  });

  test("the record is written after the canary Ingress: it carries the exposure", async () => {
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
    const route = routers["ingress-nginx"];
    new CanaryDeployment("api", { rollout, namespace: "n", image: "r/api", port: 1, replicas: 4, route });
    const urns = await Promise.all(tracked.map(({ urn }) => known<string>(urn)));
    expect(urns.map((urn) => urn.split(":").slice(-3).join(":")).toSorted()).toEqual([
      "Deployment::api",
      "Deployment::api-canary",
      "Ingress::api",
      "Ingress::api-canary",
    ]);
  });

  test("a transform of the route sees both Ingresses", async () => {
    const transform: WorkloadArgs["transform"] = {
      route: (args) => ({ ...args, spec: { ...args["spec"], ingressClassName: "other" } }),
    };
    const graph = plain(routesOf(await runTo({ route: routers["ingress-nginx"], transform }, "5")));
    expect(Object.values(graph).map((one) => plain(one).spec.ingressClassName)).toEqual(["other", "other"]);
  });

  test("Outputs are taken where a router has names", async () => {
    const route = {
      istio: { gateways: [output("mesh")], hosts: [output("api.n.svc")], pathPrefix: output("/v1") },
    };
    const graph = plain(routesOf(await runTo({ route }, "5")));
    expect(graph[service].spec).toMatchObject({
      gateways: ["mesh"],
      hosts: ["api.n.svc"],
      http: [{ match: [{ uri: { prefix: "/v1" } }] }],
    });
  });
});

describe("a route that can't work registers nothing", () => {
  const istio = { gateways: ["g"], hosts: ["h"] };
  const table = [
    { why: "no router", route: {}, paths: ["api.route"] },
    { why: "two routers", route: { gateway: "g", hostnames: [], istio }, paths: ["api.route"] },
    {
      why: "Istio without gateways or hosts",
      route: { istio: { gateways: [], hosts: [] } },
      paths: ["api.route.istio.gateways", "api.route.istio.hosts"],
    },
    {
      why: "an Ingress without a host would take every host",
      route: { ingressNginx: { hosts: [] } },
      paths: ["api.route.ingressNginx.hosts"],
    },
    {
      why: "a prefix that is none",
      route: { istio: { ...istio, pathPrefix: "v1" } },
      paths: ["api.route.istio.pathPrefix"],
    },
    {
      why: "with what else is wrong, at once",
      route: { ingressNginx: { hosts: [], pathPrefix: "" } },
      port: 0,
      paths: ["api.port", "api.route.ingressNginx.hosts", "api.route.ingressNginx.pathPrefix"],
    },
  ];
  test.each(table)("$why", async ({ paths, why: _why, ...of }) => {
    const running = run(of as Partial<WorkloadArgs>, { kind: "step", version: "1.0.0" });
    await expect(running).rejects.toMatchObject({
      code: "config-invalid",
      issues: paths.map((path) => expect.objectContaining({ path })),
    });
  });
});
