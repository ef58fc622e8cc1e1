import * as z from "zod";
import { maxTenants } from "../lib/route-limits.ts";
import { checklistSchema } from "./checklist-schema.ts";
import { escalationSchema } from "./escalation.ts";
import { flagSchema } from "./flag-schema.ts";
import { gatesSchema } from "./gates-schema.ts";
import { guardrailsSchema } from "./guardrails.ts";
import { healthSchema, leverSchema, metricsSchema, recordSchema } from "./kind-schemas.ts";
import { dnsLabel, duration, key, text, whole } from "./leaves.ts";
import { migrationSchema } from "./migration-schema.ts";
import { communicationSchema, incidentSchema, notifySchema } from "./notify-schema.ts";
import { approvalsSchema, changeSchema, promotedInSchema, windowsSchema } from "./start-schemas.ts";
import { validateSchema } from "./validate-schema.ts";
import { sloSchema, watchSchema } from "./watch-schema.ts";

export const presetNames = ["development", "test", "staging", "production", "hotfix"] as const;
export const strategies = ["canary", "direct", "rolling", "blue-green", "feature-flag", "combined"] as const;

const exposure = whole(
  { min: 1, max: 100 },
  { what: "Share of the traffic on the candidate, in percent.", hint: "Write a number, 5 for 5 %." },
);

const cohortSchema = z.strictObject({
  by: key(z.literal("tenant"), {
    what: "What stays together.",
    rule: "tenant",
    hint: "Write by: tenant.",
  }),
  header: key(z.string().regex(/^[A-Za-z0-9][A-Za-z0-9-]*$/), {
    what: "Request header with the tenant.",
    rule: "the name of an HTTP header",
    hint: "Write it like X-Tenant-Id.",
  }),
  tenants: key(z.array(z.string().regex(/^\S+$/)).min(1).max(maxTenants), {
    what: "Tenants that may enter before everybody does.",
    rule: `a list of 1 to ${maxTenants} names without spaces`,
    hint: "Write [acme, globex]; a route has no room for more.",
  }),
});

const soak = (what: string) => duration({ min: "0s", max: "168h" }, { what, fallback: "preset" });

const increment = z.strictObject({
  exposure,
  soak: duration(
    { min: "0s", max: "168h" },
    { what: "Soak of this increment alone.", fallback: "soak" },
  ).optional(),
});

const timeout = (what: string, fallback: string) =>
  duration({ min: "1s", max: "24h" }, { what, fallback }).optional();

const timeouts = z.strictObject({
  rollout: timeout("An update with its pods.", "10m"),
  confirm: timeout("From the update to the route read back at its weight.", "2m"),
  verify: timeout("Stable verified after a revert.", "2m"),
  afterRevert: timeout("Span of metrics that is looked at after a revert.", "5m"),
});

const kindRule = "an object with a kind";

/** What people write under `<project>:rollout` in Pulumi.<stack>.yaml. Strict: unknown keys are refused. */
export const writtenSchema = z.strictObject({
  preset: key(z.enum(presetNames), {
    what: "Environment whose numbers apply where nothing else is written.",
    rule: `one of ${presetNames.join(", ")}`,
    hint: "Write preset: production for the guide's production rollout.",
    words: presetNames,
  }),
  service: dnsLabel({
    what: "Name of the service; the candidate is `<service>-canary`.",
    example: "atp-ingestion",
    maxLength: 56,
  }),
  strategy: key(z.enum(strategies), {
    what: "How a version reaches everybody, against the preset's.",
    rule: `one of ${strategies.join(", ")}`,
    hint: "Leave it out for the preset's own strategy.",
    words: strategies,
    fallback: "preset",
  }).optional(),
  strategyReason: text({
    what: "Why `strategy` goes over the one that a change (`--change`) picks; the journal keeps it.",
    absent: "required with `strategy` and `--change`",
    example: "the schema is unchanged",
  }).optional(),
  increments: key(z.array(z.union([exposure, increment])).min(1), {
    what: "Increments of a canary, strictly ascending to 100: exposures, or objects with exposure and soak.",
    rule: "a list of exposures from 1 to 100, or of { exposure, soak }",
    hint: "Write [5, 20, 50, 100].",
    fallback: "preset",
  }).optional(),
  flag: key(flagSchema, {
    what: "The feature flag of the stack: what it is, where it is, and how it is opened.",
    rule: "an object with id and endpoint",
    hint: "Write { id: AuditTrail.NewAlgorithm, endpoint: https://atp-prod.azconfig.io }.",
    absent: "required for feature-flag and combined",
  }).optional(),
  cohort: key(cohortSchema, {
    what: "Whole tenants move instead of single requests, told by a header that the edge has set.",
    rule: "an object with by, header and tenants",
    hint: "Write { by: tenant, header: X-Tenant-Id, tenants: [acme, globex] }.",
    absent: "each request is drawn for itself",
  }).optional(),
  soak: soak("How long each increment is watched, from the route's read-back; 0s: not at all.").optional(),
  look: duration(
    { min: "1s", max: "5m" },
    { what: "Time between two looks at the gates.", fallback: "10s" },
  ).optional(),
  drain: duration(
    { min: "0s", max: "1h" },
    { what: "Time that requests in flight get before a side is removed.", fallback: "30s" },
  ).optional(),
  gates: gatesSchema.optional(),
  slo: sloSchema.optional(),
  watch: watchSchema.optional(),
  hold: z
    .strictObject({
      step: duration(
        { min: "1s", max: "24h" },
        { what: "By how much a soak grows while nothing is proved.", fallback: "5m" },
      ).optional(),
      maxFactor: whole(
        { min: 1, max: 100 },
        { what: "A soak grows up to this many times its length; then a person is asked.", fallback: "4" },
      ).optional(),
    })
    .optional(),
  timeouts: timeouts.optional(),
  approvals: approvalsSchema.optional(),
  change: key(changeSchema, {
    what: "Where the advisory board's change requests are read.",
    rule: kindRule,
    hint: "Write { kind: file, dir: changes }.",
    absent: "required where `approvals.cab` holds",
  }).optional(),
  windows: windowsSchema.optional(),
  promotedIn: promotedInSchema.optional(),
  checklist: checklistSchema.optional(),
  escalation: escalationSchema.optional(),
  guardrails: guardrailsSchema.optional(),
  migration: key(migrationSchema, {
    what: "A schema migration in the guide's five phases: `rollouts migrate`.",
    rule: "an object with id and phases",
    hint: "docs/migrations.md has an example.",
    absent: "no migration",
  }).optional(),
  metrics: key(metricsSchema, {
    what: "Where the counts per version come from.",
    rule: kindRule,
    hint: "Write { kind: prometheus, url: …, cohort: … } or { kind: azure-monitor, workspaceId: … }.",
    absent: "required where a rollout is watched",
  }).optional(),
  health: key(healthSchema, {
    what: "Where health is asked.",
    rule: kindRule,
    hint: "Write { kind: http, candidate: [http://…], stable: [http://…] }.",
    absent: "required where a rollout is watched",
  }).optional(),
  lever: key(leverSchema, {
    what: "The fast way to move traffic.",
    rule: kindRule,
    hint: "Write { kind: http-route, namespace: … } (or istio, ingress-nginx), on App Service { kind: app-service-slot, … }.",
    absent: "required for a canary, for blue-green and for what is watched",
  }).optional(),
  validate: key(validateSchema, {
    what: "What is checked on the idle side before a swap: health and readiness always, the rest where it is named.",
    rule: "an object",
    hint: 'Write { smoke: ["npm", "run", "smoke"] }.',
    absent: "health and readiness",
  }).optional(),
  notify: key(z.array(notifySchema), {
    what: "Who is told, in order.",
    rule: "a list of channels",
    hint: "Write [{ kind: log }].",
    fallback: "[{ kind: log }]",
  }).optional(),
  communication: key(communicationSchema, {
    what: "Who is named in messages, and what these lead to.",
    rule: "an object with onCall, zone, dashboards and rca",
    hint: 'Write { onCall: { primary: "@alice" }, zone: America/New_York }.',
    absent: "nobody is named",
  }).optional(),
  incident: key(incidentSchema, {
    what: "Where an incident is opened when a rollout turns back; its id goes into the messages.",
    rule: kindRule,
    hint: "Write { kind: http, url: { secure: … } }.",
    absent: "none is opened",
  }).optional(),
  record: key(recordSchema, {
    what: "Where lease and journal are kept.",
    rule: kindRule,
    hint: "Write { kind: file, dir: .rollouts }.",
    fallback: "{ kind: file }",
  }).optional(),
});

/** The rollout config as written, its shape proved by `writtenSchema`. */
export type WrittenConfig = z.infer<typeof writtenSchema>;

/** JSON schema (2020-12) of the rollout config, for editors and `rollouts schema`. */
export function rolloutJsonSchema(): Readonly<Record<string, unknown>> {
  return {
    title: "pulumi-rollouts: <project>:rollout in Pulumi.<stack>.yaml",
    ...z.toJSONSchema(writtenSchema, { io: "input" }),
  };
}
