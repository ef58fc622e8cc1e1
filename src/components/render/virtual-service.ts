import type * as k8s from "@pulumi/kubernetes";
import type { IstioRouteArgs } from "../workload-args.ts";
import { servicePort, sideName } from "./names.ts";
import type { RouteInput } from "./route.ts";

/**
 * The VirtualService: one http route over both Services, whose weights are always written, 0 too, and always sum up
 * to 100 (older versions of Istio refuse another sum). Hosts are the Services' short names: Istio reads them in the
 * VirtualService's own namespace. Port and match are written out, so that the lever's patch finds what the engine
 * wrote. Never `pulumi.com/patchForce` here, as on an HTTPRoute.
 */
export function renderVirtualService(
  input: RouteInput<IstioRouteArgs>,
): k8s.apiextensions.CustomResourceArgs {
  const { service, namespace, route, exposure } = input;
  const destination = (side: "stable" | "canary", weight: number) => ({
    destination: { host: sideName(service, side), port: { number: servicePort } },
    weight,
  });
  const destinations =
    exposure === undefined
      ? [destination("stable", 100)]
      : [destination("stable", 100 - exposure), destination("canary", exposure)];
  return {
    apiVersion: "networking.istio.io/v1",
    kind: "VirtualService",
    metadata: { name: service, namespace, labels: { app: service } },
    spec: {
      hosts: [...route.hosts],
      gateways: [...route.gateways],
      http: [
        {
          name: service,
          match: [{ uri: { prefix: route.pathPrefix ?? "/" } }],
          route: destinations,
        },
      ],
    },
  };
}
