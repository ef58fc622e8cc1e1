import { Output } from "@pulumi/pulumi";
import type { Issue } from "../../errors/errors.ts";
import type { RouteArgs } from "../workload-args.ts";

/** The ways to name a router; each argument has exactly one. */
const routers = ["gateway", "istio", "ingressNginx", "replicaRatio"] as const;

/** What is wrong with a `route` as far as it is plain: most of it may be an Output. */
export function routeIssues(component: string, route: RouteArgs): readonly Issue[] {
  const named = routers.filter((router) => Object.hasOwn(route, router));
  if (named.length !== 1) return [oneRouter(component, named)];
  if ("istio" in route) {
    const { gateways, hosts, pathPrefix } = route.istio;
    return [...lists(component, "istio", { gateways, hosts }), ...prefixed(component, "istio", pathPrefix)];
  }
  if ("ingressNginx" in route) {
    const { hosts, pathPrefix } = route.ingressNginx;
    return [
      ...lists(component, "ingressNginx", { hosts }),
      ...prefixed(component, "ingressNginx", pathPrefix),
    ];
  }
  if ("replicaRatio" in route) return nothingSaid(component, route.replicaRatio);
  return [];
}

function nothingSaid(component: string, given: unknown): readonly Issue[] {
  if (typeof given === "object" && given !== null && Object.keys(given).length === 0) return [];
  return [
    {
      path: `${component}.route.replicaRatio`,
      rule: "must be {}",
      hint: "write replicaRatio: {}; what its Service needs is transform.sharedService",
    },
  ];
}

function oneRouter(component: string, named: readonly string[]): Issue {
  return {
    path: `${component}.route`,
    received: named.length === 0 ? "no router" : named.join(" and "),
    rule: `must name one router: ${routers.join(", ")}`,
    hint: 'write { gateway: "…", hostnames: […] }, { istio: … }, { ingressNginx: … } or { replicaRatio: {} }: see docs/routers.md',
  };
}

/** Lists that must not be empty: the router would refuse the object, or take it for every host. */
function lists(
  component: string,
  router: string,
  given: Readonly<Record<string, unknown>>,
): readonly Issue[] {
  return Object.entries(given)
    .filter(([, list]) => !Array.isArray(list) || list.length === 0)
    .map(([name]) => ({
      path: `${component}.route.${router}.${name}`,
      rule: "must be a list of at least one",
      hint: `write ${name}: ["${name === "hosts" ? "ingest.atp.example" : "istio-ingress/gateway"}"]`,
    }));
}

function prefixed(component: string, router: string, prefix: unknown): readonly Issue[] {
  if (prefix === undefined || Output.isInstance(prefix) || prefix instanceof Promise) return [];
  if (typeof prefix === "string" && prefix.startsWith("/")) return [];
  return [
    {
      path: `${component}.route.${router}.pathPrefix`,
      received: JSON.stringify(prefix) ?? "no text",
      rule: "must start with /",
      hint: 'write "/", or leave it out',
    },
  ];
}
