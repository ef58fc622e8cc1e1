/** Where the HTTPRoutes of a namespace are. */
export function routesPath(namespace: string): string {
  return `/apis/gateway.networking.k8s.io/v1/namespaces/${namespace}/httproutes`;
}

/** A Deployment of one container. */
export function deployment(name: string, replicas: number) {
  const labels = { app: name };
  const containers = [{ name: "app", image: "atp.example/ingestion:1.2.3" }];
  const template = { metadata: { labels }, spec: { containers } };
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name },
    spec: { replicas, selector: { matchLabels: labels }, template },
  };
}

/** An HTTPRoute with one rule; weight by backend. */
export function httpRoute(name: string, weights: Readonly<Record<string, number>>) {
  const backendRefs = Object.entries(weights).map(([backend, weight]) => ({
    name: backend,
    port: 8080,
    weight,
  }));
  return {
    apiVersion: "gateway.networking.k8s.io/v1",
    kind: "HTTPRoute",
    metadata: { name },
    spec: { parentRefs: [{ name: "atp-gateway" }], rules: [{ backendRefs }] },
  };
}

interface Condition {
  readonly type: string;
  readonly status: string;
  readonly observedGeneration: number;
}

/** True when a controller has accepted this generation of the route, and found its backends. */
export function isAccepted(
  route: {
    readonly status?: { readonly parents?: readonly { readonly conditions: readonly Condition[] }[] };
  },
  generation: number,
): boolean {
  const conditions = route.status?.parents?.[0]?.conditions ?? [];
  return ["Accepted", "ResolvedRefs"].every((type) =>
    conditions.some((c) => c.type === type && c.status === "True" && c.observedGeneration === generation),
  );
}
