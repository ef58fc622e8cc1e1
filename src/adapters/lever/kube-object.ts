import * as z from "zod";
import { RolloutError } from "../../errors/errors.ts";
import { KubeFailure } from "./kube-api.ts";

/** An object in the form that its API promises, else RolloutError `kube-api`. */
export function parseObject<T>(
  schema: z.ZodType<T>,
  value: unknown,
  { what, hint }: { readonly what: string; readonly hint?: string },
): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new RolloutError(`${what} is not what the API promises: ${z.prettifyError(parsed.error)}.`, {
    code: "kube-api",
    exit: "resource",
    hint:
      hint ?? "Check which version of the router's API is installed: docs/routers.md says what is needed.",
  });
}

/** Whether the API server answered with one of these statuses. */
export function hasStatus(error: unknown, ...statuses: readonly number[]): boolean {
  return error instanceof KubeFailure && error.status !== undefined && statuses.includes(error.status);
}
