import * as z from "zod";
import { RolloutError } from "../../errors/errors.ts";
import type { SideNames } from "./route-shape.ts";

const destination = z.looseObject({
  destination: z.looseObject({ host: z.string(), subset: z.string().optional() }),
  weight: z.int().nonnegative().optional(),
});
type Destination = z.infer<typeof destination>;
const routes = z.array(z.looseObject({ route: z.array(destination).optional() })).optional();

/** The parts of a VirtualService that the lever reads; all others pass by. */
export const virtualService = z.looseObject({
  metadata: z.looseObject({ name: z.string(), namespace: z.string(), generation: z.number() }),
  spec: z.looseObject({ http: routes, tcp: routes, tls: routes }),
  status: z
    .looseObject({
      // An int64 is a text in protobuf's JSON; the CRD takes both.
      observedGeneration: z.union([z.number(), z.string()]).optional(),
      conditions: z
        .array(z.looseObject({ type: z.string().optional(), status: z.string().optional() }))
        .optional(),
      validationMessages: z
        .array(z.looseObject({ level: z.union([z.string(), z.number()]).optional() }))
        .optional(),
    })
    .optional(),
});
export type VirtualService = z.infer<typeof virtualService>;

/** Where one side stands in an http route. */
interface Place {
  readonly index: number;
  /** As written: short, or with the namespace. */
  readonly host: string;
  /** As written; beside another destination absent means 0 (Istio). */
  readonly weight: number | undefined;
}

/** An http route that carries the rollout: both Services are its destinations, and nothing else is. */
export interface SplitRoute {
  readonly index: number;
  readonly stable: Place;
  readonly candidate: Place;
}

/**
 * The http routes over which the rollout goes: all that name both Services; none where there is no candidate. A route
 * of stable alone beside them stays stable's. Refused (`route-shape`): a candidate that the weights can't take out
 * again (alone in a route, in `tcp` or `tls`), a third destination beside a side, a side twice, a subset (which pods
 * that is, a DestinationRule says), and no route to stable at all.
 */
export function splitRoutes(found: VirtualService, names: SideNames): readonly SplitRoute[] {
  const refuse = (why: string) => shapeError(found, names, why);
  const { http = [], tcp = [], tls = [] } = found.spec;
  const is = (one: Destination, name: string) => isHost(one.destination.host, name, found);
  const byConnection = [...tcp, ...tls].flatMap(({ route = [] }) => route);
  if (byConnection.some((one) => is(one, names.candidate))) {
    throw refuse(`a tcp or tls route leads to ${names.candidate}, and only http routes can be moved`);
  }
  const splits: SplitRoute[] = [];
  let serves = false;
  for (const [index, { route = [] }] of http.entries()) {
    const [stable, ...more] = placesOf(route, (one) => is(one, names.stable));
    const [candidate, ...others] = placesOf(route, (one) => is(one, names.candidate));
    if (!stable && !candidate) continue;
    if (!stable) throw refuse(`http route ${index} has ${names.candidate} without ${names.stable}`);
    if (more.length + others.length > 0) throw refuse(`http route ${index} names a destination twice`);
    const foreign = route.find((one) => !is(one, names.stable) && !is(one, names.candidate));
    if (foreign) throw refuse(`http route ${index} also has the destination ${foreign.destination.host}`);
    const subset = route.find((one) => one.destination.subset !== undefined);
    if (subset) throw refuse(`http route ${index} names the subset ${subset.destination.subset}`);
    serves = true;
    if (candidate) splits.push({ index, stable, candidate });
  }
  if (!serves) throw refuse(`no http route has the destination ${names.stable}`);
  return splits;
}

/** Whether every weight of a route is 0: Istio's webhook refuses that, and nobody would be served. */
export function isDead({ stable, candidate }: SplitRoute): boolean {
  return (stable.weight ?? 0) + (candidate.weight ?? 0) === 0;
}

/** Share of a route's requests on the candidate, 0-100 %; weights are relative to their sum. NaN of a dead one. */
export function shareOf({ stable, candidate }: SplitRoute): number {
  const share = candidate.weight ?? 0;
  // In this order: 29 / 100 * 100 is not 29.
  return (share * 100) / (share + (stable.weight ?? 0));
}

/**
 * What "accepted" means with Istio. By default a VirtualService has no status at all: the API server and Istio's
 * validating webhook have taken it, and that is all that can be known here; whether each proxy has it is not said.
 * Where status is switched on, it is believed: one about an older generation says nothing about this one, and
 * neither an error of the analysis nor a condition that is False (`Reconciled`: still on its way to the proxies;
 * `PassedAnalysis`) is acceptance.
 */
export function isTaken({ metadata, status = {} }: VirtualService): boolean {
  const observed = Number(status.observedGeneration ?? 0);
  // Generations start at 1: 0 is protobuf's way not to say.
  if (observed !== 0 && observed !== metadata.generation) return false;
  const isError = (level: string | number | undefined) =>
    level === errorLevel || String(level).toLowerCase() === "error";
  if (status.validationMessages?.some(({ level }) => isError(level))) return false;
  return !status.conditions?.some((condition) => condition.status === "False");
}

/** `ERROR` of Istio's analysis messages, as a number of their protobuf enumeration. */
const errorLevel = 3;

/** A VirtualService whose shape the lever doesn't know: it neither reads nor writes it. */
export function shapeError({ metadata }: VirtualService, names: SideNames, why: string): RolloutError {
  const where = `${metadata.namespace}/${metadata.name}`;
  return new RolloutError(`VirtualService ${where} has a shape that the lever does not know: ${why}.`, {
    code: "route-shape",
    exit: "resource",
    hint: `A rollout needs an http route with ${names.stable} and, during a rollout, ${names.candidate} as its only destinations.`,
  });
}

function placesOf(route: readonly Destination[], is: (one: Destination) => boolean): Place[] {
  return route.flatMap((one, index) =>
    is(one) ? [{ index, host: one.destination.host, weight: one.weight }] : [],
  );
}

/** Whether a host is a Service of the VirtualService's own namespace: short, or as any of its longer names. */
function isHost(host: string, name: string, { metadata }: VirtualService): boolean {
  const inNamespace = `${name}.${metadata.namespace}`;
  return (
    host === name ||
    host === inNamespace ||
    host === `${inNamespace}.svc` ||
    host.startsWith(`${inNamespace}.svc.`)
  );
}
