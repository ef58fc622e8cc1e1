import { memberAt } from "./kubernetes.ts";
import { elementsOf, type Members, membersOf } from "./read.ts";

const prefix = "nginx.ingress.kubernetes.io/canary";

/** The weight of a canary Ingress, a text; undefined: this Ingress is none, or goes by header or cookie alone. */
export function canaryWeight(props: Members): { readonly text: unknown } | undefined {
  const annotations = membersOf(memberAt(props, "metadata", "annotations"));
  if (annotations[prefix] !== "true") return undefined;
  const text = annotations[`${prefix}-weight`];
  const others = ["by-header", "by-cookie"].some((one) => Object.hasOwn(annotations, `${prefix}-${one}`));
  return text === undefined && others ? undefined : { text };
}

/** A weight as a number of percent; undefined where it is none. */
export function percentOf(text: unknown): number | undefined {
  if (typeof text !== "string" || !/^\d{1,3}$/.test(text)) return undefined;
  return Number(text) <= 100 ? Number(text) : undefined;
}

/** Names of the Services that an Ingress leads to. */
export function ingressBackends(props: Members): readonly string[] {
  return pathsOf(props).map(({ backend }) => String(memberAt(backend, "service", "name")));
}

/** Hosts and paths of an Ingress, as one text: for comparing, never for a finding. */
export function ingressAddress(props: Members): string {
  return JSON.stringify(pathsOf(props).map(({ host, path }) => [host, path]));
}

function pathsOf(props: Members) {
  return elementsOf(memberAt(props, "spec", "rules")).flatMap((rule) =>
    elementsOf(memberAt(rule, "http", "paths")).map((one) => {
      const { path, backend } = membersOf(one);
      return { host: membersOf(rule)["host"], path, backend };
    }),
  );
}
