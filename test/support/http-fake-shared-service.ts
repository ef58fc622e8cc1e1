import type { KubeFake, KubeJson } from "./http-fake-kube.ts";
import { names } from "./http-fake-route.ts";

/** A Service of the core group lies elsewhere than objects of a group with a name. */
export const sharedServicePath = "/api/v1/namespaces/prod/services/atp";

export interface SharedServiceJson {
  /** Default: the pods of both sides. */
  readonly selector?: Readonly<Record<string, string>> | undefined;
  /** Annotations without their prefix `pulumi-rollouts/`; default: none at all. */
  readonly says?: Readonly<Record<string, string>>;
  readonly managers?: readonly string[];
  readonly spec?: Readonly<Record<string, unknown>>;
}

/** A Service as the API gives it. */
export function sharedServiceJson(of: SharedServiceJson = {}): KubeJson {
  const { selector = { app: "atp" }, says, managers, spec } = of;
  const said = Object.entries(says ?? {}).map(([key, value]) => [`pulumi-rollouts/${key}`, value]);
  const metadata = {
    name: "atp",
    namespace: "prod",
    generation: 1,
    resourceVersion: "100",
    ...(says === undefined ? {} : { annotations: Object.fromEntries(said) }),
    ...(managers === undefined ? {} : { managedFields: managers.map((manager) => ({ manager })) }),
  };
  return { apiVersion: "v1", kind: "Service", metadata, spec: { type: "ClusterIP", selector, ...spec } };
}

/** Pods of a Deployment: a number, or how many are asked for and how many are ready. */
export type PodsJson = number | readonly [desired: number, ready: number];

/** Puts the Deployments of both sides in place; without a candidate its own isn't there. */
export function setPods(kube: KubeFake, stable: PodsJson, candidate?: PodsJson): void {
  const put = (name: string, pods: PodsJson | undefined) => {
    const path = `/apis/apps/v1/namespaces/prod/deployments/${name}`;
    if (pods === undefined) return void kube.objects.delete(path);
    const [replicas, readyReplicas] = typeof pods === "number" ? [pods, pods] : pods;
    const metadata = { name, namespace: "prod", generation: 1, resourceVersion: "1" };
    // Kubernetes leaves readyReplicas out where it is 0.
    const status = readyReplicas > 0 ? { readyReplicas } : {};
    kube.objects.set(path, { metadata, spec: { replicas }, status });
  };
  put(names.stable, stable);
  put(names.candidate, candidate);
}
