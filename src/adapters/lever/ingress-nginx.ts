import { RolloutError } from "../../errors/errors.ts";
import type { Lever } from "../../ports/lever.ts";
import type { RouteReading } from "../../types/observation.ts";
import { type CanaryIngress, ingressSchema, weightOf, weightPatch } from "./canary-ingress-shape.ts";
import { type KubeObject, openKubeApi } from "./kube-api.ts";
import { hasStatus, parseObject } from "./kube-object.ts";
import type { SideNames } from "./route-shape.ts";
import { type RouterLeverOptions, routerLever } from "./router-api.ts";
import { sidesIfAllowed } from "./sides.ts";

export type IngressNginxLeverOptions = RouterLeverOptions<"ingress-nginx">;

const advice = {
  denied: "The driver needs get and patch on ingresses.networking.k8s.io, and get on deployments.",
  absent: "Check rollout.lever.namespace and ingress, and that the Deployment of the service is there.",
};

/**
 * The canary Ingress of ingress-nginx as a lever. Legacy: the controller is retired upstream (March 2026). One JSON
 * patch writes the annotation `canary-weight`, guarded by `test` operations on what makes the Ingress the
 * candidate's. Without a candidate there is no such Ingress: exposure 0.
 *
 * Accepted means that the Ingress is there with that weight, no more: ingress-nginx reports nothing per Ingress, and
 * a canary without a main Ingress of the same host and path is ignored in silence.
 *
 * @throws RolloutError `route-shape`, `exposure-invalid`, `kube-api`, `kube-denied`
 */
export function createIngressNginxLever(options: IngressNginxLeverOptions): Lever {
  const { config, names, runtime } = options;
  const { namespace } = config;
  const api = options.api ?? openKubeApi(config);
  const object: KubeObject = {
    group: "networking.k8s.io",
    version: "v1",
    plural: "ingresses",
    namespace,
    name: config.ingress,
  };
  const what = `Ingress ${namespace}/${config.ingress}`;
  const find = async (signal?: AbortSignal): Promise<CanaryIngress | undefined> => {
    try {
      return parseObject(ingressSchema, await api.get(object, signal), { what });
    } catch (error) {
      if (hasStatus(error, 404)) return undefined;
      throw error;
    }
  };
  return routerLever({
    kind: "Ingress",
    api,
    object,
    names,
    advice,
    ...(runtime ? { runtime } : {}),
    operations: async (exposure, signal) => {
      const found = await find(signal);
      if (found) return weightPatch(found, names, exposure);
      if (exposure > 0) throw noCandidate(what, names, exposure);
      // No Ingress may also be another namespace: there stable isn't either, which throws.
      await sidesIfAllowed(api, { namespace, names }, signal);
      return [];
    },
    read: async (signal) => reading(await find(signal), names),
  });
}

function reading(found: CanaryIngress | undefined, names: SideNames): Omit<RouteReading, "ready"> {
  if (found === undefined) return { exposure: 0, accepted: true, hasCandidate: false };
  return { exposure: weightOf(found, names), accepted: true, hasCandidate: true };
}

function noCandidate(what: string, names: SideNames, exposure: number): RolloutError {
  return new RolloutError(
    `${what} is not there: nothing leads to ${names.candidate}, which could take ${exposure} %.`,
    {
      code: "route-shape",
      exit: "resource",
      hint: "The stack makes it together with the candidate; a lever never adds one.",
    },
  );
}
