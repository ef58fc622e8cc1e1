import { z } from "zod";
import { RolloutError } from "../errors/errors.ts";
import type { FeatureFlag } from "../types/flag.ts";

const percentage = z.number().min(0).max(100);
const texts = z.array(z.string());

const flagSchema: z.ZodType<FeatureFlag> = z.object({
  id: z.string(),
  enabled: z.boolean().exactOptional(),
  conditions: z
    .object({
      requirement_type: z.enum(["Any", "All"]).exactOptional(),
      client_filters: z
        .array(z.object({ name: z.string(), parameters: z.unknown().optional() }))
        .exactOptional(),
    })
    .exactOptional(),
  variants: z
    .array(
      z.object({
        name: z.string(),
        configuration_value: z.unknown().optional(),
        status_override: z.enum(["None", "Enabled", "Disabled"]).exactOptional(),
      }),
    )
    .exactOptional(),
  allocation: z
    .object({
      default_when_disabled: z.string().exactOptional(),
      default_when_enabled: z.string().exactOptional(),
      user: z.array(z.object({ variant: z.string(), users: texts })).exactOptional(),
      group: z.array(z.object({ variant: z.string(), groups: texts })).exactOptional(),
      percentile: z
        .array(z.object({ variant: z.string(), from: percentage, to: percentage }))
        .exactOptional(),
      seed: z.string().exactOptional(),
    })
    .exactOptional(),
});

/** Parameters of `Microsoft.Targeting`. A group that isn't an object (the mistake of a bare name) never matches. */
const audienceSchema = z.object({
  Users: texts.exactOptional(),
  Groups: z
    .array(
      z.union([
        z.object({ Name: z.string().exactOptional(), RolloutPercentage: percentage.exactOptional() }),
        z.string().transform((): { Name?: string; RolloutPercentage?: number } => ({})),
      ]),
    )
    .exactOptional(),
  DefaultRolloutPercentage: percentage.exactOptional(),
  Exclusion: z.object({ Users: texts.exactOptional(), Groups: texts.exactOptional() }).exactOptional(),
});

const parametersSchema = z.object({ Audience: audienceSchema });

export type FlagAudience = z.infer<typeof audienceSchema>;

/** A flag's parsed JSON, checked. Throws RolloutError `flag-invalid` on what an application would refuse or misread. */
export function readFlag(raw: unknown): FeatureFlag {
  const parsed = flagSchema.safeParse(plainFlag(raw));
  if (parsed.success) return parsed.data;
  const id: unknown = Object(raw).id;
  throw invalidFlag(typeof id === "string" ? id : "without an id", parsed.error.issues);
}

/** What `readFlag` would refuse, by its place in the flag; or `readAudience`, in a filter's parameters. Tells no value. */
export function flagProblems(raw: unknown, of: "flag" | "audience" = "flag"): readonly FlagProblem[] {
  const parsed = (of === "flag" ? flagSchema : parametersSchema).safeParse(plainFlag(raw));
  return (parsed.error?.issues ?? []).map(({ path, message }) => ({ path: path.join("."), rule: message }));
}

/** A place in a flag, and the rule that it breaks. */
export interface FlagProblem {
  readonly path: string;
  readonly rule: string;
}

/** Numbers that `parseFlag` kept as they were written are numbers to whoever asks. */
function plainFlag(raw: unknown): unknown {
  return raw === undefined ? raw : JSON.parse(JSON.stringify(raw));
}

/** The audience of a targeting filter. Throws as `readFlag` does. */
export function readAudience(flagId: string, parameters: unknown): FlagAudience {
  const parsed = parametersSchema.safeParse(parameters);
  if (parsed.success) return parsed.data.Audience;
  throw invalidFlag(flagId, parsed.error.issues);
}

/** Names paths and rules, never values: a variant may hold anything. */
export function invalidFlag(
  flagId: string,
  issues: readonly { readonly path: readonly PropertyKey[]; readonly message: string }[],
): RolloutError {
  const said = issues.map(({ path, message }) => `${path.join(".") || "the flag"}: ${message}`).join("; ");
  return new RolloutError(`The flag ${flagId} is not valid: ${said}.`, {
    code: "flag-invalid",
    exit: "resource",
    hint: "Mend the flag in App Configuration; schema v2 of FeatureManagement says what it may hold.",
  });
}
