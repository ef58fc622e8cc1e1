import type { Lever } from "../../ports/lever.ts";
import type { RouteReading } from "../../types/observation.ts";
import { type KubeObject, openKubeApi, type PatchOperation } from "./kube-api.ts";
import { parseObject } from "./kube-object.ts";
import type { SideNames } from "./route-shape.ts";
import { type RouterLeverOptions, routerLever } from "./router-api.ts";
import {
  isDead,
  isTaken,
  type SplitRoute,
  shapeError,
  shareOf,
  splitRoutes,
  type VirtualService,
  virtualService,
} from "./virtual-service-shape.ts";

export type IstioLeverOptions = RouterLeverOptions<"istio">;

const advice = {
  denied: "The driver needs get and patch on virtualservices.networking.istio.io, and get on deployments.",
  absent:
    "Check rollout.lever.namespace and virtualService, and that Istio 1.22 or newer is installed: networking.istio.io/v1 is needed.",
};

/**
 * The weights of an Istio VirtualService (networking.istio.io/v1) as a lever. One JSON patch writes both weights of
 * every http route that names both Services, guarded by `test` operations on the hosts at their places. `spec.http`
 * is one atomic list to the API server, as an HTTPRoute's rules are: whoever patches it owns it, so an ordinary
 * update that comes late meets a conflict instead of putting traffic back.
 *
 * @throws RolloutError `route-shape`, `exposure-invalid`, `kube-api`, `kube-denied`
 */
export function createIstioLever(options: IstioLeverOptions): Lever {
  const { config, names, runtime } = options;
  const { namespace } = config;
  const api = options.api ?? openKubeApi(config);
  const object: KubeObject = {
    group: "networking.istio.io",
    version: "v1",
    plural: "virtualservices",
    namespace,
    name: config.virtualService,
  };
  const what = `VirtualService ${namespace}/${config.virtualService}`;
  const get = async (signal?: AbortSignal) =>
    parseObject(virtualService, await api.get(object, signal), { what });
  return routerLever({
    kind: "VirtualService",
    api,
    object,
    names,
    advice,
    ...(runtime ? { runtime } : {}),
    operations: async (exposure, signal) => patchFor(await get(signal), names, exposure),
    read: async (signal) => reading(await get(signal), names),
  });
}

/** The patch that puts the weights to an exposure; empty where nothing is to do. */
function patchFor(found: VirtualService, names: SideNames, exposure: number): PatchOperation[] {
  const splits = splitRoutes(found, names);
  if (splits.length === 0) {
    if (exposure === 0) return [];
    throw shapeError(found, names, `it has no destination ${names.candidate} that could take ${exposure} %`);
  }
  if (splits.every((split) => shareOf(split) === exposure)) return [];
  return [...splits.flatMap(tests), ...splits.flatMap((split) => writes(split, exposure))];
}

function tests({ index, stable, candidate }: SplitRoute): PatchOperation[] {
  return [stable, candidate].map((place) => ({
    op: "test",
    path: `/spec/http/${index}/route/${place.index}/destination/host`,
    value: place.host,
  }));
}

/** Both weights, also where one is 0: together they are always 100. */
function writes({ index, stable, candidate }: SplitRoute, exposure: number): PatchOperation[] {
  const write = (place: SplitRoute["stable"], value: number): PatchOperation => ({
    // `replace` fails where nothing stands: a weight of 0 may have been left out.
    op: place.weight === undefined ? "add" : "replace",
    path: `/spec/http/${index}/route/${place.index}/weight`,
    value,
  });
  return [write(stable, 100 - exposure), write(candidate, exposure)];
}

function reading(found: VirtualService, names: SideNames): Omit<RouteReading, "ready"> {
  const splits = splitRoutes(found, names);
  const dead = splits.find(isDead);
  if (dead) {
    throw shapeError(found, names, `all weights of http route ${dead.index} are 0, so nobody is served`);
  }
  const exposures = splits.map(shareOf);
  const [exposure = 0] = exposures;
  if (exposures.some((one) => one !== exposure)) {
    throw shapeError(found, names, `its http routes disagree, the candidate has ${exposures.join(", ")} %`);
  }
  return { exposure, accepted: isTaken(found), hasCandidate: splits.length > 0 };
}
