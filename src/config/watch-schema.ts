import * as z from "zod";
import { duration, key, text } from "./leaves.ts";
import { kind, logsEndpoint, logsPlace, url } from "./schema-parts.ts";

const aggregations = ["Average", "Maximum", "Minimum", "Total"] as const;

const program = key(z.array(z.string().min(1)).min(1), {
  what: "A program and its arguments, started without a shell.",
  rule: "a list of at least one text",
  hint: 'Write ["./pool-usage", "--percent"].',
});

const none = z.strictObject({
  kind: kind("none", "Nothing watches it."),
  reason: text({ what: "Why not; `plan` shows it.", example: "the service has no database" }),
});

const sources = [
  z.strictObject({ kind: kind("sandbox", "Levels of the simulated cloud, in rehearsals and tests.") }),
  z.strictObject({
    kind: kind("prometheus", "A PromQL query; the highest of its series counts."),
    url: url({ what: "Base URL of the API.", example: "http://prometheus.monitoring:9090" }),
    query: text({ what: "PromQL.", example: "100 * max(db_pool_used / db_pool_size)" }),
  }),
  z.strictObject({
    kind: kind("azure-metrics", "A platform metric of an Azure resource."),
    resourceId: text({ what: "ARM id of the resource.", example: "/subscriptions/…/namespaces/atp-bus" }),
    metric: text({ what: "Name of the metric.", example: "ActiveMessages" }),
    aggregation: key(z.enum(aggregations), {
      what: "How a minute is put together.",
      rule: `one of ${aggregations.join(", ")}`,
      hint: "Write Maximum for a level.",
      words: aggregations,
      fallback: "Maximum",
    }).optional(),
    filter: text({
      what: "A filter on the metric's dimensions.",
      absent: "all of them",
      example: "EntityName eq 'ingest'",
    }).optional(),
    of: key(z.number().positive(), {
      what: "What 100 % is, where the metric is a number and the level a share.",
      rule: "a number above 0",
      hint: "Write 100 for a pool of 100 connections.",
      absent: "the metric is taken as it is",
    }).optional(),
    endpoint: url({
      what: "ARM's base URL, in another cloud.",
      example: "https://management.usgovcloudapi.net",
    }).optional(),
  }),
  z.strictObject({
    kind: kind("azure-logs", "A KQL query with the columns `at` and `value`."),
    ...logsPlace,
    query: text({
      what: "KQL; `t0` and `t1` are defined before it.",
      example:
        "AppMetrics | where TimeGenerated between (t0 .. t1) | project at = TimeGenerated, value = Max",
    }),
    ...logsEndpoint,
  }),
  z.strictObject({ kind: kind("command", "A program that prints one number."), run: program }),
] as const;

const source = z.discriminatedUnion("kind", [...sources]);
const maybe = z.discriminatedUnion("kind", [none, ...sources]);

function trigger(what: string, example: string) {
  return key(maybe, {
    what,
    rule: "an object with a kind",
    hint: `Write ${example}, or { kind: none, reason: … }.`,
    absent: "not watched; in production it has to be said",
  }).optional();
}

const review = z.strictObject({
  name: key(z.string().regex(/^[a-z][a-z0-9-]{0,39}$/), {
    what: "Its name.",
    rule: "a lower-case letter, and at most 39 letters, digits and hyphens more",
    hint: "Write checkout-rate.",
  }),
  limit: key(z.number(), { what: "Past it a person is asked.", rule: "a number", hint: "Write 0.95." }),
  worse: key(z.enum(["above", "below"]), {
    what: "Which side of the limit is to be looked at.",
    rule: "above or below",
    hint: "Write below for a rate that should be high.",
    words: ["above", "below"],
    fallback: "above",
  }).optional(),
  source: key(source, {
    what: "Where it comes from.",
    rule: "an object with a kind",
    hint: "Write { kind: prometheus, url: …, query: … }.",
  }),
});

const integrity = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: kind(
      "command",
      "Exit code 0 means whole, 1 with a line on stdout broken; anything else, that it could not check.",
    ),
    run: program,
  }),
  z.strictObject({
    kind: kind("http", "GET; 200 means whole, 409 or 422 broken; anything else, that it could not check."),
    url: url({ what: "Where to ask.", example: "http://atp-verifier.atp-prod/chain" }),
  }),
]);

/** What is watched beside the counts. */
export const watchSchema = z.strictObject({
  dbPool: trigger(
    "Level of the database connection pool, in percent of it.",
    '{ kind: prometheus, url: …, query: "100 * max(db_pool_used / db_pool_size)" }',
  ),
  queue: trigger(
    "Messages that wait in the event queue.",
    "{ kind: azure-metrics, resourceId: …, metric: ActiveMessages }",
  ),
  memory: trigger(
    "Memory of the containers, in percent of their limit.",
    '{ kind: prometheus, url: …, query: "100 * max(container_memory_working_set_bytes / container_spec_memory_limit_bytes)" }',
  ),
  queueLag: key(source, {
    what: "How long an event waits in the queue until it is processed, in seconds: judged with the SLOs (`slo`), above 120 s a warning, above 300 s critical.",
    rule: "an object with a kind",
    hint: 'Write { kind: prometheus, url: …, query: "max(queue_lag_seconds)" }.',
    absent: "not judged",
  }).optional(),
  review: key(
    z.array(review).refine((all) => new Set(all.map(({ name }) => name)).size === all.length),
    {
      what: "Business metrics that hold for a person past their limit; they never revert by themselves.",
      rule: "a list of { name, limit, source }, each name once",
      hint: "Write [{ name: checkout-rate, limit: 0.95, worse: below, source: { kind: prometheus, … } }].",
      absent: "none",
    },
  ).optional(),
  integrity: key(integrity, {
    what: "Verifies what the candidate has written; one failure reverts.",
    rule: "an object with a kind",
    hint: 'Write { kind: command, run: ["./verify-chain"] }.',
    absent: "nothing checks it",
  }).optional(),
});

const rate = key(z.number().min(0), {
  what: "Requests a second.",
  rule: "a number from 0",
  hint: "Write 10000.",
});

/** What the service promises. */
export const sloSchema = key(
  z.union([
    z.literal(false),
    z.strictObject({
      availability: key(z.number().gt(0).lt(100), {
        what: "Share of the requests that may not fail, in percent; the rest is the error budget.",
        rule: "a number above 0 and below 100",
        hint: "Write 99.9.",
        fallback: "99.9",
      }).optional(),
      resolveWithin: duration(
        { min: "1m", max: "24h" },
        { what: "How long an SLO may be critical before the rollout turns back.", fallback: "10m" },
      ).optional(),
      throughput: key(
        z
          .strictObject({ target: rate, warning: rate, critical: rate })
          .refine(({ target, warning, critical }) => target >= warning && warning >= critical),
        {
          what: "Requests a second of both sides together, at least.",
          rule: "an object with target, warning and critical, each at least the next",
          hint: "Write { target: 10000, warning: 8000, critical: 5000 }.",
          absent: "not judged",
        },
      ).optional(),
      window: key(z.enum(["rolling-30d", "calendar-month"]), {
        what: "What the error budget is counted over.",
        rule: "rolling-30d or calendar-month",
        hint: "Write rolling-30d.",
        words: ["rolling-30d", "calendar-month"],
        fallback: "rolling-30d",
      }).optional(),
    }),
  ]),
  {
    what: "Service level objectives: a warning holds, critical turns back in time, and the error budget decides before the start. `false`: none.",
    rule: "false, or an object with availability, resolveWithin, window",
    hint: "Write { availability: 99.9 }.",
    fallback: "preset",
  },
);
