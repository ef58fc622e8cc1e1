import type { KubeJson } from "./http-fake-kube.ts";

/** One destination of an http route; `weight` may be left out, as protobuf leaves a 0 out. */
export interface DestinationJson {
  readonly host: string;
  readonly weight?: number;
  readonly subset?: string;
}

export interface VirtualServiceJson {
  readonly routes: readonly (readonly DestinationJson[])[];
  readonly tcp?: readonly (readonly DestinationJson[])[];
  readonly generation?: number;
  /** Default: none, as Istio writes no status unless it is told to. */
  readonly status?: unknown;
}

export const virtualServicePath = "/apis/networking.istio.io/v1/namespaces/prod/virtualservices/atp";

/** A VirtualService as the API gives it. */
export function virtualServiceJson({ routes, tcp, generation = 7, status }: VirtualServiceJson): KubeJson {
  return {
    apiVersion: "networking.istio.io/v1",
    kind: "VirtualService",
    metadata: { name: "atp", namespace: "prod", generation, resourceVersion: "100" },
    spec: {
      hosts: ["atp.example"],
      gateways: ["istio-ingress/gateway"],
      http: routes.map((route) => ({ match: [{ uri: { prefix: "/" } }], route: route.map(destinationJson) })),
      ...(tcp === undefined ? {} : { tcp: tcp.map((route) => ({ route: route.map(destinationJson) })) }),
    },
    ...(status === undefined ? {} : { status }),
  };
}

function destinationJson({ host, weight, subset }: DestinationJson) {
  return {
    destination: { host, port: { number: 80 }, ...(subset === undefined ? {} : { subset }) },
    ...(weight === undefined ? {} : { weight }),
  };
}
