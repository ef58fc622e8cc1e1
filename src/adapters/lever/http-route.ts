import type { Lever } from "../../ports/lever.ts";
import type { RouteReading } from "../../types/observation.ts";
import { type KubeObject, openKubeApi, type PatchOperation } from "./kube-api.ts";
import { parseObject } from "./kube-object.ts";
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
import { type RouterLeverOptions, routerLever } from "./router-api.ts";

export type HttpRouteLeverOptions = RouterLeverOptions<"http-route">;

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
    parseObject(httpRoute, await api.get(routeObject, signal), {
      what: `HTTPRoute ${namespace}/${config.route}`,
      hint: "Check which version of the Gateway API is installed: v1 is needed.",
    });
  return routerLever({
    kind: "HTTPRoute",
    api,
    object: routeObject,
    names,
    ...(options.runtime ? { runtime: options.runtime } : {}),
    operations: async (exposure, signal) => patchFor(await getRoute(signal), names, exposure),
    read: async (signal) => reading(await getRoute(signal), names),
  });
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
