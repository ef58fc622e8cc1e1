import * as z from "zod";
import { RolloutError } from "../../errors/errors.ts";
import type { Runtime } from "../../lib/runtime.ts";
import type { Lever } from "../../ports/lever.ts";
import type { RouteReading } from "../../types/observation.ts";
import type { LeverConfig } from "../../types/policy.ts";
import { type KubeApi, KubeFailure, type KubeObject, openKubeApi, type PatchOperation } from "./kube-api.ts";
import { routeExposure } from "./route-exposure.ts";
import {
  exposureOf,
  type HttpRoute,
  httpRoute,
  isAccepted,
  type RolloutRule,
  rolloutRules,
  type SideNames,
  shapeError,
} from "./route-shape.ts";

export interface HttpRouteLeverOptions {
  readonly config: Extract<LeverConfig, { kind: "http-route" }>;
  /** Names of both sides' Services, which their Deployments share. */
  readonly names: SideNames;
  readonly runtime?: Pick<Runtime, "logger">;
  /** Default: the official client, by the kubeconfig of `config`. */
  readonly api?: KubeApi;
}

/** How often a write is tried when the route changes under it. */
const maxTries = 3;

const deployment = z.looseObject({
  status: z.looseObject({ readyReplicas: z.number().optional() }).optional(),
});

/**
 * The weights of an HTTPRoute (gateway.networking.k8s.io/v1) as a lever. One JSON patch writes both weights
 * of every rule of the rollout, guarded by `test` operations on the backends' names at their places: a
 * route that changed since it was read is never written blindly, but read again, up to 3 times.
 */
export function createHttpRouteLever(options: HttpRouteLeverOptions): Lever {
  const { config, names } = options;
  const api = options.api ?? openKubeApi(config);
  const { namespace } = config;
  const routeObject: KubeObject = {
    group: "gateway.networking.k8s.io",
    version: "v1",
    plural: "httproutes",
    namespace,
    name: config.route,
  };
  const getRoute = async (signal?: AbortSignal) =>
    parseRoute(await api.get(routeObject, signal), routeObject);
  return {
    name: `HTTPRoute ${namespace}/${config.route}`,
    setExposure: async (exposure, signal) => {
      assertExposure(exposure);
      for (let attempt = 1; ; attempt++) {
        const operations = patchFor(await getRoute(signal), names, exposure);
        if (operations.length === 0) return;
        try {
          return await api.patch(routeObject, operations, signal);
        } catch (error) {
          if (attempt >= maxTries || !isMoved(error)) throw error;
          options.runtime?.logger.debug(
            `${routeObject.name} changed while its weights were written: reading it again`,
          );
        }
      }
    },
    read: async (signal) => {
      const [route, ready] = await Promise.all([
        getRoute(signal),
        readReady(api, { namespace, names }, signal),
      ]);
      return { ...reading(route, names), ...(ready ? { ready } : {}) };
    },
  };
}

/** The patch that puts the weights to an exposure; empty where nothing is to do. */
function patchFor(route: HttpRoute, names: SideNames, exposure: number): PatchOperation[] {
  const rules = rolloutRules(route, names);
  if (rules.some(({ candidate }) => !candidate)) {
    if (exposure === 0) return [];
    throw shapeError(route, names, `it has no backend ${names.candidate} that could take ${exposure} %`);
  }
  const isThere = (rule: RolloutRule) => weightSum(rule) > 0 && exposureOf(rule, route, names) === exposure;
  if (rules.every(isThere)) return [];
  return [...rules.flatMap((rule) => tests(rule, names)), ...rules.flatMap((rule) => writes(rule, exposure))];
}

function weightSum({ stable, candidate }: RolloutRule): number {
  return (stable.weight ?? 1) + (candidate ? (candidate.weight ?? 1) : 0);
}

function tests({ index, stable, candidate }: RolloutRule, names: SideNames): PatchOperation[] {
  const test = (place: number, value: string): PatchOperation => ({
    op: "test",
    path: pathOf(index, place, "name"),
    value,
  });
  return [test(stable.index, names.stable), ...(candidate ? [test(candidate.index, names.candidate)] : [])];
}

function writes({ index, stable, candidate }: RolloutRule, exposure: number): PatchOperation[] {
  const write = (
    place: { readonly index: number; readonly weight: number | undefined },
    value: number,
  ): PatchOperation => ({
    // `replace` fails where there is nothing yet; the API server fills the default 1 in, others may not.
    op: place.weight === undefined ? "add" : "replace",
    path: pathOf(index, place.index, "weight"),
    value,
  });
  return [write(stable, 100 - exposure), ...(candidate ? [write(candidate, exposure)] : [])];
}

function pathOf(rule: number, backend: number, field: "name" | "weight"): string {
  return `/spec/rules/${rule}/backendRefs/${backend}/${field}`;
}

/** A failed `test` (422 Invalid) or a write that met another one (409): the route is not what was read. */
function isMoved(error: unknown): boolean {
  return error instanceof KubeFailure && (error.status === 409 || error.status === 422);
}

function reading(route: HttpRoute, names: SideNames): Omit<RouteReading, "ready"> {
  const rules = rolloutRules(route, names);
  return {
    exposure: routeExposure(rules, route, names),
    accepted: isAccepted(route),
    hasCandidate: rules.every(({ candidate }) => candidate !== undefined),
  };
}

async function readReady(
  api: KubeApi,
  { namespace, names }: { readonly namespace: string; readonly names: SideNames },
  signal?: AbortSignal,
): Promise<RouteReading["ready"]> {
  const replicas = async (name: string) => {
    const object: KubeObject = { group: "apps", version: "v1", plural: "deployments", namespace, name };
    const { status } = parse(deployment, await api.get(object, signal), `Deployment ${namespace}/${name}`);
    return status?.readyReplicas ?? 0;
  };
  const absent = (error: unknown) => {
    if (error instanceof KubeFailure && error.status === 404) return 0;
    throw error;
  };
  try {
    const [stable, candidate] = await Promise.all([
      replicas(names.stable),
      replicas(names.candidate).catch(absent),
    ]);
    return { stable, candidate };
  } catch (error) {
    // Whoever may not read Deployments doesn't see readiness; the route alone is an answer too.
    if (error instanceof KubeFailure && error.status === 403) return undefined;
    throw error;
  }
}

function parseRoute(value: unknown, { namespace, name }: KubeObject): HttpRoute {
  return parse(httpRoute, value, `HTTPRoute ${namespace}/${name}`);
}

function parse<T>(schema: z.ZodType<T>, value: unknown, what: string): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new RolloutError(`${what} is not what the API promises: ${z.prettifyError(parsed.error)}.`, {
    code: "kube-api",
    exit: "resource",
    hint: "Check which version of the Gateway API is installed: v1 is needed.",
  });
}

function assertExposure(exposure: number): void {
  if (Number.isInteger(exposure) && exposure >= 0 && exposure <= 100) return;
  throw new RolloutError(`An exposure of ${exposure} % was asked for: it is a whole number from 0 to 100.`, {
    code: "exposure-invalid",
    exit: "config",
  });
}
