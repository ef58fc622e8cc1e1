import { RolloutError } from "../errors/errors.ts";
import { type Manifest, type ObjectRef, textAt } from "./manifest.ts";

/** A kind that the sandbox serves. */
export interface ServedKind {
  readonly apiVersion: string;
  readonly kind: string;
  /** As the API server spells it in its errors. */
  readonly resource: string;
  readonly namespaced: boolean;
  /** Paths whose change makes a new object: what the Kubernetes provider replaces an object for. */
  readonly replaceOn: readonly string[];
}

const served: readonly ServedKind[] = [
  kind("apps/v1/Deployment", "deployments.apps", ["spec.selector"]),
  kind("v1/Service", "services"),
  kind("v1/ConfigMap", "configmaps", ["data", "binaryData"]),
  kind("v1/Secret", "secrets", ["data", "stringData", "type"]),
  { ...kind("v1/Namespace", "namespaces"), namespaced: false },
  kind("gateway.networking.k8s.io/v1/HTTPRoute", "httproutes.gateway.networking.k8s.io"),
  kind("networking.istio.io/v1/VirtualService", "virtualservices.networking.istio.io"),
  kind("autoscaling/v2/HorizontalPodAutoscaler", "horizontalpodautoscalers.autoscaling"),
  kind("policy/v1/PodDisruptionBudget", "poddisruptionbudgets.policy"),
];

/** `apps/v1/Deployment`: group, version and kind in one text. */
function kind(full: string, resource: string, replaceOn: readonly string[] = []): ServedKind {
  const slash = full.lastIndexOf("/");
  return {
    apiVersion: full.slice(0, slash),
    kind: full.slice(slash + 1),
    resource,
    namespaced: true,
    replaceOn,
  };
}

/** The kind of an object. Throws a RolloutError that lists what is served: nothing is accepted unseen. */
export function servedKind(apiVersion: string | undefined, name: string | undefined): ServedKind {
  const found = served.find((entry) => entry.apiVersion === apiVersion && entry.kind === name);
  if (found !== undefined) return found;
  const known = served.map((entry) => `${entry.apiVersion}/${entry.kind}`).join(", ");
  throw new RolloutError(
    `The sandbox does not serve ${apiVersion ?? "(no apiVersion)"}/${name ?? "(no kind)"}. It serves: ${known}.`,
    {
      code: "sandbox-kind-unknown",
      exit: "config",
      hint: "Leave the resource out of the rehearsal, or rehearse on a real cluster.",
    },
  );
}

/** Kind and ref of a manifest; namespace `default` where none is written. */
export function identify(manifest: Manifest): { readonly kind: ServedKind; readonly ref: ObjectRef } {
  const found = servedKind(textAt(manifest, "apiVersion"), textAt(manifest, "kind"));
  const name = textAt(manifest, "metadata", "name");
  if (name === undefined || name === "") {
    throw new RolloutError(`A ${found.kind} has no metadata.name; the sandbox names no object by itself.`, {
      code: "sandbox-object-invalid",
      exit: "config",
      path: "metadata.name",
      hint: "Write metadata.name: a rollout names its objects, so that an update never replaces them.",
    });
  }
  const namespace = found.namespaced ? (textAt(manifest, "metadata", "namespace") ?? "default") : "";
  return { kind: found, ref: { kind: found.kind, namespace, name } };
}
