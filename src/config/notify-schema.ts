import * as z from "zod";
import { isTimeZone } from "../lib/local-time.ts";
import { rungs } from "../types/escalation.ts";
import { key, text } from "./leaves.ts";
import { kind, secretText, secureValue, url } from "./schema-parts.ts";

const channels = ["all", "incidents", "deployments", ...rungs, "security", "compliance"] as const;

const which = key(z.enum(channels), {
  what: "Which messages: incidents are holds and ways back, deployments everything else and how each one has ended; lead, manager, vp and cto what goes up to them, security and compliance what an incident tells of data corruption, or of a compliance violation.",
  rule: `one of ${channels.join(", ")}`,
  hint: "Write for: incidents.",
  words: channels,
  fallback: "all",
}).optional();

/** A URL that holds a key. */
function secretUrl(facts: {
  readonly what: string;
  readonly set: string;
  readonly protocols: readonly string[];
}) {
  const { what, set, protocols } = facts;
  const fits = (written: string) =>
    URL.canParse(written) && protocols.includes(new URL(written).protocol.replace(":", ""));
  return key(z.union([z.string().refine(fits), secureValue]), {
    what,
    rule: `an ${protocols.join(" or ")} URL, or { secure: … }`,
    hint: `Set it with: pulumi config set --secret --path '${set}' ${protocols.at(-1)}://…`,
    secret: true,
  });
}

const http = ["http", "https"];
const address = (what: string, example: string) =>
  key(z.string().regex(/^(?:[^<>\r\n]*<)?[^\s<>@]+@[^\s<>@]+>?$/), {
    what,
    rule: "an e-mail address",
    hint: `Write it like ${example}.`,
  });

const repository = key(z.string().regex(/^[\w.-]+\/[\w.-]+$/), {
  what: "The repository.",
  rule: "owner/name",
  hint: "Write it like atp/ingestion.",
});

const component = key(
  z
    .string()
    .regex(
      /^\/subscriptions\/[^/?#]+\/resourceGroups\/[^/?#]+\/providers\/microsoft\.insights\/components\/[^/?#]+$/i,
    ),
  {
    what: "ARM id of the Application Insights resource.",
    rule: "the ARM id of an Application Insights resource",
    hint: "Copy the resource id: /subscriptions/…/providers/microsoft.insights/components/….",
  },
);

function isSafe(written: string): boolean {
  if (!URL.canParse(written)) return false;
  const { protocol, hostname, username, password } = new URL(written);
  if (username !== "" || password !== "") return false;
  const local = ["127.0.0.1", "localhost", "[::1]"].includes(hostname);
  return protocol === "https:" || (protocol === "http:" && local);
}

/** Who is told. */
export const notifySchema = z.discriminatedUnion("kind", [
  z.strictObject({ kind: kind("log", "Lines on stderr."), for: which }),
  z.strictObject({
    kind: kind("webhook", "A POST of the whole message as JSON."),
    url: secretUrl({
      what: "Where to; most such URLs are secrets.",
      set: "rollout.notify[<n>].url",
      protocols: http,
    }),
    for: which,
  }),
  z.strictObject({
    kind: kind("slack", "A Slack incoming webhook."),
    webhook: secretUrl({
      what: "Its URL, which leads to one channel.",
      set: "rollout.notify[<n>].webhook",
      protocols: http,
    }),
    for: which,
  }),
  z.strictObject({
    kind: kind("teams", "A Teams workflow that is started by a webhook request."),
    workflow: secretUrl({ what: "Its URL.", set: "rollout.notify[<n>].workflow", protocols: http }),
    for: which,
  }),
  z.strictObject({
    kind: kind("email", "Mail by SMTP, as plain text."),
    smtp: secretUrl({
      what: "The server, with user name and password.",
      set: "rollout.notify[<n>].smtp",
      protocols: ["smtp", "smtps"],
    }),
    from: address("Who sends.", "rollouts@atp.example"),
    to: key(z.array(address("Who gets it.", "platform@atp.example")).min(1), {
      what: "Who gets it.",
      rule: "a list of at least one e-mail address",
      hint: "Write [platform@atp.example].",
    }),
    for: which,
  }),
  z.strictObject({
    kind: kind("pagerduty", "One alert a rollout, and its changes: PagerDuty's Events API v2."),
    routingKey: secretText({
      what: "Integration key of the service.",
      hint: "Set it with: pulumi config set --secret --path 'rollout.notify[<n>].routingKey' …",
    }),
    endpoint: url({
      what: "Base URL of the Events API. Default: https://events.pagerduty.com.",
      example: "https://events.eu.pagerduty.com",
    }).optional(),
    for: which,
  }),
  z.strictObject({
    kind: kind("github-deployments", "A GitHub deployment a rollout, with a status for each message."),
    repository,
    token: secretText({
      what: "Writes deployments.",
      hint: "Set it with: pulumi config set --secret --path 'rollout.notify[<n>].token' …",
    }),
    ref: text({
      what: "Tag or branch of a version, with {version} where that goes.",
      absent: "the pipeline's commit, from GITHUB_SHA",
      example: "v{version}",
    }).optional(),
    environment: text({
      what: "The deployment environment.",
      fallback: "<preset>",
      example: "prod",
    }).optional(),
    apiUrl: url({ what: "Base URL of the API.", example: "https://github.example/api/v3" }).optional(),
    for: which,
  }),
  z.strictObject({
    kind: kind("app-insights", "Release annotations in Application Insights' charts and workbooks."),
    resourceId: component,
    endpoint: key(z.string().refine(isSafe), {
      what: "ARM's base URL in another cloud. Default: https://management.azure.com.",
      rule: "an https URL (http only on this machine): a token goes there",
      hint: "Write it like https://management.usgovcloudapi.net.",
    }).optional(),
    for: which,
  }),
]);

/** Where an incident is opened. */
export const incidentSchema = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: kind(
      "http",
      "A POST of { key, title, text, service, environment }; the answer is JSON with the incident's id.",
    ),
    url: secretUrl({ what: "Where to.", set: "rollout.incident.url", protocols: http }),
    authorization: secretText({
      what: "The Authorization header, whole.",
      hint: "Set it with: pulumi config set --secret --path rollout.incident.authorization 'Bearer …'",
      absent: "no such header",
    }).optional(),
    id: key(z.string().regex(/^(?:\/[^/]*)+$/), {
      what: "JSON pointer to the id in the answer.",
      rule: "a JSON pointer, /a/0/b",
      hint: "Write it like /result/number.",
      fallback: "/id",
    }).optional(),
  }),
  z.strictObject({
    kind: kind("pagerduty", "An incident by PagerDuty's REST API."),
    token: secretText({
      what: "A REST API key.",
      hint: "Set it with: pulumi config set --secret --path rollout.incident.token …",
    }),
    from: address("A user of the account, in whose name it is opened.", "rollouts@atp.example"),
    serviceId: text({ what: "Id of the service.", example: "PABC123" }),
    endpoint: url({
      what: "Base URL of the REST API. Default: https://api.pagerduty.com.",
      example: "https://api.eu.pagerduty.com",
    }).optional(),
  }),
]);

const person = (what: string, example = "@alice") => text({ what, absent: "nobody is named", example });

/** Who is named in messages, and what they lead to. */
export const communicationSchema = z.strictObject({
  onCall: z
    .strictObject({
      primary: text({ what: "Who is on call.", example: "@alice" }),
      secondary: person("Who comes after them.", "@bob").optional(),
    })
    .optional(),
  lead: person("The deployment lead: told within 5 min.").optional(),
  manager: person("The engineering manager: told where a way back fails.").optional(),
  vp: person("The VP of engineering: told where production is down for 30 min.").optional(),
  cto: person("The CTO: told of a SEV1 incident of an hour.").optional(),
  security: person("Who is called for data corruption.", "@sam").optional(),
  compliance: person("Who is called for a compliance violation.", "@kim").optional(),
  zone: key(z.string().refine(isTimeZone), {
    what: "IANA time zone in which messages tell times.",
    rule: "an IANA time zone",
    hint: "Write it like America/New_York.",
    fallback: "windows.zone, else UTC",
  }).optional(),
  dashboards: key(
    z.array(
      z.strictObject({
        name: text({ what: "What it shows.", example: "Application Insights" }),
        url: url({ what: "Where it is.", example: "https://portal.azure.com/…" }),
      }),
    ),
    {
      what: "What messages link to.",
      rule: "a list of { name, url }",
      hint: "Write [{ name: Application Insights, url: https://portal.azure.com/… }].",
      fallback: "[]",
    },
  ).optional(),
  rca: text({
    what: "When and where the root cause is analysed after a way back.",
    absent: "messages name none",
    example: "the next working day at 16:00, #atp-rca",
  }).optional(),
});
