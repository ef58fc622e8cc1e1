import * as z from "zod";
import { duration, key, text, whole } from "./leaves.ts";
import { kind, secretText, url } from "./schema-parts.ts";

const tag = text({
  what: "Git tag of a version; authors are those between the tags of the old and the new one.",
  absent: "of what the run itself knows",
  example: "v{version}",
}).optional();

const runNumber = (what: string, variable: string) =>
  key(z.string().regex(/^\d+$/), {
    what,
    rule: "digits, in quotes",
    hint: 'Write "1234567890", or leave it out in a pipeline.',
    absent: `the pipeline's own, from ${variable}`,
  }).optional();

const token = (set: string, what: string) =>
  secretText({
    what,
    hint: `Set it with: pulumi config set --secret --path '${set}' …`,
  });

/** Where approvals come from. */
export const approvalSourceSchema = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: kind("github", "Reviews of a GitHub Actions run, for one deployment environment."),
    repository: key(z.string().regex(/^[\w.-]+\/[\w.-]+$/), {
      what: "The repository.",
      rule: "owner/name",
      hint: "Write it like atp/ingestion.",
    }),
    environment: text({
      what: "The deployment environment whose reviews count.",
      example: "production",
    }),
    runId: runNumber("The run whose reviews are read.", "GITHUB_RUN_ID"),
    token: token("rollout.approvals.sources[<n>].token", "Reads actions, contents and pull requests."),
    tag,
    apiUrl: url({ what: "Base URL of the API.", example: "https://github.example/api/v3" }).optional(),
  }),
  z.strictObject({
    kind: kind("azure-devops", "Approval checks of an Azure DevOps run."),
    organizationUrl: url({ what: "The organisation.", example: "https://dev.azure.com/atp" }),
    project: text({ what: "The project.", example: "ingestion" }),
    buildId: runNumber("The run whose approvals are read.", "BUILD_BUILDID"),
    token: token("rollout.approvals.sources[<n>].token", "Reads builds."),
  }),
  z.strictObject({
    kind: kind("signed-files", "Files with a detached signature of a listed key."),
    dir: text({ what: "Their folder, relative to the project's.", example: "approvals/prod" }),
    tag,
  }),
]);

const approvers = whole({ min: 0, max: 20 }, { what: "Approvals that the start needs.", fallback: "preset" });

const trustedKey = z.strictObject({
  person: text({ what: "Whose key: an e-mail address, or a name of `people`.", example: "dana@atp.example" }),
  key: key(z.string().min(1), {
    what: "Their Ed25519 public key.",
    rule: "a public key",
    hint: 'Write "ssh-ed25519 AAAA…", or the PEM as a block.',
  }),
});

/** Who must agree. */
export const approvalsSchema = key(
  z.union([
    approvers,
    z.strictObject({
      required: approvers.optional(),
      cab: key(z.boolean(), {
        what: "Whether a change request approved by the change advisory board is needed.",
        rule: "true or false",
        hint: "Write true or false, without quotes.",
        fallback: "preset",
      }).optional(),
      sources: key(z.array(approvalSourceSchema), {
        what: "Where approvals come from; all of them are asked.",
        rule: "a list of sources",
        hint: "Write [{ kind: signed-files, dir: approvals }].",
        fallback: "[]",
      }).optional(),
      keys: key(z.array(trustedKey), {
        what: "Keys whose signatures count.",
        rule: "a list of { person, key }",
        hint: 'Write [{ person: dana@atp.example, key: "ssh-ed25519 AAAA…" }].',
        fallback: "[]",
      }).optional(),
      people: key(z.record(z.string(), z.array(z.string().min(1))), {
        what: "Names that are one person.",
        rule: "an object of names and their lists of identities",
        hint: 'Write { dana: ["github:dana-m", "git:dana@home.example"] }.',
        fallback: "{}",
      }).optional(),
      expires: duration(
        { min: "1m", max: "168h" },
        { what: "How long an approval holds.", fallback: "preset" },
      ).optional(),
    }),
  ]),
  {
    what: "Who must agree before the start.",
    rule: "a number of approvers, or an object with required, cab and sources",
    hint: "Write 2, or { required: 2, cab: true, sources: [{ kind: signed-files, dir: approvals }] }.",
  },
);

const pointer = (what: string, example: string) =>
  key(z.string().regex(/^(?:\/[^/]*)+$/), {
    what: `JSON pointer to ${what}.`,
    rule: "a JSON pointer, /a/0/b",
    hint: `Write it like ${example}.`,
  });

const times = ["iso", "utc", "epoch-seconds", "epoch-ms"] as const;

const approvedStates = key(z.array(z.string().min(1)).min(1), {
  what: "States in which a change may be carried out; case doesn't matter.",
  rule: "a list of at least one word",
  hint: "Write [Implement].",
  fallback: "[approved]",
}).optional();

/** The advisory board's system. */
export const changeSchema = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: kind("http", "One GET of the change's JSON."),
    url: key(
      z
        .string()
        .regex(/^https?:\/\/[^@\s]+$/)
        .regex(/\{id\}/),
      {
        what: "Where, with {id} where the change's id goes.",
        rule: "an http or https URL with {id} and without user name and password",
        hint: "Write it like https://changes.example/api/{id}.",
      },
    ),
    fields: z.strictObject({
      state: pointer("the state", "/result/0/state"),
      service: pointer("the service", "/result/0/cmdb_ci").optional(),
      start: pointer("the planned start", "/result/0/start_date").optional(),
      end: pointer("the planned end", "/result/0/end_date").optional(),
      risk: pointer("the risk", "/result/0/risk").optional(),
    }),
    times: key(z.enum(times), {
      what: "How times stand in the answer.",
      rule: `one of ${times.join(", ")}`,
      hint: "utc is 2026-01-15 09:00:00.",
      words: times,
      fallback: "iso",
    }).optional(),
    authorization: secretText({
      what: "The Authorization header, whole.",
      hint: "Set it with: pulumi config set --secret --path rollout.change.authorization 'Bearer …'",
      absent: "no such header",
    }).optional(),
    approvedStates,
  }),
  z.strictObject({
    kind: kind("file", "Files in a folder, `<id>.json`."),
    dir: text({ what: "The folder, relative to the project's.", example: "changes" }),
    approvedStates,
  }),
]);

const closed = (what: string, from: string, to: string) =>
  z.strictObject({
    from: text({ what: `Where ${what} begins.`, example: from }),
    to: text({ what: `Where ${what} ends.`, example: to }),
    reason: text({ what: "Why, for the message.", example: "year end" }),
  });

/** When a rollout may start. The moments themselves are judged by a rule. */
export const windowsSchema = z.strictObject({
  zone: text({
    what: "IANA time zone of the wall clock.",
    fallback: "UTC",
    example: "Europe/Berlin",
  }).optional(),
  rules: key(z.array(closed("the closed part of the week", "Fri 16:00", "Mon 08:00")), {
    what: "Parts of every week in which nothing starts.",
    rule: "a list of { from, to, reason }",
    hint: 'Write [{ from: "Fri 16:00", to: "Mon 08:00", reason: weekend }]; [] closes nothing.',
    fallback: "preset",
  }).optional(),
  freezes: key(z.array(closed("the freeze", "2026-12-20", "2027-01-03")), {
    what: "Dates between which nothing starts.",
    rule: "a list of { from, to, reason }",
    hint: 'Write [{ from: "2026-12-20", to: "2027-01-03", reason: year end }].',
    fallback: "[]",
  }).optional(),
});

/** Where the same image must have been promoted before. */
export const promotedInSchema = key(
  z.union([
    z.literal(false),
    z.strictObject({
      stacks: key(z.array(z.string().regex(/^[\w.-]+$/)).min(1), {
        what: "Stacks of the same project.",
        rule: "a list of at least one stack name",
        hint: "Write [test, staging].",
        fallback: "preset",
      }).optional(),
      withinDays: whole(
        { min: 1, max: 365 },
        { what: "For how many days a promotion holds.", fallback: "14" },
      ).optional(),
    }),
  ]),
  {
    what: "Stacks in which the same image must have been promoted before; false: none, and the journal says so.",
    rule: "false, or an object with stacks and withinDays",
    hint: "Write { stacks: [test, staging], withinDays: 14 }, or false.",
    fallback: "preset",
  },
);
