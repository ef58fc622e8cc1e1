import * as z from "zod";
import { RolloutError } from "../../errors/errors.ts";
import { type PodCounts, ratioReading } from "../../plan/replica-ratio.ts";
import type { Lever } from "../../ports/lever.ts";
import type { RouteReading } from "../../types/observation.ts";
import { type KubeApi, type KubeObject, openKubeApi } from "./kube-api.ts";
import type { SideNames } from "./route-shape.ts";
import { hasStatus, parseObject, type RouterLeverOptions, routerLever } from "./router-api.ts";
import {
  declaredOf,
  releasePatch,
  type SharedService,
  selectorPatch,
  sharedService,
  sharesOf,
} from "./shared-service-shape.ts";

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
  const podsOf = (signal?: AbortSignal) => readPods(api, { namespace, names }, signal);
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
      if ((await podsOf(signal)).hasCandidate) return wanted;
      throw noCandidate({ namespace, names, exposure });
    },
    read: async (signal) => {
      const [found, pods] = await Promise.all([get(signal), podsOf(signal)]);
      return reading(found, names, pods);
    },
    giveBack: async (signal) => {
      const [found, { hasCandidate }] = await Promise.all([get(signal), podsOf(signal)]);
      return releasePatch(found, hasCandidate);
    },
  });
}

/** Pods of both sides, as they are asked for and as they are ready. */
interface Pods {
  readonly desired: PodCounts;
  readonly ready: PodCounts;
  /** Whether the candidate's Deployment is there. */
  readonly hasCandidate: boolean;
}

function reading(found: SharedService, names: SideNames, pods: Pods): RouteReading {
  const { desired, ready, hasCandidate } = pods;
  const shares = sharesOf(found, names);
  if (shares === "pods")
    return { ...ratioReading({ ...declaredOf(found), desired, ready }), hasCandidate, ready };
  return { exposure: shares, accepted: shares === 0 || ready.candidate > 0, hasCandidate, ready };
}

const deployment = z.looseObject({
  // The API server fills in 1, and leaves a 0 of the status out.
  spec: z.looseObject({ replicas: z.number().optional() }),
  status: z.looseObject({ readyReplicas: z.number().optional() }).optional(),
});

/** Unlike beside a route, not to be allowed to read the Deployments is an error: their pods are the share. */
async function readPods(
  api: KubeApi,
  { namespace, names }: { readonly namespace: string; readonly names: SideNames },
  signal?: AbortSignal,
): Promise<Pods> {
  const read = async (name: string) => {
    const object: KubeObject = { group: "apps", version: "v1", plural: "deployments", namespace, name };
    const { spec, status } = parseObject(deployment, await api.get(object, signal), {
      what: `Deployment ${namespace}/${name}`,
    });
    return { desired: spec.replicas ?? 1, ready: status?.readyReplicas ?? 0 };
  };
  const [stable, candidate] = await Promise.all([
    read(names.stable),
    read(names.candidate).catch((error: unknown) => {
      if (hasStatus(error, 404)) return undefined;
      throw error;
    }),
  ]);
  return {
    desired: { stable: stable.desired, candidate: candidate?.desired ?? 0 },
    ready: { stable: stable.ready, candidate: candidate?.ready ?? 0 },
    hasCandidate: candidate !== undefined,
  };
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
