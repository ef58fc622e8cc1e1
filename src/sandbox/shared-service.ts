import { exposureAnnotation } from "../plan/cohort.ts";
import { meaningOf, selectorAt } from "../plan/replica-ratio.ts";
import { labelsAt } from "./labels.ts";
import { type Json, type Manifest, type ObjectRef, textAt, valueAt } from "./manifest.ts";
import type { Backend } from "./router.ts";

/** The field of a Service that a lever's write owns as a whole. */
export const sharedField = "selector";

/** A Service that users call without a router: all requests go to the pods that it selected when it came into force. */
export function sharedBackend({ namespace, name }: ObjectRef, manifest: Manifest): Backend {
  const selector = labelsAt(manifest, "spec", sharedField);
  return { namespace, service: name, weight: 1, share: 1, selector, heading: headingOf(manifest, selector) };
}

/** The exposure that it is on its way to, 0-100 %: by its selector, or where that takes both sides as it declares. */
function headingOf(manifest: Manifest, selector: Readonly<Record<string, string>>): number {
  const meaning = meaningOf(selector, selector["app"] ?? "");
  if (typeof meaning === "number") return meaning;
  const declared = Number(textAt(manifest, "metadata", "annotations", exposureAnnotation) ?? Number.NaN);
  return declared >= 0 && declared <= 100 ? declared : 0;
}

/** The Service with everything on one side, 0 or 100 %; what it declares follows where it declares something. */
export function allOnOneSide(manifest: Manifest, app: string, exposure: number): Manifest {
  const annotations = valueAt(manifest, "metadata", "annotations");
  const declares = textAt(annotations, exposureAnnotation) !== undefined;
  const metadata = valueAt(manifest, "metadata") as Manifest;
  const said: Json = { ...(annotations as Manifest), [exposureAnnotation]: String(exposure) };
  return {
    ...manifest,
    metadata: declares ? { ...metadata, annotations: said } : metadata,
    spec: {
      ...(valueAt(manifest, "spec") as Manifest),
      [sharedField]: { ...selectorAt(app, exposure) },
    },
  };
}
