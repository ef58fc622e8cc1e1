import * as z from "zod";
import { duration, key, text } from "./leaves.ts";
import { defaults } from "./presets.ts";
import { path, secretText, url } from "./schema-parts.ts";

const { validate } = defaults;

const serviceBus = z.strictObject({
  namespace: text({ what: "Namespace of Service Bus.", example: "atp-bus" }),
  queue: text({ what: "A queue that has to be active.", example: "ingest" }),
  resourceGroup: text({
    what: "Its resource group.",
    absent: "the slot's; required on Kubernetes",
    example: "atp-shared",
  }).optional(),
  subscriptionId: text({
    what: "Its subscription.",
    absent: "the slot's; required on Kubernetes",
    example: "0b1f6471-1bf0-4dda-aec3-cb9272f09590",
  }).optional(),
});

const keyVault = z.strictObject({
  url: url({ what: "URL of the vault.", example: "https://atp-kv.vault.azure.net" }),
  secret: text({ what: "A secret that has to be readable; its value is dropped.", example: "db-password" }),
});

/** What is checked on the idle side before a swap. */
export const validateSchema = z.strictObject({
  url: url({
    what: "Base URL of the idle side.",
    example: "https://atp-staging.azurewebsites.net",
  })
    .describe(
      "Base URL of the idle side. Default: the slot's own host; on Kubernetes that of health.candidate.",
    )
    .optional(),
  health: path({
    what: "Health of the idle side: must answer 200.",
    fallback: validate.healthPath,
  }).optional(),
  ready: path({
    what: "Readiness of the idle side: must answer 200.",
    fallback: validate.readyPath,
  }).optional(),
  smoke: key(z.array(z.string()).min(1), {
    what: "A command and its arguments, started without a shell: exit code 0 passes. It finds the idle side in VALIDATE_URL.",
    rule: "a list of at least one text",
    hint: 'Write ["npm", "run", "smoke"].',
    absent: "no command",
  }).optional(),
  postgres: secretText({
    what: "Connection string of a PostgreSQL that has to answer.",
    hint: "Set it with: pulumi config set --secret --path 'rollout.validate.postgres' postgres://…",
    absent: "not checked",
  }).optional(),
  serviceBus: key(serviceBus, {
    what: "A queue that has to be active.",
    rule: "an object with namespace and queue",
    hint: "Write { namespace: atp-bus, queue: ingest }.",
    absent: "not checked",
  }).optional(),
  keyVault: key(keyVault, {
    what: "A secret that has to be readable.",
    rule: "an object with url and secret",
    hint: "Write { url: https://atp-kv.vault.azure.net, secret: db-password }.",
    absent: "not checked",
  }).optional(),
  timeout: duration(
    { min: "1s", max: "5m" },
    { what: "Of each check but the smoke command.", fallback: "10s" },
  ).optional(),
  smokeTimeout: duration(
    { min: "1s", max: "1h" },
    { what: "Of the smoke command.", fallback: "5m" },
  ).optional(),
});
