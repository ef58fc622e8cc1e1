import * as z from "zod";
import { belongs, everywhere } from "../lib/belongs.ts";
import { resourceRule } from "../lib/define.ts";
import { canaryWeight, percentOf } from "../lib/ingress.ts";
import { memberAt } from "../lib/kubernetes.ts";
import { names } from "../lib/names.ts";
import { quoteNumber } from "../lib/quote.ts";
import { elementsOf, type Members, membersOf } from "../lib/read.ts";
import { type RouteKind, routeKind, routeTypes, splitsOf } from "../lib/routes.ts";
import type { Finding } from "../lib/rule.ts";

/** Most that the Gateway API takes. */
const mostWeight = 1_000_000;

/** A weight that is left out is read as 1 by one router and as 0 by another. */
export const routeWeights = resourceRule({
  name: "route-weights",
  description:
    "Every weight of a route is written, 0 as 0, somebody gets the traffic, and no foreign hostname.",
  level: "mandatory",
  types: routeTypes,
  parameters: z.object({
    everywhere,
    /** Hostnames that routes may claim; `*.atp.example` stands for all under it. Empty: not judged. */
    hostnames: names(),
  }),
  *check({ type, urn, props, parameters }) {
    const kind = routeKind(type);
    if (kind === undefined || !belongs({ urn }, parameters)) return;
    yield* kind === "ingress" ? ingressWeight(props) : weights(kind, props);
    if (parameters.hostnames.length > 0) yield* hostnames(kind, props, parameters.hostnames);
  },
});

function* weights(kind: "gateway" | "istio", props: Members): Iterable<Finding> {
  for (const { path, backends, answers } of splitsOf(kind, props)) {
    if (backends.length === 0) {
      if (!answers)
        yield { what: `${path} leads nowhere`, hint: "Write its backends, each with its weight." };
      continue;
    }
    // One backend alone gets everything unless it is told otherwise.
    const read = backends.map(({ weight }) => (backends.length === 1 ? (weight ?? 1) : weight));
    for (const [index, weight] of read.entries()) yield* written(`${backends[index]?.path}.weight`, weight);
    if (read.some((weight) => typeof weight !== "number")) continue;
    if ((read as number[]).reduce((sum, weight) => sum + weight, 0) > 0) continue;
    yield {
      what: `the weights of ${path} are all 0, so nobody gets the traffic`,
      hint: "Give stable 100 less the candidate's exposure.",
    };
  }
}

function* written(path: string, weight: unknown): Iterable<Finding> {
  if (weight === undefined || weight === null)
    yield {
      what: `${path} is left out, which one router reads as 1 and another as 0`,
      hint: "Write it, 0 as 0.",
    };
  else if (typeof weight !== "number" || !Number.isInteger(weight) || weight < 0 || weight > mostWeight)
    yield {
      what: `${path} is ${quoteNumber(weight)}, not a whole number from 0 to ${mostWeight}`,
      hint: "Write the share of the traffic in percent.",
    };
}

function* ingressWeight(props: Members): Iterable<Finding> {
  const canary = canaryWeight(props);
  if (canary === undefined || percentOf(canary.text) !== undefined) return;
  yield {
    what: `the canary Ingress's weight is ${canary.text === undefined ? "left out" : "no percentage from 0 to 100"}`,
    hint: 'Write nginx.ingress.kubernetes.io/canary-weight: "5", 0 as "0".',
  };
}

function* hostnames(kind: RouteKind, props: Members, allowed: readonly string[]): Iterable<Finding> {
  const hint = "Write a hostname of this service, or add it to the parameter hostnames.";
  const claimed = claimedBy(kind, props);
  if (claimed.length === 0)
    yield { what: "the route names no hostname, and so claims every one of its router", hint };
  for (const { path, host } of claimed) {
    if (host === undefined) yield { what: `${path} is left out, and so claims every hostname`, hint };
    else if (!allowed.some((one) => covers(one, host)))
      yield { what: `${path} is none of the ${allowed.length} hostnames that this stack may claim`, hint };
  }
}

function claimedBy(kind: RouteKind, props: Members) {
  const list = { gateway: "hostnames", istio: "hosts", ingress: "rules" }[kind];
  return elementsOf(memberAt(props, "spec", list)).map((one, index) => {
    const host = kind === "ingress" ? membersOf(one)["host"] : one;
    const path = `spec.${list}[${index}]${kind === "ingress" ? ".host" : ""}`;
    return { path, host: typeof host === "string" && host !== "" ? host.toLowerCase() : undefined };
  });
}

/** `*.atp.example` covers `a.atp.example` and itself, not `atp.example`. */
function covers(allowed: string, host: string): boolean {
  const one = allowed.toLowerCase();
  return (
    one === host || (one.startsWith("*.") && host.endsWith(one.slice(1)) && host.length > one.length - 1)
  );
}
