import { stableJson } from "../lib/stable-json.ts";
import { exposureAnnotation } from "../plan/cohort.ts";
import { idOf, type Manifest, type ObjectRef, textAt, valueAt } from "./manifest.ts";
import { fieldConflict } from "./messages.ts";
import { routeKind } from "./route-kinds.ts";
import { sharedField } from "./shared-service.ts";
import { validate } from "./validate.ts";

/** The key of an object in the store. */
export function keyOf(ref: ObjectRef): string {
  return `${ref.kind}/${idOf(ref)}`;
}

/** Whether a write leaves spec and declared exposure as they were: then no controller acts on it. */
export function sameSpec(manifest: Manifest, before: Manifest | undefined): boolean {
  const acted = (one: Manifest) => [
    valueAt(one, "spec"),
    valueAt(one, "metadata", "annotations", exposureAnnotation),
  ];
  return before !== undefined && JSON.stringify(acted(manifest)) === JSON.stringify(acted(before));
}

/** Whether an object asks the provider to take its fields by force. */
export function carriesForce(manifest: Manifest): boolean {
  return textAt(manifest, "metadata", "annotations", "pulumi.com/patchForce") === "true";
}

/** An object as far as a write needs to know it. */
interface Owned {
  readonly ref: ObjectRef;
  readonly manifest: Manifest;
  readonly rulesOwner: string;
}

/**
 * The object after a write, which its kind has to allow. Its owner is as server-side apply has it: another value takes
 * a field, by force or where it was one's own; an equal one only shares it. Throws the conflict with the owner.
 */
export function written<T extends Owned>(
  before: T,
  manifest: Manifest,
  write: { readonly by: string; readonly force: boolean },
): T {
  const { ref, rulesOwner } = before;
  validate(ref, manifest, before.manifest);
  if (rulesOwner === write.by || leverPart(manifest) === leverPart(before.manifest))
    return { ...before, manifest };
  if (!write.force) throw fieldConflict(ref, rulesOwner);
  return { ...before, manifest, rulesOwner: write.by };
}

function leverPart(manifest: Manifest): string {
  const kind = textAt(manifest, "kind");
  const key = kind === "Service" ? sharedField : (routeKind(kind)?.field ?? "template");
  return stableJson(valueAt(manifest, "spec", key) ?? null);
}
