import type { FaultBoard } from "./fault-board.ts";
import { idOf, type Manifest, type ObjectRef } from "./manifest.ts";
import { rulesOf } from "./route-kinds.ts";
import type { Timeline } from "./timeline.ts";

/** A Service behind a route, with its share of the route's requests, 0-1. */
export interface Backend {
  readonly namespace: string;
  readonly service: string;
  readonly weight: number;
  readonly share: number;
}

/** A route as the router serves it from some instant on. */
export interface RouteInForce {
  readonly atMs: number;
  /** `namespace/name`. */
  readonly route: string;
  /** Share of the candidate, 0-100 %. */
  readonly exposure: number;
  /** Weight by Service, as it was written; empty once the route is gone. */
  readonly weights: Readonly<Record<string, number>>;
}

interface Route {
  readonly ref: ObjectRef;
  manifest: Manifest;
  generation: number;
  accepted: number;
  backends: readonly Backend[];
}

/** The gateway's controller: takes a route into force some time after it was written. */
export interface Router {
  apply(ref: ObjectRef, manifest: Manifest): void;
  remove(ref: ObjectRef): void;
  /** What is served, by route. */
  inForce(): readonly { readonly route: string; readonly backends: readonly Backend[] }[];
  /** Whether the last write is in force. */
  accepted(ref: ObjectRef): boolean;
  readonly history: readonly RouteInForce[];
}

interface Context {
  readonly timeline: Timeline;
  readonly faults: FaultBoard;
  /** The candidate's share of some backends, 0-100 %. */
  readonly exposureOf: (backends: readonly Backend[]) => number;
  readonly changed: () => void;
}

/** A router. The newest write wins; one that was overtaken never comes into force. */
export function createRouter(context: Context): Router {
  const routes = new Map<string, Route>();
  const history: RouteInForce[] = [];
  const { timeline } = context;
  const accept = (route: Route, backends: readonly Backend[]): void => {
    route.accepted = route.generation;
    route.backends = backends;
    const weights = Object.fromEntries(backends.map((backend) => [backend.service, backend.weight]));
    history.push({
      atMs: timeline.now(),
      route: idOf(route.ref),
      exposure: context.exposureOf(backends),
      weights,
    });
    context.changed();
  };
  return {
    apply: (ref, manifest) => {
      const route = routes.get(idOf(ref)) ?? { ref, manifest, generation: 0, accepted: 0, backends: [] };
      routes.set(idOf(ref), route);
      route.manifest = manifest;
      route.generation += 1;
      const { generation } = route;
      const backends = backendsOf(manifest, ref.namespace);
      const delayMs = context.faults.routerDelayMs(context.exposureOf(backends));
      if (!Number.isFinite(delayMs)) return;
      timeline.at(timeline.now() + delayMs, () => {
        if (route.generation === generation) accept(route, backends);
      });
    },
    remove: (ref) => {
      const route = routes.get(idOf(ref));
      if (!routes.delete(idOf(ref)) || route === undefined) return;
      route.generation += 1;
      history.push({ atMs: timeline.now(), route: idOf(ref), exposure: 0, weights: {} });
      context.changed();
    },
    inForce: () =>
      [...routes.values()].map((route) => ({ route: idOf(route.ref), backends: route.backends })),
    accepted: (ref) => {
      const route = routes.get(idOf(ref));
      return route !== undefined && route.accepted === route.generation;
    },
    history,
  };
}

/** The backends of a route with their shares. Rules share the requests evenly; a missing weight is 1. */
export function backendsOf(manifest: Manifest, namespace: string): readonly Backend[] {
  const rules = rulesOf(manifest);
  return rules.flatMap((backends) => {
    const total = backends.reduce((sum, { weight = 1 }) => sum + weight, 0);
    return backends.map(({ name = "", weight = 1, namespace: own }) => ({
      namespace: own ?? namespace,
      service: name,
      weight,
      share: total === 0 ? 0 : weight / total / rules.length,
    }));
  });
}
