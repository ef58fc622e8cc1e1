import * as z from "zod";
import { azureMonitorSchema } from "./azure-monitor-schema.ts";
import { dnsLabel, duration, key, text } from "./leaves.ts";
import { defaults } from "./presets.ts";
import { kind, path, url } from "./schema-parts.ts";

const sandboxNote = "the simulated cloud, in rehearsals and tests";
const { prometheus } = defaults;

const cohort = z.strictObject({
  label: text({
    what: "Label that carries the version's side.",
    fallback: prometheus.cohortLabel,
    example: "version",
  }).optional(),
  stable: text({ what: "Value of the label on stable.", example: "stable" }),
  candidate: text({ what: "Value of the label on the candidate.", example: "canary" }),
});

const prometheusSchema = z.strictObject({
  kind: kind("prometheus", "The HTTP API of a Prometheus server."),
  url: url({ what: "Base URL of the API.", example: "http://prometheus.monitoring:9090" }),
  cohort: key(cohort, {
    what: "How the two sides are told apart.",
    rule: "an object with stable and candidate, and perhaps label",
    hint: "Write { label: version, stable: stable, candidate: canary }.",
  }),
  match: key(z.record(z.string(), z.string()), {
    what: "Further label matchers, all of which must hold.",
    rule: "an object of label names and texts",
    hint: "Write { app: atp-ingestion }.",
    fallback: "{ app: <service> }",
  }).optional(),
  requests: z
    .strictObject({
      metric: text({
        what: "Counter of requests, as the full series name.",
        fallback: prometheus.requests.metric,
        example: "http_requests_total",
      }).optional(),
      codeLabel: text({
        what: "Its label with the HTTP status; 5xx are errors.",
        fallback: prometheus.requests.codeLabel,
        example: "code",
      }).optional(),
    })
    .optional(),
  latency: z
    .strictObject({
      metric: text({
        what: "Histogram of durations, in seconds unless its name ends in _ms or _milliseconds; with or without _bucket.",
        fallback: prometheus.latency.metric,
        example: "http_request_duration_seconds",
      }).optional(),
    })
    .optional(),
  exceptions: z
    .strictObject({
      metric: text({
        what: "Counter of exceptions, as the full series name.",
        fallback: prometheus.exceptions.metric,
        example: "exceptions_total",
      }).optional(),
    })
    .optional(),
  lag: duration(
    { min: "1s", max: "10m" },
    {
      what: "How long until a span of time is complete at the server: at least two scrape intervals.",
      fallback: "30s",
    },
  ).optional(),
});

/** Where counts per version come from. */
export const metricsSchema = z.discriminatedUnion("kind", [
  z.strictObject({ kind: kind("sandbox", `Counts of ${sandboxNote}.`) }),
  prometheusSchema,
  azureMonitorSchema,
]);

function urls(side: string, example: string, absent?: string) {
  const each = url({ what: `A health URL of ${side}.`, example });
  return key(z.array(each).min(1), {
    what: `Health URLs of ${side}: each must answer 200.`,
    rule: "a list of at least one URL",
    hint: `Write [${example}].`,
    ...(absent === undefined ? {} : { absent }),
  });
}

/** Where health is asked. */
export const healthSchema = z.discriminatedUnion("kind", [
  z.strictObject({ kind: kind("sandbox", `Health of ${sandboxNote}.`) }),
  z.strictObject({
    kind: kind("http", "HTTP GET; anything but 200 is a failure."),
    candidate: urls(
      "the candidate",
      "http://atp-ingestion-canary.atp-prod/health/ready",
      "required where a candidate stands beside stable; else it isn't asked",
    ).optional(),
    stable: urls(
      "stable, without which an outage of everything could not be told apart",
      "http://atp-ingestion.atp-prod/health/ready",
    ),
  }),
]);

/** The fast way of slots; one of the lever's kinds. */
const slotLever = z.strictObject({
  kind: kind("app-service-slot", "App Service: swaps the idle slot with production, over ARM."),
  subscriptionId: text({ what: "Subscription of the app.", example: "0b1f6471-1bf0-4dda-aec3-cb9272f09590" }),
  resourceGroup: text({ what: "Resource group of the app.", example: "atp-staging" }),
  app: text({
    what: "Name of the app in Azure.",
    fallback: "<service>",
    example: "atp-ingestion",
  }).optional(),
  slot: text({ what: "Name of the idle slot.", fallback: "staging", example: "staging" }).optional(),
  buildPath: path({ what: "Where the app answers its build id.", absent: "it isn't asked" }).optional(),
  endpoint: url({
    what: "ARM's base URL, in another cloud.",
    example: "https://management.usgovcloudapi.net",
  }).optional(),
});

/** Which cluster a lever's object is in. */
const cluster = {
  kubeconfig: text({
    what: "Path of a kubeconfig file.",
    absent: "KUBECONFIG, ~/.kube/config or the pod's own account",
    example: "/home/ci/.kube/prod",
  }).optional(),
  context: text({
    what: "Context of the kubeconfig.",
    absent: "its current context",
    example: "prod",
  }).optional(),
};

const poolName = z.string().regex(/^[a-z][a-z0-9]{0,7}$/);
const surge = z.union([z.int().min(1), z.string().regex(/^([1-9]\d*|([1-9]\d?|100)%)$/)]);

/** The fast way back of node pools; one of the lever's kinds. */
const nodePoolLever = z.strictObject({
  kind: kind("node-pools", "Node pools of an AKS cluster: moves their pods between old and new nodes."),
  pools: key(
    z
      .array(poolName)
      .min(1)
      .max(100)
      .refine((pools) => new Set(pools).size === pools.length),
    {
      what: "The pools, in the order in which they move.",
      rule: "a list of different names, each a lower-case letter and at most seven letters and digits more",
      hint: "Azure's names have twelve characters, and four of them are the version's: write [system, work].",
    },
  ),
  maxSurge: key(surge, {
    what: "Nodes that are emptied at a time, and the pool's own max surge.",
    rule: "a number of nodes or a share of the pool, at least 1",
    hint: "Write 1 or 33%.",
    fallback: defaults.nodePools.maxSurge,
  }).optional(),
  drainTimeout: duration(
    { min: "1m", max: "24h" },
    {
      what: "How long the pods of one node may take to go, within their disruption budgets.",
      fallback: "30m",
    },
  ).optional(),
  ...cluster,
});

function objectName(what: string, fallback: string, example: string) {
  return dnsLabel({ what, fallback, example, maxLength: 253 }).optional();
}

/** The fast way to move traffic. */
export const leverSchema = z.discriminatedUnion("kind", [
  z.strictObject({ kind: kind("sandbox", `The router of ${sandboxNote}.`) }),
  z.strictObject({
    kind: kind("http-route", "Weights of a Gateway API HTTPRoute, by one patch."),
    namespace: dnsLabel({ what: "Namespace of the HTTPRoute.", example: "atp-prod" }),
    route: objectName("Name of the HTTPRoute.", "<service>", "atp-ingestion"),
    ...cluster,
  }),
  z.strictObject({
    kind: kind("istio", "Weights of an Istio VirtualService, by one patch."),
    namespace: dnsLabel({ what: "Namespace of the VirtualService.", example: "atp-prod" }),
    virtualService: objectName("Name of the VirtualService.", "<service>", "atp-ingestion"),
    ...cluster,
  }),
  z.strictObject({
    kind: kind(
      "ingress-nginx",
      "Legacy, as ingress-nginx is retired upstream: the annotation canary-weight of a canary Ingress.",
    ),
    namespace: dnsLabel({ what: "Namespace of the canary Ingress.", example: "atp-prod" }),
    ingress: objectName("Name of the canary Ingress.", "<service>-canary", "atp-ingestion-canary"),
    ...cluster,
  }),
  z.strictObject({
    kind: kind("replica-ratio", "No router: a Service over both sides' pods, whose numbers are the share."),
    namespace: dnsLabel({ what: "Namespace of the Service.", example: "atp-prod" }),
    service: objectName("Name of the Service that users call.", "<service>", "atp-ingestion"),
    ...cluster,
  }),
  slotLever,
  nodePoolLever,
  z.strictObject({
    kind: kind("app-configuration", "The stack's `flag`, alone: nothing else is rolled out."),
  }),
]);

/** Where lease and journal are kept. */
export const recordSchema = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: kind("file", "Files in a folder."),
    dir: text({
      what: "The folder, relative to the project's.",
      fallback: defaults.record.dir,
      example: ".rollouts",
    }).optional(),
    lease: duration(
      { min: "3s", max: "1h" },
      {
        what: "Term of the lease, renewed every third of it: how long a second driver waits after a crash on another host.",
        fallback: "30s",
      },
    ).optional(),
  }),
]);
