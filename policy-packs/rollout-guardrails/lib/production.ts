import type { EnvironmentPolicy } from "../../../src/types/policy.ts";

/** Whether a stack's users are those of production. */
export function isProduction({ preset }: Pick<EnvironmentPolicy, "preset">): boolean {
  return preset === "production" || preset === "hotfix";
}
