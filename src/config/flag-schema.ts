import * as z from "zod";
import { stableJson } from "../lib/stable-json.ts";
import { duration, key, text, whole } from "./leaves.ts";
import { defaults } from "./presets.ts";
import { url } from "./schema-parts.ts";

const ways = ["targeting", "variant", "percentage"] as const;
const names = z.array(z.string().regex(/^\S(?:.*\S)?$/)).min(1);

const percentage = (what: string, more: { readonly fallback?: string } = {}) =>
  whole({ min: 1, max: 100 }, { what, hint: "Write a number, 10 for 10 %.", ...more });

const group = z.strictObject({
  name: text({ what: "Name of the group.", example: "beta-testers" }),
  percentage: percentage("Share of the group that is in, in percent.", { fallback: "100" }).optional(),
});

const tenantNames = (what: string) =>
  key(names, { what, rule: "a list of names", hint: "Write [tenant-beta-001].", absent: "none" }).optional();

const phase = z.strictObject({
  percentage: percentage("Share of the tenants, in percent."),
  soak: duration(
    { min: "0s", max: "168h" },
    { what: "Soak of this phase alone.", fallback: "flag.soak" },
  ).optional(),
});

const variant = (side: string, example: string) =>
  z.strictObject({
    name: text({ what: `Name of the variant ${side}.`, example }),
    value: key(z.unknown().refine(isJson), {
      what: "What an application gets with it.",
      rule: "a value that JSON has",
      hint: "Write a text, a number, a list or an object.",
      fallback: "null",
    }).optional(),
  });

/** YAML has numbers that JSON hasn't. */
function isJson(value: unknown): boolean {
  try {
    stableJson(value);
    return true;
  } catch {
    return false;
  }
}

/** The feature flag of a stack. */
export const flagSchema = z.strictObject({
  id: key(z.string().regex(/^[^:\n\r%]+$/), {
    what: "Id of the flag; its key is `.appconfig.featureflag/<id>`.",
    rule: "a text without colon, percent sign and line breaks",
    hint: "Write AuditTrail.NewAlgorithm.",
  }),
  endpoint: url({
    what: "Endpoint of the App Configuration store.",
    example: "https://atp-prod.azconfig.io",
  }),
  label: text({ what: "Label of the flag.", absent: "none", example: "prod" }).optional(),
  description: text({
    what: "What the feature is, for people.",
    absent: "none",
    example: "SHA-512 with a Merkle tree",
  }).optional(),
  by: key(z.enum(ways), {
    what: "What makes a phase's share: tenants by hash (targeting), the same as a variant for A/B tests (variant), or chance at each evaluation (percentage), which is not sticky and known to .NET alone.",
    rule: `one of ${ways.join(", ")}`,
    hint: "Leave it out: a tenant then stays in, phase after phase.",
    words: ways,
    fallback: "targeting",
  }).optional(),
  beta: z
    .strictObject({
      users: tenantNames("Tenants that are in from the first phase on, by their ids."),
      groups: key(z.array(group).min(1), {
        what: "Groups of tenants that are in from the first phase on.",
        rule: "a list of { name, percentage }",
        hint: "Write [{ name: beta-testers }]; a percentage below 100 lets a part of the group in.",
        absent: "none",
      }).optional(),
      soak: duration(
        { min: "0s", max: "168h" },
        { what: "How long they are watched alone.", fallback: "flag.soak" },
      ).optional(),
    })
    .optional(),
  exclude: z
    .strictObject({
      users: tenantNames("Tenants that are never in, by their ids."),
      groups: tenantNames("Groups of tenants that are never in."),
    })
    .optional(),
  phases: key(z.array(z.union([percentage("Share of the tenants, in percent."), phase])).min(1), {
    what: "Shares of the tenants, strictly ascending to 100: percentages, or objects with percentage and soak.",
    rule: "a list of percentages from 1 to 100, or of { percentage, soak }",
    hint: "Write [10, 25, 50, 100].",
    absent: "[10, 25, 50, 100]; of a combined rollout [10, 50, 100]",
  }).optional(),
  soak: duration(
    { min: "0s", max: "168h" },
    {
      what: "How long each phase is watched, once applications have it.",
      absent: "the stack's soak; of a combined rollout 168h",
    },
  ).optional(),
  dark: duration(
    { min: "0s", max: "168h" },
    {
      what: "How long new code is watched with the flag off, once it serves everybody.",
      absent: "not at all; of a combined rollout 168h",
    },
  ).optional(),
  refresh: duration(
    { min: "1s", max: "1h" },
    { what: "At which interval the applications read the flag anew.", fallback: "30s" },
  ).optional(),
  variants: key(
    z.strictObject({ on: variant("of the new side", "sha512"), off: variant("of the old side", "sha256") }),
    {
      what: "The two sides of an A/B test.",
      rule: "an object with on and off, each with name and value",
      hint: "Write { on: { name: sha512, value: SHA-512 }, off: { name: sha256, value: SHA-256 } }.",
      absent: "required with `by: variant`",
    },
  ).optional(),
  telemetry: key(z.boolean(), {
    what: "Whether applications report each evaluation.",
    rule: "true or false",
    hint: "Write true.",
    fallback: "false",
  }).optional(),
  tenants: text({
    what: "JSON file of the tenants, relative to the project's folder: [{ id, groups, requests }].",
    absent: "nobody can say who enters",
    example: "tenants.json",
  }).optional(),
  cohort: z
    .strictObject({
      label: text({
        what: "Label of the metrics (in Azure Monitor: property of the requests) that says whether the feature was on.",
        fallback: defaults.flag.cohort.label,
        example: "feature",
      }).optional(),
      on: text({ what: "Its value with the feature on.", fallback: "on", example: "sha512" }).optional(),
      off: text({ what: "Its value with the feature off.", fallback: "off", example: "sha256" }).optional(),
    })
    .optional(),
});
