import { exposureAnnotation } from "../plan/cohort.ts";
import { type Json, listAt, type Manifest, numberAt, textAt } from "./manifest.ts";

/**
 * The rules of a route as one that draws each request: where whole tenants move, their share of the tenants stands for
 * their share of the requests. Any other route as it is.
 */
export function drawnRules(manifest: Manifest): readonly Json[] {
  const rules = listAt(manifest, "spec", "rules");
  const declared = Number(textAt(manifest, "metadata", "annotations", exposureAnnotation) ?? Number.NaN);
  const others = rules.at(-1);
  if (rules.length < 2 || others === undefined || !(declared > 0 && declared < 100)) return rules;
  const inside = listAt(rules[0], "backendRefs").map((backend) => numberAt(backend, "weight") ?? 1);
  const backendRefs = listAt(others, "backendRefs").map((backend, index): Json => {
    const weight = numberAt(backend, "weight") ?? 1;
    const gains = Math.sign((inside[index] ?? weight) - weight);
    return { ...(backend as Manifest), weight: weight + gains * declared };
  });
  return [{ ...(others as Manifest), backendRefs }];
}
