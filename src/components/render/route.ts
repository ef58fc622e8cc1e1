import type * as k8s from "@pulumi/kubernetes";
import type { Input } from "@pulumi/pulumi";
import { matchesPerRule } from "../../lib/route-limits.ts";
import { exposureAnnotation, tenantsAt } from "../../plan/cohort.ts";
import type { TenantCohort } from "../../types/cohort.ts";
import type { GatewayRouteArgs, RouteArgs } from "../workload-args.ts";
import { renderIngresses } from "./ingress.ts";
import { servicePort, sideName } from "./names.ts";
import { renderVirtualService } from "./virtual-service.ts";

const group = "gateway.networking.k8s.io";

/** What any router is rendered from. */
export interface RouteInput<Args> {
  readonly service: string;
  readonly namespace: Input<string>;
  readonly route: Args;
  /** The candidate's share, 0-100 %; undefined: there is no candidate. */
  readonly exposure: number | undefined;
  /** Whole tenants move: an HTTPRoute alone can tell them. */
  readonly cohort?: TenantCohort;
}

/** Arguments that name a router, which is an object of its own. */
export type RouterArgs = Exclude<RouteArgs, { readonly replicaRatio: unknown }>;

/** What leads to the service. */
export interface RenderedRoutes {
  readonly route: k8s.apiextensions.CustomResourceArgs;
  /** With a router that has the candidate's weight in an object of its own, and a candidate. */
  readonly canaryRoute?: k8s.apiextensions.CustomResourceArgs;
}

/** The objects of the router that the arguments name. Pure. */
export function renderRoutes({ route, ...at }: RouteInput<RouterArgs>): RenderedRoutes {
  if ("istio" in route) return { route: renderVirtualService({ ...at, route: route.istio }) };
  if ("ingressNginx" in route) return renderIngresses({ ...at, route: route.ingressNginx });
  return { route: renderRoute({ ...at, route }) };
}

/**
 * The HTTPRoute. `exposure` is the candidate's share, 0-100 %, or undefined where there is no candidate. What
 * the API server would fill in is written out: `rules` is one atomic value, and a refresh must find it equal.
 * Never `pulumi.com/patchForce` here: a late update would put traffic back on a candidate that the lever has
 * just taken it from.
 */
function renderRoute(input: RouteInput<GatewayRouteArgs>): k8s.apiextensions.CustomResourceArgs {
  const { service, namespace, route, exposure, cohort } = input;
  const backend = (side: "stable" | "canary", weight: number) => ({
    group: "",
    kind: "Service",
    name: sideName(service, side),
    port: servicePort,
    weight,
  });
  const backends = (share: number) => [backend("stable", 100 - share), backend("canary", share)];
  const path = { type: "PathPrefix", value: route.pathPrefix ?? "/" };
  // At none and at all of them everybody goes one way: no rule has to tell tenants.
  const inside =
    cohort === undefined || exposure === undefined || exposure === 0 || exposure === 100
      ? []
      : cohortMatches(cohort, exposure).map((headers) =>
          headers.map((header) => ({ path, headers: [header] })),
        );
  const others =
    exposure === undefined ? [backend("stable", 100)] : backends(inside.length > 0 ? 0 : exposure);
  const annotations = inside.length > 0 ? { annotations: { [exposureAnnotation]: String(exposure) } } : {};
  return {
    apiVersion: `${group}/v1`,
    kind: "HTTPRoute",
    metadata: { name: service, namespace, labels: { app: service }, ...annotations },
    spec: {
      parentRefs: [
        {
          group,
          kind: "Gateway",
          name: route.gateway,
          ...(route.gatewayNamespace === undefined ? {} : { namespace: route.gatewayNamespace }),
        },
      ],
      ...(route.hostnames.length === 0 ? {} : { hostnames: [...route.hostnames] }),
      rules: [
        ...inside.map((matches) => ({ matches, backendRefs: backends(100) })),
        { matches: [{ path }], backendRefs: others },
      ],
    },
  };
}

/** The header matches of the tenants inside, as many to a rule as it takes; a rule with a header goes before one without. */
function cohortMatches(cohort: TenantCohort, exposure: number) {
  const headers = tenantsAt(cohort, exposure).map((value) => ({ type: "Exact", name: cohort.header, value }));
  return Array.from({ length: Math.ceil(headers.length / matchesPerRule) }, (_, index) =>
    headers.slice(index * matchesPerRule, (index + 1) * matchesPerRule),
  );
}
