import * as z from "zod";
import { duringItems, postItems, preItems } from "../types/checklist.ts";
import { duration, key, text, whole } from "./leaves.ts";
import { kind, logsEndpoint, logsPlace, secretText, url } from "./schema-parts.ts";

/** Items that have settings of their own, which say whether they are asked for. */
const setElsewhere: ReadonlySet<string> = new Set(["change-approved", "window"]);

/** Items that a stack can do without by name. */
export const waivable = [...preItems, ...duringItems, ...postItems].filter((item) => !setElsewhere.has(item));

const program = key(z.array(z.string().min(1)).min(1), {
  what: "A program and its arguments, started without a shell. It finds the version in VERSION.",
  rule: "a list of at least one text",
  hint: 'Write ["npm", "run", "load-test"].',
});

const command = z.strictObject({
  kind: kind("command", "Exit code 0 means met, 1 unmet; anything else, that it could not check."),
  run: program,
});

const evidence = z.discriminatedUnion("kind", [
  command,
  z.strictObject({
    kind: kind("http", "GET; 2xx means met, 409 or 422 unmet; anything else, that it could not check."),
    url: url({ what: "Where to ask.", example: "https://loadtest.example/atp/latest" }),
  }),
]);

function proof(what: string, example: string) {
  return key(evidence, {
    what,
    rule: "an object with a kind",
    hint: `Write ${example}.`,
    absent: "a person confirms",
  }).optional();
}

const synthetic = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: kind("http", "GET; 2xx means met, 409 or 422 unmet; anything else, that it could not check."),
    url: url({ what: "Where to ask.", example: "https://status.example/atp" }),
  }),
  z.strictObject({
    kind: kind("pingdom", "Uptime checks of Pingdom, by its API 3.1."),
    token: secretText({
      what: "An API token that may read.",
      hint: "Set it with: pulumi config set --secret --path 'rollout.checklist.synthetics[<n>].token' …",
    }),
    checks: key(z.array(z.number().int().positive()).min(1), {
      what: "Numbers of the checks; all of them have to be up.",
      rule: "a list of at least one whole number",
      hint: "Write [7310562].",
    }),
    endpoint: url({
      what: "Base URL of the API. Default: https://api.pingdom.com.",
      example: "https://api.pingdom.com",
    }).optional(),
  }),
  z.strictObject({
    kind: kind("availability", "Availability tests of Application Insights, from its logs."),
    ...logsPlace,
    tests: key(z.array(z.string().min(1)).min(1), {
      what: "Names of the tests; all of them have to pass.",
      rule: "a list of at least one name",
      hint: "Write [ingest-ping].",
    }),
    ...logsEndpoint,
  }),
]);

const waived = z.strictObject({
  item: key(z.enum(waivable), {
    what: "The item.",
    rule: `one of ${waivable.join(", ")}`,
    hint: "change-approved is set by approvals.cab, window by windows.",
    words: waivable,
  }),
  by: text({ what: "Who says so.", example: "dana" }),
  reason: text({ what: "Why; the journal keeps it.", example: "the stack has no staging" }),
});

const days = (what: string, fallback: string) => whole({ min: 1, max: 365 }, { what, fallback }).optional();

/** The three checklists of a stack. */
export const checklistSchema = key(
  z.union([
    z.literal(false),
    z.strictObject({
      waive: key(z.array(waived), {
        what: "Items that the stack does without.",
        rule: "a list of { item, by, reason }",
        hint: "Write [{ item: load-test, by: dana, reason: measured in production }].",
        fallback: "[]",
      }).optional(),
      confirmedWithin: duration(
        { min: "1m", max: "168h" },
        { what: "How long a person's word before the start holds.", fallback: "4h" },
      ).optional(),
      revertRehearsed: z
        .strictObject({
          stack: key(z.string().regex(/^[\w.-]+$/), {
            what: "Stack of the same project in whose journal the revert has to be exercised.",
            rule: "the name of a stack",
            hint: "Write staging.",
            fallback: "staging",
          }).optional(),
          withinDays: days("For how many days that holds.", "14"),
        })
        .optional(),
      loadTest: proof(
        "What tells whether the load test has passed; asked for a major version and a breaking API.",
        '{ kind: command, run: ["./load-test-passed"] }',
      ),
      securityScan: key(
        z.strictObject({
          path: text({
            what: "The scan's SARIF 2.1.0 file, relative to the project's folder.",
            example: "reports/trivy.sarif",
          }),
          withinDays: days("How old the scan may be, in days.", "7"),
        }),
        {
          what: "The security scan; nothing critical may be in it.",
          rule: "an object with path",
          hint: "Write { path: reports/trivy.sarif }.",
          absent: "a person confirms",
        },
      ).optional(),
      smoke: proof("The smoke test in production.", '{ kind: command, run: ["npm", "run", "smoke"] }'),
      synthetics: key(z.array(synthetic), {
        what: "Synthetic monitors, all of which have to pass after the promotion.",
        rule: "a list of monitors",
        hint: "Write [{ kind: http, url: https://status.example/atp }].",
        absent: "a person confirms",
      }).optional(),
      exceptions: key(command, {
        what: "What lists the candidate's exceptions by type.",
        rule: "an object with kind: command and run",
        hint: 'Write { kind: command, run: ["./exceptions-by-type"] }.',
        absent: "from the logs where metrics are read there, else a person watches",
      }).optional(),
    }),
  ]),
  {
    what: "The checklists before, during and after a rollout; false: none, and the journal says so.",
    rule: "false, or an object",
    hint: "Write {} to switch it on, or false.",
    absent: "on with the presets production and hotfix, else off",
  },
);
