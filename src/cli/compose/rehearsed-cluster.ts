import type { DriverDeps, Sides } from "../../driver/session.ts";
import { RolloutError } from "../../errors/errors.ts";
import type { Lever } from "../../ports/lever.ts";
import { createSandboxHealth } from "../../sandbox/health.ts";
import { createSandboxLever } from "../../sandbox/lever.ts";
import { createInPlaceLever } from "../../sandbox/lever-in-place.ts";
import { createRatioLever } from "../../sandbox/lever-ratio.ts";
import type { ObjectRef } from "../../sandbox/manifest.ts";
import { serveSandbox } from "../../sandbox/provider-server.ts";
import type { Sandbox } from "../../sandbox/sandbox.ts";
import type { EnvironmentPolicy, LeverConfig } from "../../types/policy.ts";
import { comesInPlace } from "./ports.ts";
import type { RehearsedCloud, RehearsedCloudOptions } from "./rehearsed-cloud.ts";
import { rehearsedValidation } from "./rehearsed-validation.ts";

/** A cluster in memory, for a policy on Kubernetes. */
export async function openCluster(options: RehearsedCloudOptions): Promise<RehearsedCloud> {
  const { sandbox, policy } = options;
  assertServed(policy);
  const server = await serveSandbox(sandbox);
  const health = createSandboxHealth(sandbox);
  const validation =
    policy.strategy === "blue-green" ? { validation: rehearsedValidation({ ...options, health }) } : {};
  return {
    env: server.env,
    ports: { ...sandboxLevers(sandbox, policy), health, ...validation },
    wrap: (engine) => engine,
    close: async () => server.close(),
  };
}

/** The sandbox serves HTTPRoutes, VirtualServices and Services: another router would be rehearsed as what it is not. */
function assertServed({ lever: { kind } }: EnvironmentPolicy): void {
  if (kind !== "ingress-nginx") return;
  throw new RolloutError(
    `A stack with the lever ${kind} can't be rehearsed yet: the sandbox serves no Ingress.`,
    {
      code: "not-built",
      exit: "config",
      path: "rollout.lever.kind",
      hint: `Rehearse a stack whose route is an HTTPRoute, a VirtualService or a Service alone, or run this one on a test cluster with ${kind}.`,
    },
  );
}

/** As of a real stack: the Deployment where the new version takes stable's place, else the route. */
function sandboxLevers(sandbox: Sandbox, policy: EnvironmentPolicy): Pick<DriverDeps, "lever" | "leverFor"> {
  const lever = sandboxLever(sandbox, policy);
  if (!comesInPlace(policy)) return { lever };
  const leverFor = (sides: Sides): Lever => {
    // What stands in place is known from here on: faults are the new version's.
    sandbox.replacing(sides.candidate);
    const real = () => {
      const { namespace, name } = placeOf(sandbox, "Deployment", policy.service);
      return createInPlaceLever(sandbox, { namespace, deployment: name, sides });
    };
    return {
      name: "sandbox",
      setExposure: async (exposure) => real().setExposure(exposure),
      release: async () => real().release?.(),
      read: async () => real().read(),
    };
  };
  return { lever, leverFor };
}

const paths = {
  HTTPRoute: "rollout.lever.route",
  VirtualService: "rollout.lever.virtualService",
  Service: "rollout.lever.service",
  Deployment: "rollout.service",
} as const;

/** Where the program has put an object: only the program knows its namespace. */
function placeOf(sandbox: Sandbox, kind: keyof typeof paths, name: string): ObjectRef {
  const found = sandbox.cloud.list(kind).find(({ ref }) => ref.name === name);
  if (found !== undefined) return found.ref;
  throw new RolloutError(`The program made no ${kind} ${name}.`, {
    code: kind === "Deployment" ? "deployment-missing" : "route-missing",
    exit: "config",
    path: paths[kind],
    hint: "Name the route of the service in rollout.lever, or the service as its component.",
  });
}

/** The lever on the route that the program made. */
function sandboxLever(sandbox: Sandbox, { service, lever }: EnvironmentPolicy): Lever {
  const { kind, route } = routeOf(lever, service);
  const real = (): Lever => {
    const { namespace, name } = placeOf(sandbox, kind, route);
    const names = { namespace, route: name, stable: service, candidate: `${service}-canary` };
    return kind === "Service"
      ? createRatioLever(sandbox, names)
      : createSandboxLever(sandbox, { ...names, kind });
  };
  return {
    name: "sandbox",
    setExposure: async (exposure) => real().setExposure(exposure),
    release: async () => real().release?.(),
    read: async () => real().read(),
  };
}

function routeOf(
  lever: LeverConfig,
  service: string,
): { readonly kind: "HTTPRoute" | "VirtualService" | "Service"; readonly route: string } {
  if (lever.kind === "istio") return { kind: "VirtualService", route: lever.virtualService };
  if (lever.kind === "replica-ratio") return { kind: "Service", route: lever.service };
  return { kind: "HTTPRoute", route: lever.kind === "http-route" ? lever.route : service };
}
