import { memberAt } from "./kubernetes.ts";
import { elementsOf, type Members, membersOf } from "./read.ts";

/** Routers whose objects carry weights. */
export type RouteKind = "gateway" | "istio" | "ingress";

/** The beginnings of the types of their objects, whatever their version: rules go by `routeKind`. */
export const routeTypes: readonly string[] = ["kubernetes:"];

/** What kind of route a type is; undefined: none. */
export function routeKind(type: string): RouteKind | undefined {
  if (/^kubernetes:gateway\.networking\.k8s\.io\/[^:]+:HTTPRoute$/.test(type)) return "gateway";
  if (/^kubernetes:networking\.istio\.io\/[^:]+:VirtualService$/.test(type)) return "istio";
  return /^kubernetes:networking\.k8s\.io\/[^:]+:Ingress$/.test(type) ? "ingress" : undefined;
}

/** Where a rule leads to, and how much of it. */
export interface Backend {
  readonly path: string;
  /** Name of a Service, without its namespace: for comparing, never for a finding. */
  readonly name: string;
  readonly weight: unknown;
}

/** One rule of a route. */
export interface Split {
  readonly path: string;
  readonly backends: readonly Backend[];
  /** Asks for a header: it is about some tenants. */
  readonly byHeader: boolean;
  /** Answers by itself: it needs no backend. */
  readonly answers: boolean;
}

/** The rules of an HTTPRoute or a VirtualService. */
export function splitsOf(kind: "gateway" | "istio", props: Members): readonly Split[] {
  const [list, backends] = kind === "gateway" ? ["rules", "backendRefs"] : ["http", "route"];
  return elementsOf(memberAt(props, "spec", list)).map((rule, index) => {
    const path = `spec.${list}[${index}]`;
    const matches = elementsOf(membersOf(rule)[kind === "gateway" ? "matches" : "match"]);
    return {
      path,
      backends: elementsOf(membersOf(rule)[backends]).map((one, at) => ({
        path: `${path}.${backends}[${at}]`,
        name: nameOf(kind, one),
        weight: membersOf(one)["weight"],
      })),
      byHeader: matches.length > 0 && matches.every((match) => membersOf(match)["headers"] !== undefined),
      answers: kind === "gateway" ? redirects(rule) : answersItself(rule),
    };
  });
}

/** Istio takes `svc`, `svc.namespace` and `svc.namespace.svc.cluster.local`. */
function nameOf(kind: "gateway" | "istio", backend: unknown): string {
  if (kind === "gateway") return String(membersOf(backend)["name"]);
  const host = memberAt(backend, "destination", "host");
  return typeof host === "string" ? (host.split(".")[0] ?? "") : "";
}

function redirects(rule: unknown): boolean {
  return elementsOf(membersOf(rule)["filters"]).some(
    (filter) => membersOf(filter)["type"] === "RequestRedirect",
  );
}

function answersItself(rule: unknown): boolean {
  const { redirect, directResponse, delegate } = membersOf(rule);
  return redirect !== undefined || directResponse !== undefined || delegate !== undefined;
}
