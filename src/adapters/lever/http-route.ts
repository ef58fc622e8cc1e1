import type { Runtime } from "../../lib/runtime.ts";
import type { Lever } from "../../ports/lever.ts";
import type { RouteReading } from "../../types/observation.ts";
import type { LeverConfig } from "../../types/policy.ts";
import { type KubeApi, type KubeObject, openKubeApi, type PatchOperation } from "./kube-api.ts";
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
import { assertExposure, parseObject, readReady, writeGuarded } from "./router-api.ts";

export interface HttpRouteLeverOptions {
  readonly config: Extract<LeverConfig, { kind: "http-route" }>;
  /** Names of both sides' Services, which their Deployments share. */
  readonly names: SideNames;
  readonly runtime?: Pick<Runtime, "logger">;
  /** Default: the official client, by the kubeconfig of `config`. */
  readonly api?: KubeApi;
}

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
    parseObject(httpRoute, await api.get(routeObject, signal), `HTTPRoute ${namespace}/${config.route}`);
  return {
    name: `HTTPRoute ${namespace}/${config.route}`,
    setExposure: async (exposure, signal) => {
      assertExposure(exposure);
      await writeGuarded({
        api,
        object: routeObject,
        operations: async () => patchFor(await getRoute(signal), names, exposure),
        ...(options.runtime ? { logger: options.runtime.logger } : {}),
        ...(signal ? { signal } : {}),
      });
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

function reading(route: HttpRoute, names: SideNames): Omit<RouteReading, "ready"> {
  const rules = rolloutRules(route, names);
  return {
    exposure: routeExposure(rules, route, names),
    accepted: isAccepted(route),
    hasCandidate: rules.every(({ candidate }) => candidate !== undefined),
  };
}
