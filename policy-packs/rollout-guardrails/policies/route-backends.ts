import * as z from "zod";
import { exposureAnnotation } from "../../../src/plan/cohort.ts";
import { stackRule } from "../lib/define.ts";
import { about } from "../lib/in-stack.ts";
import { canaryWeight, ingressAddress, ingressBackends, percentOf } from "../lib/ingress.ts";
import { intentOf } from "../lib/intent.ts";
import { memberAt, sideOf, types } from "../lib/kubernetes.ts";
import { quoteNumber } from "../lib/quote.ts";
import { routeKind, type Split, splitsOf } from "../lib/routes.ts";
import type { Finding, StackResource } from "../lib/rule.ts";
import { ownerOf } from "../lib/workloads.ts";

type Side = "stable" | "canary";

/** A component's Services by name, and what it means to do with the traffic. */
interface Known {
  readonly services: ReadonlyMap<string, Side>;
  /** Whether a candidate has a Service: then there are two sides. */
  readonly beside: boolean;
  /** Share of the traffic on the candidate that the component says, in percent. Absent: it says none. */
  readonly exposure?: number;
}

/** The router splits the traffic between the component's two sides, as the component says. */
export const routeBackends = stackRule({
  name: "route-backends",
  description:
    "A component's route leads to its own Services, and gives the candidate the exposure of the step.",
  level: "mandatory",
  parameters: z.object({}),
  *check({ resources }) {
    const families = Map.groupBy(resources, (one) => ownerOf(one)?.urn ?? "");
    for (const [urn, family] of families) {
      const owner = resources.find((one) => one.urn === urn);
      if (owner === undefined) continue;
      const known = knownOf(owner, family);
      for (const route of family) {
        const kind = routeKind(route.type);
        if (kind === "gateway" || kind === "istio") yield* about(route, split(kind, route, known));
      }
      yield* ingresses(
        family.filter(({ type }) => routeKind(type) === "ingress"),
        known,
      );
    }
  },
});

function knownOf(owner: StackResource, family: readonly StackResource[]): Known {
  const services = new Map(
    family
      .filter(({ type }) => type === types.service)
      .map(({ props }) => [String(memberAt(props, "metadata", "name")), sideOf(props)]),
  );
  const exposure = intentOf(owner.props)?.to;
  return {
    services,
    beside: [...services.values()].includes("canary"),
    ...(typeof exposure === "number" ? { exposure } : {}),
  };
}

function* split(kind: "gateway" | "istio", { props }: StackResource, known: Known): Iterable<Finding> {
  const said = kind === "gateway" ? tenantsExposure(props) : undefined;
  for (const one of splitsOf(kind, props)) {
    if (one.answers) continue;
    yield* sides(one, known);
    if (known.beside) yield* share(one, known, said);
  }
  if (said === undefined || known.exposure === undefined || percentOf(said) === known.exposure) return;
  yield {
    what: `the annotation ${exposureAnnotation} says ${quoteNumber(percentOf(said))}, and the component's exposure is ${known.exposure} %`,
    hint: "Leave it to the component.",
  };
}

/** Whole tenants move: each rule is all or nothing, and the annotation says what they are together. */
function tenantsExposure(props: StackResource["props"]): unknown {
  return memberAt(props, "metadata", "annotations", exposureAnnotation);
}

function* sides({ path, backends }: Split, { services, beside }: Known): Iterable<Finding> {
  const wanted: readonly Side[] = beside ? ["stable", "canary"] : ["stable"];
  const hint = `Write exactly the component's own: ${wanted.join(" and ")}, each once.`;
  for (const backend of backends.filter(({ name }) => !services.has(name)))
    yield { what: `${backend.path} is no Service of the component`, hint };
  for (const side of wanted) {
    const count = backends.filter(({ name }) => services.get(name) === side).length;
    if (count !== 1) yield { what: `${path} leads to ${side} ${count} times`, hint };
  }
}

function* share({ path, backends, byHeader }: Split, known: Known, said: unknown): Iterable<Finding> {
  if (known.exposure === undefined) return;
  const weightOf = (side?: Side) =>
    backends
      .filter(({ name }) => side === undefined || known.services.get(name) === side)
      .reduce((sum, { weight }) => sum + (typeof weight === "number" ? weight : 0), 0);
  const whole = byHeader ? 100 : 0;
  const wanted = said === undefined ? known.exposure : whole;
  const [canary, all] = [weightOf("canary"), weightOf()];
  if (canary * 100 === wanted * all) return;
  yield {
    what: `${path} gives the candidate ${quoteNumber(canary)} of ${quoteNumber(all)}, and the component's exposure is ${known.exposure} %`,
    hint: `Leave the weights to the component: stable ${100 - wanted}, candidate ${wanted}.`,
  };
}

function* ingresses(all: readonly StackResource[], known: Known): Iterable<Finding> {
  const canaries = all.filter(({ props }) => canaryWeight(props) !== undefined);
  const stables = all.filter((one) => !canaries.includes(one));
  for (const one of all) {
    const side: Side = canaries.includes(one) ? "canary" : "stable";
    const names = ingressBackends(one.props);
    if (names.length > 0 && names.every((name) => known.services.get(name) === side)) continue;
    const what = `the Ingress of ${side} doesn't lead to the component's Service of ${side} alone`;
    yield { what, hint: "Leave its backend to the component.", urn: one.urn };
  }
  for (const one of canaries) yield* about(one, canary(one, stables, known));
  if (known.beside && stables.length > 0 && canaries.length !== 1)
    yield {
      what: `a candidate is there, and ${canaries.length} canary Ingresses lead to it`,
      hint: "Leave them to the component: it makes one.",
      urn: stables[0]?.urn ?? "",
    };
}

function* canary(
  one: StackResource,
  stables: readonly StackResource[],
  { exposure }: Known,
): Iterable<Finding> {
  const address = ingressAddress(one.props);
  if (!stables.some((stable) => ingressAddress(stable.props) === address))
    yield {
      what: "the canary Ingress has other hosts or paths than stable's, and is ignored in silence",
      hint: "Write the same hosts and paths in both.",
    };
  const weight = percentOf(canaryWeight(one.props)?.text);
  if (exposure === undefined || weight === exposure) return;
  yield {
    what: `the canary Ingress's weight is ${quoteNumber(weight)}, and the component's exposure is ${exposure} %`,
    hint: `Leave it to the component: "${exposure}".`,
  };
}
