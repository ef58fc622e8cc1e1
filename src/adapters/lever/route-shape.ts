import * as z from "zod";
import { RolloutError } from "../../errors/errors.ts";

const backend = z.looseObject({
  name: z.string(),
  kind: z.string().optional(),
  group: z.string().optional(),
  namespace: z.string().optional(),
  weight: z.int().nonnegative().optional(),
});
const condition = z.looseObject({
  type: z.string(),
  status: z.string(),
  observedGeneration: z.number().optional(),
});

/** The parts of an HTTPRoute that the lever reads; all others pass by. */
export const httpRoute = z.looseObject({
  metadata: z.looseObject({
    name: z.string(),
    namespace: z.string().optional(),
    generation: z.number(),
    annotations: z.record(z.string(), z.string()).optional(),
  }),
  spec: z.looseObject({
    rules: z.array(z.looseObject({ backendRefs: z.array(backend).optional() })).optional(),
  }),
  status: z
    .looseObject({
      parents: z.array(z.looseObject({ conditions: z.array(condition).optional() })).optional(),
    })
    .optional(),
});
export type HttpRoute = z.infer<typeof httpRoute>;
type Backend = z.infer<typeof backend>;

/** Names of the Services (and Deployments) of both sides. */
export interface SideNames {
  readonly stable: string;
  readonly candidate: string;
}

/** Where one side stands in a rule. */
interface BackendPlace {
  readonly index: number;
  /** As written; absent means 1 (Gateway API). */
  readonly weight: number | undefined;
}

/** A rule that carries the rollout. */
export interface RolloutRule {
  readonly index: number;
  readonly stable: BackendPlace;
  readonly candidate: BackendPlace | undefined;
}

/**
 * The rules that name either side. One rule with stable and maybe the candidate, or several with both;
 * rules that name neither are none of ours. Everything else is refused (`route-shape`): a third backend, a
 * side that stands twice or without the other where it must not, a backend that is no Service here.
 */
export function rolloutRules(route: HttpRoute, names: SideNames): readonly RolloutRule[] {
  const refuse = (why: string) => shapeError(route, names, why);
  const ours = (one: Backend) => one.name === names.stable || one.name === names.candidate;
  const rules: RolloutRule[] = [];
  for (const [index, { backendRefs = [] }] of (route.spec.rules ?? []).entries()) {
    if (!backendRefs.some(ours)) continue;
    const foreign = backendRefs.find((one) => !ours(one) || !isService(one, route));
    if (foreign) throw refuse(`rule ${index} also has the backend ${describe(foreign)}`);
    const [stable, ...more] = placesOf(backendRefs, names.stable);
    const [candidate, ...others] = placesOf(backendRefs, names.candidate);
    if (more.length + others.length > 0) throw refuse(`rule ${index} names a backend twice`);
    if (!stable) throw refuse(`rule ${index} has ${names.candidate} without ${names.stable}`);
    rules.push({ index, stable, candidate });
  }
  if (rules.length === 0) throw refuse(`no rule has the backend ${names.stable}`);
  if (rules.length > 1 && rules.some((rule) => !rule.candidate)) {
    throw refuse(`${rules.length} rules have ${names.stable}, and not all of them ${names.candidate}`);
  }
  return rules;
}

/** Share of the requests of a rule on the candidate, 0-100 %. Throws `route-shape` where all weights are 0. */
export function exposureOf(rule: RolloutRule, route: HttpRoute, names: SideNames): number {
  const stable = rule.stable.weight ?? 1;
  const candidate = rule.candidate ? (rule.candidate.weight ?? 1) : 0;
  const sum = stable + candidate;
  if (sum === 0)
    throw shapeError(route, names, `all weights of rule ${rule.index} are 0, so nobody is served`);
  // In this order: 29 / 100 * 100 is not 29.
  return (candidate * 100) / sum;
}

/**
 * Whether the controller has taken this very generation: at least one parent, and each of them says so.
 * A condition about an older generation says nothing about this one.
 */
export function isAccepted(route: HttpRoute): boolean {
  const parents = route.status?.parents ?? [];
  const { generation } = route.metadata;
  return (
    parents.length > 0 &&
    parents.every(({ conditions = [] }) => {
      const find = (type: string) => conditions.find((one) => one.type === type);
      const [accepted, resolved] = [find("Accepted"), find("ResolvedRefs")];
      if (accepted?.status !== "True" || accepted.observedGeneration !== generation) return false;
      return (
        resolved === undefined || (resolved.status !== "False" && resolved.observedGeneration === generation)
      );
    })
  );
}

/** A route whose shape the lever doesn't know: it neither reads nor writes it. */
export function shapeError(route: HttpRoute, names: SideNames, why: string): RolloutError {
  const { name, namespace } = route.metadata;
  const where = namespace === undefined ? name : `${namespace}/${name}`;
  return new RolloutError(`HTTPRoute ${where} has a shape that the lever does not know: ${why}.`, {
    code: "route-shape",
    exit: "resource",
    hint: `A rollout needs one rule with ${names.stable} and, during a rollout, ${names.candidate} as its only backends (or several that all have both).`,
  });
}

function placesOf(backends: readonly Backend[], name: string): BackendPlace[] {
  return backends.flatMap((one, index) => (one.name === name ? [{ index, weight: one.weight }] : []));
}

function isService({ kind, group, namespace }: Backend, route: HttpRoute): boolean {
  const here = namespace === undefined || namespace === route.metadata.namespace;
  return (kind ?? "Service") === "Service" && (group ?? "") === "" && here;
}

function describe({ kind, name, namespace }: Backend): string {
  return `${kind ?? "Service"} ${namespace === undefined ? name : `${namespace}/${name}`}`;
}
