import type * as z from "zod";
import { configError } from "../errors/errors.ts";

/**
 * The inputs of a dynamic resource among its properties. Throws RolloutError `config-invalid` with every problem, and
 * no value: properties may be secret.
 */
export function checkedProps<T>(
  schema: z.ZodType,
  props: Readonly<Record<string, unknown>>,
  hint: string,
): T {
  const parsed = schema.safeParse(props);
  // What zod leaves undefined is absent: nothing here is ever written as undefined.
  if (parsed.success) return JSON.parse(JSON.stringify(parsed.data));
  const issues = parsed.error.issues.map(({ path, message }) => ({
    path: path.join("."),
    rule: message,
    hint,
  }));
  throw configError(issues);
}
