import type * as k8s from "@pulumi/kubernetes";
import type { Side } from "../transforms.ts";
import type { IngressNginxRouteArgs } from "../workload-args.ts";
import { servicePort, sideName } from "./names.ts";
import type { RenderedRoutes, RouteInput } from "./route.ts";

const prefix = "nginx.ingress.kubernetes.io";

/**
 * The Ingress of stable, which no step changes, and with a candidate its canary Ingress of the same class, hosts and
 * path (another one would be ignored in silence). The weight is a text and always written: an exposure of 0 is "0".
 * Certificates stand on stable's Ingress alone: the canary shares its server.
 */
export function renderIngresses(input: RouteInput<IngressNginxRouteArgs>): RenderedRoutes {
  const { route, exposure } = input;
  const { tls, hosts } = route;
  const stable = ingressOf(input, "stable", {
    annotations: {},
    ...(tls === undefined ? {} : { tls: [{ hosts: [...hosts], secretName: tls.secretName }] }),
  });
  if (exposure === undefined) return { route: stable };
  const annotations = { [`${prefix}/canary`]: "true", [`${prefix}/canary-weight`]: String(exposure) };
  return { route: stable, canaryRoute: ingressOf(input, "canary", { annotations }) };
}

/**
 * One Ingress, in the form that all children of the kind `route` have. It isn't waited for: the provider waits until
 * a controller has published an address, which not every one does, and would fail ten minutes later; what is in force
 * is read back by the lever.
 */
function ingressOf(
  { service, namespace, route }: RouteInput<IngressNginxRouteArgs>,
  side: Side,
  own: {
    readonly annotations: Readonly<Record<string, string>>;
    readonly tls?: k8s.types.input.networking.v1.IngressTLS[];
  },
): k8s.apiextensions.CustomResourceArgs {
  const name = sideName(service, side);
  const backend = { service: { name, port: { number: servicePort } } };
  const path = { path: route.pathPrefix ?? "/", pathType: "Prefix", backend };
  const spec = {
    ingressClassName: route.className ?? "nginx",
    rules: route.hosts.map((host) => ({ host, http: { paths: [path] } })),
    ...(own.tls === undefined ? {} : { tls: own.tls }),
  } satisfies k8s.types.input.networking.v1.IngressSpec;
  return {
    apiVersion: "networking.k8s.io/v1",
    kind: "Ingress",
    metadata: {
      name,
      namespace,
      labels: { app: service },
      annotations: { "pulumi.com/skipAwait": "true", ...own.annotations },
    },
    spec,
  };
}
