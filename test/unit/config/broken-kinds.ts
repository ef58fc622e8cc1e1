import type { BrokenConfig } from "./broken-config.ts";
import { sandboxConfig, validConfig } from "./valid-config.ts";

/** Configs whose kinds, secrets or sections are wrong. */
export const brokenKinds: readonly BrokenConfig[] = [
  {
    name: "slots for a canary, and a validation of half a queue",
    why: "slots take all traffic or none, and what can't be asked would never pass",
    written: {
      ...validConfig,
      strategy: "canary",
      lever: { kind: "app-service-slot", subscriptionId: "", resourceGroup: "rg", buildPath: "version" },
      validate: {
        health: "health",
        smoke: "npm run smoke",
        postgres: "",
        serviceBus: { namespace: "atp-bus" },
        keyVault: { url: "atp-kv", secret: "db" },
      },
    },
    expected: [
      {
        path: "rollout.lever.subscriptionId",
        received: '""',
        rule: "a text on one line",
        hint: "Write it like",
      },
      {
        path: "rollout.lever.buildPath",
        received: '"version"',
        rule: "starts with /",
        hint: "/health/ready",
      },
      { path: "rollout.validate.health", received: '"health"', rule: "starts with /", hint: "/health/ready" },
      {
        path: "rollout.validate.smoke",
        received: '"npm run smoke"',
        rule: "a list of at least one text",
        hint: '"npm", "run"',
      },
      {
        path: "rollout.validate.postgres",
        received: '"[secret]"',
        rule: "a text on one line",
        hint: "--secret",
      },
      { path: "rollout.validate.serviceBus.queue", rule: "required", hint: "Write it like" },
      {
        path: "rollout.validate.keyVault.url",
        received: '"atp-kv"',
        rule: "an http or https URL",
        hint: "Write it like",
      },
    ],
  },
  {
    name: "a canary whose health nobody asks",
    why: "in place and on slots one side serves; beside stable an ill candidate would go unseen",
    written: {
      ...validConfig,
      strategy: "canary",
      health: { kind: "http", stable: ["http://atp-ingestion/health"] },
    },
    expected: [
      {
        path: "rollout.health.candidate",
        rule: "required: health URLs of the candidate",
        hint: "-canary",
      },
    ],
  },
  {
    name: "tenants twice, before a router that can't tell them",
    why: "a tenant is in or out, and a weight alone knows no tenants",
    written: {
      ...validConfig,
      cohort: { by: "tenant", header: "X-Tenant-Id", tenants: ["acme", "globex", "acme"] },
      lever: { kind: "istio", namespace: "atp" },
    },
    expected: [
      {
        path: "rollout.lever.kind",
        received: '"istio"',
        rule: "http-route beside cohort",
        hint: "HTTPRoute",
      },
      { path: "rollout.cohort.tenants", received: "acme", rule: "no tenant twice (acme)", hint: "in or out" },
    ],
  },
  {
    name: "slots for a canary, alone",
    why: "the shape is right, and the two don't go together",
    written: {
      ...validConfig,
      strategy: "canary",
      lever: { kind: "app-service-slot", subscriptionId: "0b1f", resourceGroup: "rg" },
    },
    expected: [
      {
        path: "rollout.strategy",
        received: '"canary"',
        rule: "blue-green beside the lever app-service-slot, not canary",
        hint: "strategy: blue-green",
      },
    ],
  },
  {
    name: "blue-green on Kubernetes without a lever, and a queue of nowhere",
    why: "the switch and the way back are one call; there is no slot to take a place from",
    written: {
      ...validConfig,
      strategy: "blue-green",
      increments: undefined,
      lever: undefined,
      validate: { serviceBus: { namespace: "atp-bus", queue: "ingest" } },
    },
    expected: [
      { path: "rollout.lever", rule: "required: a lever", hint: "http-route" },
      {
        path: "rollout.validate.serviceBus.subscriptionId",
        rule: "required where there is no slot",
        hint: "where the namespace lies",
      },
      {
        path: "rollout.validate.serviceBus.resourceGroup",
        rule: "required where there is no slot",
        hint: "where the namespace lies",
      },
    ],
  },
  {
    name: "sources of approvals that nobody could read",
    why: "a typo here would block every start, and a token may stand in any of these",
    written: {
      ...sandboxConfig,
      approvals: {
        required: 2,
        sources: [
          { kind: "bugzilla" },
          { kind: "github", repository: "ingestion", environment: "production", runId: 7, token: "" },
          { kind: "signed-files", folder: "approvals" },
        ],
        expires: "8",
      },
    },
    expected: [
      {
        path: "rollout.approvals.sources[0].kind",
        received: '"bugzilla"',
        rule: "github, azure-devops, signed-files",
        hint: "Known kinds",
      },
      {
        path: "rollout.approvals.sources[1].repository",
        received: '"[secret]"',
        rule: "owner/name",
        hint: "atp/ingestion",
      },
      { path: "rollout.approvals.sources[1].runId", received: "7", rule: "digits", hint: "in a pipeline" },
      {
        path: "rollout.approvals.sources[1].token",
        received: '"[secret]"',
        rule: "or { secure: … }",
        hint: "rollout.approvals.sources[<n>].token",
      },
      { path: "rollout.approvals.sources[2].dir", rule: "required: a text", hint: "approvals/prod" },
      {
        path: "rollout.approvals.sources[2].folder",
        received: '"[secret]"',
        rule: "a known key: kind, dir, tag",
        hint: "",
      },
      { path: "rollout.approvals.expires", received: '"8"', rule: "a duration from 1m", hint: "" },
    ],
  },
  {
    name: "a change system without {id}, and a state that is no pointer",
    why: "the same change would be read for every rollout",
    written: {
      ...sandboxConfig,
      change: {
        kind: "http",
        url: "https://changes.example/planted",
        fields: { state: "state" },
        authorization: 7,
      },
      promotedIn: true,
    },
    expected: [
      { path: "rollout.change.url", received: '"[secret]"', rule: "with {id}", hint: "{id}" },
      {
        path: "rollout.change.fields.state",
        received: '"[secret]"',
        rule: "a JSON pointer",
        hint: "/result",
      },
      { path: "rollout.change.authorization", received: "7", rule: "{ secure: … }", hint: "--secret" },
      { path: "rollout.promotedIn", received: "true", rule: "false, or an object", hint: "stacks" },
    ],
  },
  {
    name: "kinds that are designed but not built",
    why: "they are refused by name, with those that are built",
    written: {
      ...sandboxConfig,
      metrics: { kind: "command", run: ["./counts"] },
      health: { kind: "command", run: ["./health"] },
      record: { kind: "azure-blob" },
    },
    expected: [
      {
        path: "rollout.metrics.kind",
        received: '"command"',
        rule: "sandbox, prometheus, azure-monitor",
        hint: "command is not built yet. Built: sandbox, prometheus, azure-monitor.",
      },
      {
        path: "rollout.health.kind",
        received: '"command"',
        rule: "sandbox, http",
        hint: "command is not built yet. Built: sandbox, http.",
      },
      {
        path: "rollout.record.kind",
        received: '"azure-blob"',
        rule: "file",
        hint: "azure-blob is not built yet",
      },
    ],
  },
  {
    name: "kinds that nobody knows, and none",
    why: "nothing falls back silently",
    written: {
      ...sandboxConfig,
      metrics: { kind: "promethius" },
      health: {},
      lever: { kind: 7 },
      notify: [{ kind: "fax" }],
    },
    expected: [
      {
        path: "rollout.metrics.kind",
        received: '"promethius"',
        rule: "sandbox, prometheus",
        hint: "Did you mean prometheus?",
      },
      {
        path: "rollout.health.kind",
        rule: "required: one of the kinds that are built: sandbox, http",
        hint: "kind: http",
      },
      { path: "rollout.lever.kind", received: "7", rule: "sandbox, http-route", hint: "kind: http-route" },
      {
        path: "rollout.notify[0].kind",
        received: '"fax"',
        rule: "log, webhook",
        hint: "Known kinds: log, webhook, slack",
      },
    ],
  },
  {
    name: "channels with half of what they need, and people without names",
    why: "a message that can't be sent is noticed when something has gone wrong already",
    written: {
      ...sandboxConfig,
      notify: [
        { kind: "slack", webhook: "hooks.slack.example/T0", for: "incident" },
        { kind: "email", smtp: "https://mail.example", from: "rollouts", to: [] },
        { kind: "pagerduty" },
        { kind: "github-deployments", repository: "ingestion", token: "ghp_planted" },
        { kind: "app-insights", resourceId: "atp", endpoint: "http://management.example" },
      ],
      communication: {
        onCall: { secondary: "@bob" },
        zone: "New York",
        dashboards: [{ name: "AI", url: "portal.azure.com" }],
      },
      incident: { kind: "http", url: "https://incidents.example", id: "id" },
    },
    expected: [
      {
        path: "rollout.notify[0].webhook",
        received: '"[secret]"',
        rule: "http or https URL",
        hint: "--secret",
      },
      { path: "rollout.notify[0].for", received: '"[secret]"', rule: "one of all", hint: "incidents" },
      { path: "rollout.notify[1].smtp", received: '"[secret]"', rule: "smtp or smtps URL", hint: "--secret" },
      { path: "rollout.notify[1].from", received: '"[secret]"', rule: "an e-mail address", hint: "@" },
      { path: "rollout.notify[1].to", received: "[]", rule: "at least one", hint: "platform@" },
      { path: "rollout.notify[2].routingKey", rule: "required", hint: "--secret" },
      { path: "rollout.notify[3].repository", received: '"[secret]"', rule: "owner/name", hint: "atp/" },
      {
        path: "rollout.notify[4].resourceId",
        received: '"[secret]"',
        rule: "the ARM id",
        hint: "components",
      },
      {
        path: "rollout.notify[4].endpoint",
        received: '"[secret]"',
        rule: "an https URL",
        hint: "https://",
      },
      { path: "rollout.communication.onCall.primary", rule: "required", hint: "@alice" },
      {
        path: "rollout.communication.zone",
        received: '"New York"',
        rule: "an IANA time zone",
        hint: "America/",
      },
      {
        path: "rollout.communication.dashboards[0].url",
        received: '"portal.azure.com"',
        rule: "an http or https URL",
        hint: "https://",
      },
      { path: "rollout.incident.id", received: '"[secret]"', rule: "a JSON pointer", hint: "/result" },
    ],
  },
  {
    name: "prometheus with a password in the URL and half a cohort",
    why: "config files are read by many; without both values nobody can tell the sides apart",
    written: {
      ...validConfig,
      metrics: { kind: "prometheus", url: "http://ada:hunter22@prom:9090", cohort: { stable: "stable" } },
    },
    expected: [
      {
        path: "rollout.metrics.url",
        received: "[secret]@prom",
        rule: "without user name and password",
        hint: "http://",
      },
      { path: "rollout.metrics.cohort.candidate", rule: "required: a text", hint: "canary" },
    ],
  },
  {
    name: "secrets where none may be",
    why: "the plan is public: only a notify URL and tokens may be secret",
    written: { ...sandboxConfig, service: { secure: "v1:abc" }, soak: { secure: "v1:def" } },
    expected: [
      {
        path: "rollout.service",
        received: '"[secret]"',
        rule: "a DNS label",
        hint: "only keys and URLs of notify and incident may",
      },
      {
        path: "rollout.soak",
        received: '"[secret]"',
        rule: "a duration",
        hint: "only keys and URLs of notify and incident may",
      },
    ],
  },
  {
    name: "a webhook without a scheme",
    why: "its URL is a secret even when it is wrong",
    written: {
      ...sandboxConfig,
      notify: [{ kind: "log" }, { kind: "webhook", url: "hooks.example/T0/planted" }],
    },
    expected: [
      {
        path: "rollout.notify[1].url",
        received: '"[secret]"',
        rule: "an http or https URL, or { secure: … }",
        hint: "--secret",
      },
    ],
  },
  {
    name: "sections of the wrong type",
    why: "indentation lost, or a value beside the key",
    written: {
      ...sandboxConfig,
      gates: "1%",
      hold: null,
      timeouts: ["10m"],
      notify: { kind: "log" },
      approvals: { cab: "yes" },
    },
    expected: [
      {
        path: "rollout.gates",
        received: '"1%"',
        rule: "an object with the keys errorRate",
        hint: "indented",
      },
      {
        path: "rollout.hold",
        received: "null",
        rule: "an object with the keys step, maxFactor",
        hint: "Nothing is written after the key",
      },
      {
        path: "rollout.timeouts",
        received: '["10m"]',
        rule: "an object with the keys rollout",
        hint: "indented",
      },
      {
        path: "rollout.notify",
        received: '{"kind":"[secret]"}',
        rule: "a list of channels",
        hint: "[{ kind: log }]",
      },
      { path: "rollout.approvals.cab", received: '"yes"', rule: "true or false", hint: "without quotes" },
    ],
  },
];
