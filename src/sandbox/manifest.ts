/** What JSON can carry. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** A Kubernetes object as it is written: apiVersion, kind, metadata, spec or data. */
export type Manifest = { readonly [key: string]: Json };

/** Kind, namespace (`""` where the kind has none) and name: what an object is found by. */
export interface ObjectRef {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
}

/** The value at a path, undefined where the path leads nowhere. */
export function valueAt(value: Json | undefined, ...path: readonly (string | number)[]): Json | undefined {
  let current: Json | undefined = value;
  for (const key of path) {
    if (current === null || typeof current !== "object") return undefined;
    current = (current as Readonly<Record<string | number, Json | undefined>>)[key];
  }
  return current;
}

/** The text at a path, undefined where there is none. */
export function textAt(value: Json | undefined, ...path: readonly (string | number)[]): string | undefined {
  const found = valueAt(value, ...path);
  return typeof found === "string" ? found : undefined;
}

/** The number at a path, undefined where there is none. */
export function numberAt(value: Json | undefined, ...path: readonly (string | number)[]): number | undefined {
  const found = valueAt(value, ...path);
  return typeof found === "number" ? found : undefined;
}

/** The list at a path; empty where there is none. */
export function listAt(value: Json | undefined, ...path: readonly (string | number)[]): readonly Json[] {
  const found = valueAt(value, ...path);
  return Array.isArray(found) ? (found as readonly Json[]) : [];
}

/** `namespace/name`, or the name alone: the id that the Kubernetes provider gives a resource. */
export function idOf(ref: ObjectRef): string {
  return ref.namespace === "" ? ref.name : `${ref.namespace}/${ref.name}`;
}
