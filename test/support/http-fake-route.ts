import type { KubeFake, KubeJson } from "./http-fake-kube.ts";

/** One backend of a rule; `weight` may be left out as in a manifest. */
export interface BackendJson {
  readonly name: string;
  readonly weight?: number;
  readonly kind?: string;
  readonly namespace?: string;
}

const base = "/apis/gateway.networking.k8s.io/v1/namespaces/prod/httproutes";
export const routePath = `${base}/atp`;
/** Names of the sides in these routes. */
export const names = { stable: "atp", candidate: "atp-canary" };

export interface RouteJson {
  readonly rules: readonly (readonly BackendJson[])[];
  readonly generation?: number;
  /** `[type, status, observedGeneration]` by parent; default: accepted, at the route's generation. */
  readonly parents?: readonly (readonly (readonly [string, string, number])[])[];
}

/** An HTTPRoute as the API gives it. */
export function routeJson({ rules, generation = 7, parents }: RouteJson): KubeJson {
  const accepted = [["Accepted", "True", generation] as const, ["ResolvedRefs", "True", generation] as const];
  const conditions = (list: readonly (readonly [string, string, number])[]) =>
    list.map(([type, status, observedGeneration]) => ({
      type,
      status,
      observedGeneration,
      reason: "Test",
      message: "",
    }));
  return {
    apiVersion: "gateway.networking.k8s.io/v1",
    kind: "HTTPRoute",
    metadata: { name: "atp", namespace: "prod", generation, resourceVersion: "100" },
    spec: {
      parentRefs: [{ name: "gateway" }],
      rules: rules.map((backends) => ({
        matches: [{ path: { type: "PathPrefix", value: "/" } }],
        backendRefs: backends.map((one) => ({ group: "", kind: "Service", port: 80, ...one })),
      })),
    },
    status: {
      parents: (parents ?? [accepted]).map((list) => ({
        controllerName: "test/gw",
        conditions: conditions(list),
      })),
    },
  };
}

/** Puts Deployments with ready replicas in place; undefined: the Deployment isn't there. */
export function setReady(kube: KubeFake, ready: Readonly<Record<string, number | undefined>>): void {
  for (const [name, readyReplicas] of Object.entries(ready)) {
    const path = `/apis/apps/v1/namespaces/prod/deployments/${name}`;
    if (readyReplicas === undefined) kube.objects.delete(path);
    else {
      const metadata = { name, namespace: "prod", generation: 1, resourceVersion: "1" };
      // Kubernetes leaves readyReplicas out where it is 0.
      kube.objects.set(path, { metadata, spec: {}, status: readyReplicas > 0 ? { readyReplicas } : {} });
    }
  }
}
