import * as z from "zod";
import { fieldManager, type PatchOperation } from "./kube-api.ts";

/** Who owns what of an object, as far as giving it back needs to know: `metadata.managedFields`. */
export const managedFields = z.array(z.looseObject({ manager: z.string().optional() })).optional();

/** Drops the lever's own entries, the last one first: the places of the others stay. Empty: it owns nothing. */
export function givingBack(entries: z.infer<typeof managedFields> = []): PatchOperation[] {
  const own = entries.flatMap(({ manager }, index) => (manager === fieldManager ? [index] : []));
  return own.reverse().flatMap((index): PatchOperation[] => [
    { op: "test", path: `/metadata/managedFields/${index}/manager`, value: fieldManager },
    { op: "remove", path: `/metadata/managedFields/${index}` },
  ]);
}
