import * as z from "zod";
import { presetNames } from "../../../src/config/schema.ts";
import type { EnvironmentPolicy } from "../../../src/types/policy.ts";

/** Parameter of rules on some stacks alone: the presets of those that are asked. */
export const presetsAsked = z.array(z.enum(presetNames)).default(["production", "hotfix"]);

/** Whether a stack's users are those of production. */
export function isProduction({ preset }: Pick<EnvironmentPolicy, "preset">): boolean {
  return preset === "production" || preset === "hotfix";
}
