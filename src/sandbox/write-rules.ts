import { idOf, type Manifest, type ObjectRef, textAt, valueAt } from "./manifest.ts";

/** The key of an object in the store. */
export function keyOf(ref: ObjectRef): string {
  return `${ref.kind}/${idOf(ref)}`;
}

/** Whether a write leaves the spec as it was: then no controller acts on it. */
export function sameSpec(manifest: Manifest, before: Manifest | undefined): boolean {
  return (
    before !== undefined &&
    JSON.stringify(valueAt(manifest, "spec")) === JSON.stringify(valueAt(before, "spec"))
  );
}

/** Whether an object asks the provider to take its fields by force. */
export function carriesForce(manifest: Manifest): boolean {
  return textAt(manifest, "metadata", "annotations", "pulumi.com/patchForce") === "true";
}
