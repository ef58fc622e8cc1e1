import { drawnRules } from "./cohort-route.ts";
import { type Json, listAt, type Manifest, numberAt, textAt, valueAt } from "./manifest.ts";

/** A Service that a rule leads to, whatever the router calls it. */
export interface RuleBackend {
  readonly name: string | undefined;
  /** As written; absent where it is left out. */
  readonly weight: number | undefined;
  readonly namespace: string | undefined;
  /** Where it stands in the object, for messages. */
  readonly path: string;
}

interface RouteKind {
  /** The field of `spec` that a lever's write owns as a whole, and its API. */
  readonly field: string;
  readonly api: string;
  rules(manifest: Manifest): readonly (readonly RuleBackend[])[];
  reweighted(rule: Json, weightOf: Readonly<Record<string, number>>): Json;
}

const kinds: Readonly<Record<string, RouteKind>> = {
  HTTPRoute: {
    field: "rules",
    api: "gateway.networking.k8s.io/v1",
    rules: (manifest) =>
      drawnRules(manifest).map((rule, at) =>
        listAt(rule, "backendRefs").map((backend, index) => ({
          name: textAt(backend, "name"),
          weight: numberAt(backend, "weight"),
          namespace: textAt(backend, "namespace"),
          path: `spec.rules[${at}].backendRefs[${index}]`,
        })),
      ),
    reweighted: (rule, weightOf) => ({
      ...(rule as Manifest),
      backendRefs: listAt(rule, "backendRefs").map((one) => weighted(one, textAt(one, "name"), weightOf)),
    }),
  },
  VirtualService: {
    field: "http",
    api: "networking.istio.io/v1",
    rules: (manifest) =>
      listAt(manifest, "spec", "http").map((rule, at) => {
        const destinations = listAt(rule, "route");
        return destinations.map((one, index) => ({
          name: textAt(one, "destination", "host"),
          // Beside another destination a missing weight is 0, alone it is all (Istio, HTTPRouteDestination).
          weight: numberAt(one, "weight") ?? (destinations.length === 1 ? 100 : 0),
          namespace: undefined,
          path: `spec.http[${at}].route[${index}]`,
        }));
      }),
    reweighted: (rule, weightOf) => ({
      ...(rule as Manifest),
      route: listAt(rule, "route").map((one) => weighted(one, textAt(one, "destination", "host"), weightOf)),
    }),
  },
};

function weighted(backend: Json, name: string | undefined, weightOf: Readonly<Record<string, number>>): Json {
  const weight = weightOf[name ?? ""];
  return weight === undefined ? backend : { ...(backend as Manifest), weight };
}

/** The kind of a router's object; undefined for everything else. */
export function routeKind(kind: string | undefined): RouteKind | undefined {
  return kind === undefined ? undefined : kinds[kind];
}

/** The backends of each rule of a router's object. Empty for everything else. */
export function rulesOf(manifest: Manifest): readonly (readonly RuleBackend[])[] {
  return routeKind(textAt(manifest, "kind"))?.rules(manifest) ?? [];
}

/** The object with other weights, by the Services' names. */
export function reweighted(manifest: Manifest, weightOf: Readonly<Record<string, number>>): Manifest {
  const kind = routeKind(textAt(manifest, "kind"));
  if (kind === undefined) return manifest;
  const rules = listAt(manifest, "spec", kind.field).map((rule) => kind.reweighted(rule, weightOf));
  return { ...manifest, spec: { ...(valueAt(manifest, "spec") as Manifest), [kind.field]: rules } };
}
