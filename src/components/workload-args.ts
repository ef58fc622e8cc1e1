import type { Input } from "@pulumi/pulumi";
import type { HttpProbe } from "../types/workload.ts";
import type { Rollout } from "./rollout.ts";
import type { Transforms } from "./transforms.ts";

/** A key of a Secret as a variable. Raise `version` when its content changes: that makes a new version. */
export interface SecretVariable {
  readonly secretRef: { readonly name: string; readonly key: string; readonly version?: string };
}

/** Where requests come in, and which router splits them. Moving to another is a new set of resources. */
export type RouteArgs =
  | GatewayRouteArgs
  | { readonly istio: IstioRouteArgs }
  | { readonly ingressNginx: IngressNginxRouteArgs }
  | { readonly replicaRatio: ReplicaRatioRouteArgs };

/** An Istio VirtualService. */
export interface IstioRouteArgs {
  /** Gateways, `<namespace>/<name>`; `mesh` is the sidecars. Istio's own default would be `mesh` alone: say it. */
  readonly gateways: readonly Input<string>[];
  readonly hosts: readonly Input<string>[];
  /** Path prefix; default `/`. */
  readonly pathPrefix?: Input<string>;
}

/** Ingresses of ingress-nginx: legacy, it is retired upstream. A second Ingress carries the candidate's weight. */
export interface IngressNginxRouteArgs {
  /** IngressClass of both Ingresses; default `nginx`. */
  readonly className?: Input<string>;
  readonly hosts: readonly Input<string>[];
  /** Path prefix; default `/`. */
  readonly pathPrefix?: Input<string>;
  /** Secret with the certificate of all hosts. */
  readonly tls?: { readonly secretName: Input<string> };
}

/**
 * No router: requests to the Service `<service>` spread evenly over the pods of both sides, whose numbers are the share.
 * There is nothing to say; what else the Service needs is a `transform` (`sharedService`).
 */
export type ReplicaRatioRouteArgs = Readonly<Record<string, never>>;

/** An HTTPRoute of the Gateway API. */
export interface GatewayRouteArgs {
  /** Name of the Gateway, in the service's namespace unless `gatewayNamespace` is given. */
  readonly gateway: Input<string>;
  readonly gatewayNamespace?: Input<string>;
  readonly hostnames: readonly Input<string>[];
  /** Path prefix; default `/`. */
  readonly pathPrefix?: Input<string>;
}

/** How pods of one Deployment are replaced. */
export interface RollingArgs {
  /** Pods above `replicas` during an update; default 1. */
  readonly maxSurge?: number;
  /** Pods below `replicas` during an update; default 1. */
  readonly maxUnavailable?: number;
  /** Seconds that a pod must stay ready before it counts; default 30. */
  readonly minReadySeconds?: number;
  /** Seconds without progress after which an update has failed; default 600. */
  readonly progressDeadlineSeconds?: number;
}

/** Arguments of `CanaryDeployment`, `RollingDeployment` and `DirectDeployment`. */
export interface WorkloadArgs {
  readonly rollout: Rollout;
  readonly namespace: Input<string>;
  /** Image without tag, which the version becomes; or pinned by digest, `name@sha256:…`. Plain data. */
  readonly image: string;
  /** Port of the container that serves HTTP. Plain data. */
  readonly port: number;
  /** Pods of stable; with `hpa` only the capacity that a candidate is measured by before anybody observed it. */
  readonly replicas: number;
  readonly route: RouteArgs;
  /** Variables of the container, part of the version. Plain data. */
  readonly env?: Readonly<Record<string, string | SecretVariable>>;
  /** Content of the version's ConfigMap, offered as variables, part of the version. Plain data. */
  readonly config?: Readonly<Record<string, string>>;
  /** Default: GET /health/ready after 10 s, every 5 s, 3 tries. Part of the version. */
  readonly readiness?: Partial<HttpProbe>;
  /** Default: GET /health/live after 30 s, every 10 s, 3 tries. Part of the version. */
  readonly liveness?: Partial<HttpProbe>;
  /** Part of the version. Default: none. */
  readonly resources?: {
    readonly requests?: Readonly<Record<string, string>>;
    readonly limits?: Readonly<Record<string, string>>;
  };
  readonly rolling?: RollingArgs;
  /** Scales stable, and a candidate above its share; CPU utilisation in percent of the request. */
  readonly hpa?: { readonly min: number; readonly max: number; readonly cpuPercent: number };
  /** Pods that a voluntary disruption leaves on each side, as a number or `"50%"`. */
  readonly pdb?: { readonly minAvailable: number | string };
  /** The way out for what the component doesn't model. Not part of the version: it reaches both sides at once. */
  readonly transform?: Transforms;
}
