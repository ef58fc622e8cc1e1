import { describe, expect, it } from "vitest";
import { normalizeConfig } from "../../../src/config/normalize.ts";
import type { EnvironmentPolicy } from "../../../src/types/policy.ts";
import { sandboxConfig, validConfig } from "./valid-config.ts";

function policyOf(written: unknown): EnvironmentPolicy {
  const result = normalizeConfig({ written, stack: "prod" });
  if ("issues" in result) throw new Error(JSON.stringify(result.issues, undefined, 2));
  return result.policy;
}
function issuesOf(written: unknown) {
  const result = normalizeConfig({ written, stack: "prod" });
  return "issues" in result ? result.issues : [];
}

const presets = ["development", "test", "staging", "production", "hotfix"] as const;
const evidence = { odds: 20, tolerance: 1.5, noise: 0.5 };
const slo = { availabilityPercent: 99.9, resolveWithinSeconds: 600, window: "rolling-30d" };
const of = (preset: string, more: object = {}) => policyOf({ ...sandboxConfig, preset, ...more });

describe("evidence", () => {
  it.each([
    { preset: "development", has: false },
    { preset: "test", has: true },
    { preset: "staging", has: true },
    { preset: "production", has: true },
    // Any error at all reverts a hotfix: stricter than any odds.
    { preset: "hotfix", has: false },
  ])("$preset: $has by default", ({ preset, has }) => {
    const { gates, origins } = of(preset);
    expect(gates.evidence).toEqual(has ? evidence : undefined);
    expect(origins["gates.evidence.odds"]).toBe(has ? "default" : undefined);
  });

  it.each(presets)("%s: `false` takes it away, an object brings it", (preset) => {
    const off = of(preset, { gates: { evidence: false } });
    expect(off.gates).not.toHaveProperty("evidence");
    expect(Object.keys(off.origins).filter((path) => path.startsWith("gates.evidence"))).toEqual([]);
    const on = of(preset, { gates: { evidence: { odds: 100, noise: 0 } } });
    expect(on.gates.evidence).toEqual({ odds: 100, tolerance: 1.5, noise: 0 });
    expect(["odds", "tolerance", "noise"].map((name) => on.origins[`gates.evidence.${name}`])).toEqual([
      "config",
      "default",
      "config",
    ]);
    expect(of(preset, { gates: { evidence: {} } }).gates.evidence).toEqual(evidence);
  });
});

describe("objectives", () => {
  it.each(presets)("%s: production and hotfix have them, others with slo: {}", (preset) => {
    const has = preset === "production" || preset === "hotfix";
    const { gates, origins } = of(preset);
    expect(gates.slo).toEqual(has ? slo : undefined);
    expect(origins["gates.slo.window"]).toBe(has ? "preset" : undefined);
    expect(of(preset, { slo: {} }).gates.slo).toEqual(slo);
    expect(of(preset, { slo: false }).gates).not.toHaveProperty("slo");
  });

  it("each of their values goes over the preset's", () => {
    const written = { availability: 99.5, resolveWithin: "5m", window: "calendar-month" };
    const { gates, origins } = of("production", { slo: written });
    expect(gates.slo).toEqual({
      availabilityPercent: 99.5,
      resolveWithinSeconds: 300,
      window: "calendar-month",
    });
    expect(Object.entries(origins).filter(([path]) => path.startsWith("gates.slo"))).toEqual([
      ["gates.slo.availabilityPercent", "config"],
      ["gates.slo.resolveWithinSeconds", "config"],
      ["gates.slo.window", "config"],
    ]);
    expect(of("production", { slo: { availability: 99.5 } }).origins["gates.slo.window"]).toBe("preset");
  });
});

describe("the queue's lag", () => {
  const source = { kind: "prometheus", url: "http://p:9090", query: "max(queue_lag_seconds)" };

  it("is watched where it is written, and judged with the objectives", () => {
    const { watch, gates, origins } = of("production", { watch: { queueLag: { kind: "sandbox" } } });
    expect(watch.queueLag).toEqual({ kind: "sandbox" });
    expect(gates.slo).toEqual({ ...slo, queueLag: true });
    expect(origins["watch.queueLag"]).toBe("config");
    const real = policyOf({ ...validConfig, watch: { ...validConfig.watch, queueLag: source } });
    expect(real.watch.queueLag).toStrictEqual(source);
    const resourceId = "/subscriptions/s/namespaces/bus";
    const platform = { kind: "azure-metrics", resourceId, metric: "Lag" };
    const azure = policyOf({ ...validConfig, watch: { ...validConfig.watch, queueLag: platform } });
    expect(azure.watch.queueLag).toStrictEqual({ ...platform, aggregation: "Maximum" });
  });

  it("without objectives nothing is judged by it; without a source the plan says nothing", () => {
    const off = of("production", { slo: false, watch: { queueLag: { kind: "sandbox" } } });
    expect(off.gates).not.toHaveProperty("slo");
    const { watch, gates, origins } = of("production");
    expect(watch).not.toHaveProperty("queueLag");
    expect(gates.slo).not.toHaveProperty("queueLag");
    expect(origins).not.toHaveProperty("watch.queueLag");
  });
});

describe("levels", () => {
  it.each(presets)("%s: the guide's limits, and no source that nobody named", (preset) => {
    const { gates, watch, origins } = of(preset);
    expect(gates.gauges).toEqual({
      "db-pool": { limit: 90, forSeconds: 180, source: "none" },
      "queue-depth": { limit: 10_000, forSeconds: 300, source: "none" },
      memory: { limit: 90, forSeconds: 180, source: "none" },
    });
    const unnamed = { kind: "none", reason: "no source is named" };
    expect(watch).toEqual({
      gauges: { "db-pool": unnamed, "queue-depth": unnamed, memory: unnamed },
      reviews: [],
    });
    expect(origins["watch.gauges.memory"]).toBe("default");
    expect(origins["gates.gauges.memory.source"]).toBe("default");
  });

  it("shortest and full forms; a zero is a value", () => {
    const short = of("production", { gates: { dbPool: "80%", queue: 0, memory: "0.5%" } }).gates.gauges;
    expect(short).toEqual({
      "db-pool": { limit: 80, forSeconds: 180, source: "none" },
      "queue-depth": { limit: 0, forSeconds: 300, source: "none" },
      memory: { limit: 0.5, forSeconds: 180, source: "none" },
    });
    const { gates, origins } = of("production", {
      gates: { dbPool: { limit: "80%" }, queue: { limit: 500, for: "1m" }, memory: { for: "10m" } },
    });
    expect(gates.gauges).toMatchObject({
      "db-pool": { limit: 80, forSeconds: 180 },
      "queue-depth": { limit: 500, forSeconds: 60 },
      memory: { limit: 90, forSeconds: 600 },
    });
    const paths = ["db-pool.limit", "db-pool.forSeconds", "memory.limit", "memory.forSeconds"];
    expect(paths.map((path) => origins[`gates.gauges.${path}`])).toEqual([
      "config",
      "default",
      "default",
      "config",
    ]);
  });

  const resourceId = "/subscriptions/s/namespaces/bus";
  it.each([
    { source: { kind: "prometheus", url: "http://p:9090", query: "up" } },
    { source: { kind: "command", run: ["./pool", "--percent"] } },
    { source: { kind: "azure-logs", workspaceId: "w", query: "AppMetrics" } },
    { source: { kind: "none", reason: "no database" } },
    {
      source: { kind: "azure-metrics", resourceId, metric: "ActiveMessages" },
      comes: { kind: "azure-metrics", resourceId, metric: "ActiveMessages", aggregation: "Maximum" },
    },
    {
      source: {
        kind: "azure-metrics",
        resourceId,
        metric: "m",
        aggregation: "Average",
        of: 100,
        filter: "a eq 'b'",
      },
    },
  ])("a source of the kind $source.kind, and the plan has the kind alone", ({ source, comes = source }) => {
    const { watch, gates, origins } = policyOf({
      ...validConfig,
      watch: { ...validConfig.watch, dbPool: source },
    });
    expect(watch.gauges["db-pool"]).toStrictEqual(comes);
    expect(gates.gauges?.["db-pool"].source).toBe(source.kind);
    expect([origins["watch.gauges.db-pool"], origins["gates.gauges.db-pool.source"]]).toEqual([
      "config",
      "config",
    ]);
  });
});

describe("business metrics and the check of the data", () => {
  const source = { kind: "prometheus", url: "http://p:9090", query: "rate" };
  const integrity = { kind: "command", run: ["./verify-chain"] };

  it("the plan has names and limits, no sources; above is the side that is worse", () => {
    const review = [
      { name: "refunds", limit: 0, source },
      { name: "checkout-rate", limit: 0.95, worse: "below", source },
    ];
    const { watch, gates, origins } = policyOf({
      ...validConfig,
      watch: { ...validConfig.watch, review, integrity },
    });
    const limits = [
      { name: "refunds", limit: 0, worse: "above" },
      { name: "checkout-rate", limit: 0.95, worse: "below" },
    ];
    expect(gates.reviews).toEqual(limits);
    expect(watch.reviews).toEqual(limits.map((metric) => ({ ...metric, source })));
    expect([gates.integrity, watch.integrity]).toEqual(["command", integrity]);
    expect([origins["watch.reviews"], origins["watch.integrity"]]).toEqual(["config", "config"]);
  });

  it("without any the plan says nothing of them", () => {
    const { watch, gates, origins } = policyOf(validConfig);
    expect(gates).not.toHaveProperty("reviews");
    expect(gates).not.toHaveProperty("integrity");
    expect(watch).not.toHaveProperty("integrity");
    expect([watch.reviews, origins["watch.reviews"], origins["watch.integrity"]]).toEqual([
      [],
      "default",
      undefined,
    ]);
  });
});

describe("azure-monitor", () => {
  const azure = (metrics: object) =>
    policyOf({ ...validConfig, metrics: { kind: "azure-monitor", ...metrics } });

  it.each([
    {
      cohort: "version",
      comes: { by: "version", stable: "{from}", candidate: "{to}" },
    },
    {
      cohort: "build",
      comes: { by: "build", property: "build", stable: "{fromBuild}", candidate: "{toBuild}" },
    },
    {
      cohort: { by: "build", property: "commit" },
      comes: { by: "build", property: "commit", stable: "{fromBuild}", candidate: "{toBuild}" },
    },
    {
      cohort: { by: "version", candidate: "{to}+canary" },
      comes: { by: "version", stable: "{from}", candidate: "{to}+canary" },
    },
    {
      cohort: { by: "role", stable: "atp", candidate: "atp-canary" },
      comes: { by: "role", stable: "atp", candidate: "atp-canary" },
    },
  ])("cohort $cohort", ({ cohort, comes }) => {
    const { metrics } = azure({ workspaceId: "w", cohort });
    expect(metrics).toStrictEqual({
      kind: "azure-monitor",
      workspaceId: "w",
      cohort: comes,
      lagSeconds: 120,
    });
  });

  it("says where its values come from, and takes role, lag and another cloud", () => {
    const { metrics, origins } = azure({
      resourceId: "/subscriptions/s/components/atp",
      cohort: "version",
      role: "atp-ingestion",
      lag: "3m",
      endpoint: "https://api.loganalytics.us//",
    });
    expect(metrics).toStrictEqual({
      kind: "azure-monitor",
      resourceId: "/subscriptions/s/components/atp",
      cohort: { by: "version", stable: "{from}", candidate: "{to}" },
      role: "atp-ingestion",
      lagSeconds: 180,
      endpoint: "https://api.loganalytics.us",
    });
    const paths = ["cohort.by", "cohort.stable", "cohort.candidate", "lagSeconds", "role", "resourceId"];
    expect(paths.map((path) => origins[`metrics.${path}`])).toEqual([
      "config",
      "default",
      "default",
      "config",
      "config",
      "config",
    ]);
  });
});

const sandbox = { kind: "sandbox" };
const logs = { kind: "azure-logs", query: "AppMetrics" };
const named = (more: object) => ({ ...validConfig, watch: { ...validConfig.watch, ...more } });
const inAzure = (metrics: object) => ({
  ...validConfig,
  metrics: { kind: "azure-monitor", workspaceId: "w", ...metrics },
});

describe("rules of what is watched", () => {
  it.each([
    {
      why: "production names each level's source",
      written: { ...validConfig, watch: undefined },
      issues: ["dbPool", "queue", "memory"].map((key) => [
        `watch.${key}`,
        "required: where its level comes from",
        "{ kind: none, reason",
      ]),
    },
    {
      why: "or says why there is none, one by one",
      written: { ...validConfig, watch: { queue: { kind: "none", reason: "no queue" } } },
      issues: ["dbPool", "memory"].map((key) => [
        `watch.${key}`,
        "required: where its level comes from",
        "{ kind: prometheus",
      ]),
    },
    {
      why: "other presets need not",
      written: { ...validConfig, preset: "staging", watch: undefined },
      issues: [],
    },
    { why: "nor a rehearsal's own config", written: sandboxConfig, issues: [] },
    {
      why: "Azure Monitor is at one place: not at none",
      written: inAzure({ workspaceId: undefined, cohort: "version" }),
      issues: [["metrics.workspaceId", "either it or resourceId", "name one"]],
    },
    {
      why: "and not at two",
      written: inAzure({ resourceId: "/subscriptions/s", cohort: "version" }),
      issues: [["metrics.workspaceId", "either it or resourceId", "name one"]],
    },
    {
      why: "nor is a level, or a business metric",
      written: named({
        queue: logs,
        queueLag: logs,
        review: [
          { name: "r", limit: 1, source: { kind: "command", run: ["a"] } },
          { name: "s", limit: 1, source: logs },
        ],
      }),
      issues: [
        ["watch.queue.workspaceId", "either it or resourceId", "name one"],
        ["watch.queueLag.workspaceId", "either it or resourceId", "name one"],
        ["watch.review[1].source.workspaceId", "either it or resourceId", "name one"],
      ],
    },
    {
      why: "roles are both named",
      written: inAzure({ cohort: "role" }),
      issues: [["metrics.cohort", "two different roles", "by: role"]],
    },
    {
      why: "not one of them",
      written: inAzure({ cohort: { by: "role", stable: "atp" } }),
      issues: [["metrics.cohort", "two different roles", "by: role"]],
    },
    {
      why: "and differ",
      written: inAzure({ cohort: { by: "role", stable: "atp", candidate: "atp" } }),
      issues: [["metrics.cohort", "two different roles", "by: role"]],
    },
    {
      why: "so do values of versions and builds",
      written: inAzure({ cohort: { by: "version", stable: "{to}", candidate: "{to}" } }),
      issues: [["metrics.cohort", "two different values", "leave both out"]],
    },
    {
      why: "levels of the sandbox judge no real traffic",
      written: named({
        dbPool: sandbox,
        memory: sandbox,
        queueLag: sandbox,
        review: [{ name: "r", limit: 1, source: sandbox }],
      }),
      issues: [
        ["watch.dbPool.kind", "a real source beside the lever http-route", "rehearsal"],
        ["watch.memory.kind", "a real source beside the lever http-route", "rehearsal"],
        ["watch.queueLag.kind", "a real source beside the lever http-route", "rehearsal"],
        ["watch.review[0].source.kind", "a real source beside the lever http-route", "rehearsal"],
      ],
    },
    {
      why: "beside the sandbox's lever they may",
      written: { ...sandboxConfig, watch: { dbPool: sandbox } },
      issues: [],
    },
  ])("$why", ({ written, issues }) => {
    const found = issuesOf(written);
    expect(found.map(({ path }) => path)).toEqual(issues.map(([path]) => `rollout.${path}`));
    issues.forEach(([, rule = "", hint = ""], index) => {
      expect(found[index]?.rule).toContain(rule);
      expect(found[index]?.hint).toContain(hint);
    });
  });
});

it("broken values come all at once, each at its path, with a rule and a hint", () => {
  const found = issuesOf({
    ...validConfig,
    gates: {
      dbPool: "120%",
      queue: { limit: -1, for: "0s" },
      memory: { limit: "90%", fro: "3m" },
      evidence: { odds: 2, tolerance: 0.5, noise: -1 },
    },
    slo: { availability: 100, resolveWithin: "10s", window: "month" },
    watch: {
      dbPool: { kind: "none" },
      queue: { kind: "azure-metrics", resourceId: "/s", metric: "m", aggregation: "Max", of: 0 },
      memory: { kind: "prometheus", url: "prom:9090", query: "up" },
      queueLag: { kind: "none", reason: "leave it out" },
      review: [
        { name: "Checkout Rate", limit: "0.95", worse: "less", source: { kind: "none", reason: "-" } },
      ],
      integrity: { kind: "command", run: [] },
    },
    metrics: { kind: "azure-monitor", workspaceId: "w", cohort: "slot", lag: "2h" },
  });
  expect(found.map(({ path }) => path).sort()).toEqual(
    [
      "gates.dbPool",
      "gates.queue.limit",
      "gates.queue.for",
      "gates.memory.fro",
      "gates.evidence.odds",
      "gates.evidence.tolerance",
      "gates.evidence.noise",
      "slo.availability",
      "slo.resolveWithin",
      "slo.window",
      "watch.dbPool.reason",
      "watch.queue.aggregation",
      "watch.queue.of",
      "watch.memory.url",
      "watch.queueLag.kind",
      "watch.review[0].name",
      "watch.review[0].limit",
      "watch.review[0].worse",
      "watch.review[0].source.kind",
      "watch.integrity.run",
      "metrics.cohort",
      "metrics.lag",
    ]
      .map((path) => `rollout.${path}`)
      .sort(),
  );
  for (const { rule, hint } of found) expect(rule.length * hint.length).toBeGreaterThan(0);
});

it.each([
  [
    "evidence: true is no way to say it",
    { gates: { evidence: true } },
    "gates.evidence",
    "false, or an object",
  ],
  ["slo: true neither", { slo: true }, "slo", "false, or an object"],
  [
    "a password in a URL of a level is hidden",
    { watch: { memory: { kind: "prometheus", url: "http://a:planted@p", query: "up" } } },
    "watch.memory.url",
    "without user name",
  ],
  [
    "nor does integrity take one",
    { watch: { integrity: { kind: "http", url: "http://a:planted@p" } } },
    "watch.integrity.url",
    "without user name",
  ],
])("%s", (_, part, path, rule) => {
  const found = issuesOf({ ...sandboxConfig, ...part });
  expect(found.map((issue) => issue.path)).toEqual([`rollout.${path}`]);
  expect(found[0]?.rule).toContain(rule);
  expect(JSON.stringify(found)).not.toContain("planted");
});
