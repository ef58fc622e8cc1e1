import * as z from "zod";
import { isComponent } from "./components.ts";

/** Parameter of rules on kinds of objects that any program may have. */
export const everywhere = z.boolean().default(false);

/** Whether a resource is a rollout's: one of its parents is a component of one. Or whether all are to be judged. */
export function belongs({ urn }: { readonly urn: string }, { everywhere }: { readonly everywhere: boolean }) {
  if (everywhere) return true;
  const [, , types = ""] = urn.split("::");
  return types.split("$").some((type) => isComponent({ type }));
}
