import { stableJson } from "../lib/stable-json.ts";
import { servedKind } from "./kinds.ts";
import { type Json, type Manifest, textAt, valueAt } from "./manifest.ts";

export type ChangeKind = "add" | "delete" | "update";

/** One path at which two manifests differ, in Pulumi's spelling: `spec.rules[0].backendRefs[1].weight`. */
export interface PathChange {
  readonly path: string;
  readonly kind: ChangeKind;
  /** The change makes a new object. */
  readonly replaces: boolean;
}

/** How the written inputs differ from those of the last update. */
export interface InputDiff {
  readonly changes: readonly PathChange[];
  /** The new object has the old one's name, so the old one has to go first. */
  readonly deleteBeforeReplace: boolean;
}

const alwaysReplace = ["apiVersion", "kind", "metadata.name", "metadata.namespace"];

/** Compares the inputs of an object. Structural: the order of keys says nothing, that of lists does. */
export function diffInputs(before: Manifest, after: Manifest): InputDiff {
  const replaceOn = [
    ...alwaysReplace,
    ...servedKind(textAt(after, "apiVersion"), textAt(after, "kind")).replaceOn,
  ];
  const changes = differences(before, after, "").map((change) => ({
    ...change,
    replaces: replaceOn.some((path) => change.path === path || change.path.startsWith(`${path}.`)),
  }));
  const isSameName = ["name", "namespace"].every(
    (key) => stableJson(valueAt(before, "metadata", key)) === stableJson(valueAt(after, "metadata", key)),
  );
  return { changes, deleteBeforeReplace: isSameName && changes.some((change) => change.replaces) };
}

type Difference = Omit<PathChange, "replaces">;

export function differences(
  before: Json | undefined,
  after: Json | undefined,
  path: string,
): readonly Difference[] {
  if (before === undefined && after === undefined) return [];
  if (before === undefined) return [{ path, kind: "add" }];
  if (after === undefined) return [{ path, kind: "delete" }];
  if (Array.isArray(before) && Array.isArray(after)) {
    const length = Math.max(before.length, after.length);
    return Array.from({ length }, (_, index) => index).flatMap((index) =>
      differences(before[index] as Json | undefined, after[index] as Json | undefined, `${path}[${index}]`),
    );
  }
  if (isMap(before) && isMap(after)) {
    const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])];
    return keys.flatMap((key) => differences(before[key], after[key], joined(path, key)));
  }
  return stableJson(before) === stableJson(after) ? [] : [{ path, kind: "update" }];
}

function isMap(value: Json): value is Manifest {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}

/** Keys with dots (labels) stand in brackets, as the engine's property paths want them. */
function joined(path: string, key: string): string {
  if (!/^[A-Za-z_$][\w$]*$/.test(key)) return `${path}[${JSON.stringify(key)}]`;
  return path === "" ? key : `${path}.${key}`;
}
