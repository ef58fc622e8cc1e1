import { RolloutError } from "../../errors/errors.ts";
import { ratioReading } from "../../plan/replica-ratio.ts";
import type { Lever } from "../../ports/lever.ts";
import type { RouteReading } from "../../types/observation.ts";
import { type KubeObject, openKubeApi } from "./kube-api.ts";
import { parseObject } from "./kube-object.ts";
import type { SideNames } from "./route-shape.ts";
import { type RouterLeverOptions, routerLever } from "./router-api.ts";
import {
  declaredOf,
  releasePatch,
  type SharedService,
  selectorPatch,
  sharedService,
  sharesOf,
} from "./shared-service-shape.ts";
import { readSides, type Sides, seenOf } from "./sides.ts";

export type ReplicaRatioLeverOptions = RouterLeverOptions<"replica-ratio">;

const advice = {
  denied: "The driver needs get and patch on services, and get on deployments.",
  absent:
    "Check rollout.lever.namespace and service, and that the Service and the Deployment of the service are there.",
};

/**
 * A Service over the pods of both sides as a lever, where there is no router. One JSON patch of its selector takes
 * everything off the candidate, or gives it everything; a share in between is that of the pods, which the stack moves:
 * asking for one that isn't in force is refused. `spec.selector` is atomic to the API server, so an ordinary update that
 * comes late meets a conflict, as on a route; `release` opens that fence, for the settled stack's selector is the very
 * one that the lever writes.
 *
 * @throws RolloutError `route-shape`, `exposure-invalid`, `kube-api`, `kube-denied`
 */
export function createReplicaRatioLever(options: ReplicaRatioLeverOptions): Lever {
  const { config, names, runtime } = options;
  const { namespace } = config;
  const api = options.api ?? openKubeApi(config);
  const object: KubeObject = {
    group: "",
    version: "v1",
    plural: "services",
    namespace,
    name: config.service,
  };
  const what = `Service ${namespace}/${config.service}`;
  const get = async (signal?: AbortSignal) =>
    parseObject(sharedService, await api.get(object, signal), { what, hint: "v1 is needed." });
  // Unlike beside a route, not to be allowed to read the Deployments is an error: their pods are the share.
  const sidesOf = (signal?: AbortSignal) => readSides(api, { namespace, names }, signal);
  return routerLever({
    kind: "Service",
    api,
    object,
    names,
    advice,
    readsPods: true,
    ...(runtime ? { runtime } : {}),
    operations: async (exposure, signal) => {
      const wanted = selectorPatch(await get(signal), names, exposure);
      // The way back asks for nothing but the Service.
      if (exposure === 0 || wanted.length === 0) return wanted;
      if ((await sidesOf(signal)).candidate) return wanted;
      throw noCandidate({ namespace, names, exposure });
    },
    read: async (signal) => {
      const [found, sides] = await Promise.all([get(signal), sidesOf(signal)]);
      return reading(found, names, sides);
    },
    giveBack: async (signal) => {
      const [found, { candidate }] = await Promise.all([get(signal), sidesOf(signal)]);
      return releasePatch(found, candidate !== undefined);
    },
  });
}

function reading(found: SharedService, names: SideNames, sides: Sides): RouteReading {
  const seen = seenOf(sides);
  const hasCandidate = sides.candidate !== undefined;
  const shares = sharesOf(found, names);
  if (shares !== "pods")
    return { exposure: shares, accepted: shares === 0 || seen.ready.candidate > 0, hasCandidate, ...seen };
  const desired = { stable: sides.stable.desired, candidate: sides.candidate?.desired ?? 0 };
  return { ...ratioReading({ ...declaredOf(found), desired, ready: seen.ready }), hasCandidate, ...seen };
}

function noCandidate(of: {
  readonly namespace: string;
  readonly names: SideNames;
  readonly exposure: number;
}): RolloutError {
  const { namespace, names, exposure } = of;
  return new RolloutError(
    `Deployment ${namespace}/${names.candidate} is not there: nothing could take ${exposure} %.`,
    {
      code: "route-shape",
      exit: "resource",
      hint: "The stack makes it together with the candidate; a lever never adds one.",
    },
  );
}
