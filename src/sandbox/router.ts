import type { FaultBoard } from "./fault-board.ts";
import { idOf, type Manifest, type ObjectRef } from "./manifest.ts";
import { rulesOf } from "./route-kinds.ts";
import { sharedBackend } from "./shared-service.ts";
import type { Timeline } from "./timeline.ts";

/** A Service behind a route, with its share of the route's requests, 0-1. */
export interface Backend {
  readonly namespace: string;
  readonly service: string;
  readonly weight: number;
  readonly share: number;
  /** Only without a router: the pods that the Service has taken into force, whatever is written since. */
  readonly selector?: Readonly<Record<string, string>>;
  /** Only there: the exposure that it is to come to, 0-100 %; what it has depends on the pods. */
  readonly heading?: number;
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
  /** Notes the shares that follow from pods: they change without a write. */
  followPods(): void;
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
  const note = ({ ref, backends }: Route): void => {
    const weights = Object.fromEntries(backends.map((backend) => [backend.service, backend.weight]));
    history.push({ atMs: timeline.now(), route: idOf(ref), exposure: context.exposureOf(backends), weights });
  };
  const accept = (route: Route, backends: readonly Backend[]): void => {
    route.accepted = route.generation;
    route.backends = backends;
    note(route);
    context.changed();
  };
  return {
    apply: (ref, manifest) => {
      const route = routes.get(idOf(ref)) ?? { ref, manifest, generation: 0, accepted: 0, backends: [] };
      routes.set(idOf(ref), route);
      route.manifest = manifest;
      route.generation += 1;
      const { generation } = route;
      const backends = backendsOf(manifest, ref);
      const delayMs = context.faults.routerDelayMs(backends[0]?.heading ?? context.exposureOf(backends));
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
    followPods: () => {
      for (const route of routes.values()) {
        if (!route.backends.some(({ selector }) => selector !== undefined)) continue;
        const last = history.findLastIndex((entry) => entry.route === idOf(route.ref));
        if (history[last]?.exposure === context.exposureOf(route.backends)) continue;
        // Pods that get ready at one instant are one change.
        if (history[last]?.atMs === timeline.now()) history.splice(last, 1);
        note(route);
      }
    },
    history,
  };
}

/** The backends of a route with their shares. Rules share the requests evenly; a missing weight is 1. */
export function backendsOf(manifest: Manifest, ref: ObjectRef): readonly Backend[] {
  if (ref.kind === "Service") return [sharedBackend(ref, manifest)];
  const { namespace } = ref;
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
