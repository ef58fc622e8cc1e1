import { describe, expect, it } from "vitest";
import { type AlertInput, alertsOf } from "../../../src/plan/alerts.ts";
import { logFrequencies, logWindows, sustained } from "../../../src/plan/alerts-spans.ts";
import { dimensionsOf, namespaceOf } from "../../../src/plan/metric-filter.ts";
import type { AlertRule, LogAlert, PlatformAlert, PromAlert } from "../../../src/types/alerts.ts";
import { production } from "../components/alerts-world.ts";

const queue = "/subscriptions/s/resourceGroups/g/providers/Microsoft.ServiceBus/namespaces/atp-bus";
const prometheus = {
  kind: "prometheus",
  url: "http://prometheus:9090",
  cohort: { label: "version", stable: "stable", candidate: "canary" },
};
const none = { kind: "none", reason: "not here" };

function alerts(written: Readonly<Record<string, unknown>> = {}, more: Omit<AlertInput, "policy"> = {}) {
  return alertsOf({ policy: production(written), ...more });
}

function rule<K extends AlertRule["kind"]>(
  of: { readonly rules: readonly AlertRule[] },
  id: string,
  _kind: K,
): Extract<AlertRule, { kind: K }> {
  const found = of.rules.find((one) => one.id === id);
  if (found?.kind !== _kind)
    throw new Error(`${id} is ${found?.kind}, among ${of.rules.map((one) => one.id)}`);
  return found as Extract<AlertRule, { kind: K }>;
}

const log = (of: { readonly rules: readonly AlertRule[] }, id: string): LogAlert => rule(of, id, "log");
const prom = (of: { readonly rules: readonly AlertRule[] }, id: string): PromAlert =>
  rule(of, id, "prometheus");
const platform = (of: { readonly rules: readonly AlertRule[] }, id: string): PlatformAlert =>
  rule(of, id, "platform");

const countedIds = [
  "error-rate",
  "p95-latency",
  "exceptions",
  ...["availability", "error-rate", "p95-latency", "p99-latency"].flatMap((row) => [
    `slo-${row}-warning`,
    `slo-${row}-critical`,
  ]),
];

describe("what is alerted on", () => {
  const gauge = { kind: "prometheus", url: "http://prometheus:9090", query: "db_pool" };
  const watch = { dbPool: gauge, queue: gauge, memory: gauge, queueLag: gauge };
  const slo = { throughput: { target: 10_000, warning: 8000, critical: 5000 } };

  it("all seven triggers, both levels of all six rows, all four burn rates, where everything is measured", () => {
    const { rules, without, issues } = alerts({ metrics: prometheus, watch, slo });
    expect(rules.map(({ id }) => id)).toEqual([
      ...countedIds,
      "slo-throughput-warning",
      "slo-throughput-critical",
      "burn-1h",
      "burn-6h",
      "burn-24h",
      "burn-72h",
      "health",
      "health-stable",
      "db-pool",
      "queue-depth",
      "memory",
      "slo-queue-lag-warning",
      "slo-queue-lag-critical",
    ]);
    expect({ without, issues }).toEqual({ without: [], issues: [] });
  });

  it("of logs all but the burn rate over three days, which no rule can read", () => {
    const { rules, without } = alerts({ watch, slo }, { healthTests: ["health"] });
    expect(rules.map(({ id }) => id)).toEqual([
      ...countedIds,
      "slo-throughput-warning",
      "slo-throughput-critical",
      "burn-1h",
      "burn-6h",
      "burn-24h",
      "health",
      "db-pool",
      "queue-depth",
      "memory",
      "slo-queue-lag-warning",
      "slo-queue-lag-critical",
    ]);
    expect(without).toEqual([{ id: "burn-72h", why: "a scheduled query rule reads at most two days back" }]);
  });

  it("says of each trigger that nothing watches, why", () => {
    const watch = { dbPool: none, queue: { kind: "command", run: ["./depth"] }, memory: none };
    expect(alerts({ watch, slo: false }).without).toEqual([
      { id: "health", why: "no availability test of a health endpoint is named (healthTests)" },
      { id: "db-pool", why: "not here" },
      { id: "queue-depth", why: "it is measured by a command of the project, which no alert rule can run" },
      { id: "memory", why: "not here" },
      { id: "slo", why: "the policy has no objectives" },
    ]);
  });

  it("of the sandbox nothing, and says so of everything", () => {
    const sandbox = { kind: "sandbox" } as const;
    const { rules, without } = alertsOf({ policy: { ...production(), metrics: sandbox, health: sandbox } });
    expect(rules).toEqual([]);
    expect(without.map(({ id }) => id)).toEqual([
      ...countedIds,
      "burn-1h",
      "burn-6h",
      "burn-24h",
      "burn-72h",
      "health",
      "db-pool",
      "queue-depth",
      "memory",
    ]);
  });

  it("no id twice", () => {
    for (const metrics of [undefined, prometheus]) {
      const input = { sites: { sides: ["production", "slot"], requestsPerSecond: 5 } } as const;
      const { rules } = alerts({ watch, slo, ...(metrics === undefined ? {} : { metrics }) }, input);
      const ids = rules.map(({ id }) => id);
      expect(ids).toEqual([...new Set(ids)]);
    }
  });
});

describe("limits are the policy's own", () => {
  const gates = {
    errorRate: { limit: "2%", for: "3m" },
    p95: { limit: "700ms", for: "4m" },
    exceptions: { limit: 25, window: "20m" },
    dbPool: { limit: "75%", for: "2m" },
    queue: { limit: 5000, for: "12m" },
    minRequests: 40,
  };
  const watch = {
    dbPool: { kind: "azure-metrics", resourceId: queue, metric: "active", aggregation: "Average", of: 50 },
    queue: {
      kind: "azure-metrics",
      resourceId: queue,
      metric: "ActiveMessages",
      filter: "EntityName eq 'ingest'",
    },
    memory: { kind: "azure-metrics", resourceId: queue, metric: "size", aggregation: "Total" },
  };

  it("in logs", () => {
    const of = alerts({ gates, watch });
    expect(log(of, "error-rate")).toMatchObject({
      limit: 2,
      breach: "above",
      everyMinutes: 1,
      windowMinutes: 1,
      periods: 3,
      aggregation: "Maximum",
      split: "Cohort",
      severity: 1,
      family: "trigger",
    });
    expect(log(of, "error-rate").query).toContain("| where Total >= 40\n");
    expect(log(of, "p95-latency")).toMatchObject({ limit: 700, windowMinutes: 1, periods: 4 });
    // No rule has a window of 20 min: the next longer one, cut by the query.
    expect(log(of, "exceptions")).toMatchObject({
      limit: 25,
      windowMinutes: 30,
      everyMinutes: 1,
      aggregation: "Total",
    });
    expect(log(of, "exceptions").query).toContain("TimeGenerated >= now(-1200s)");
    expect(log(alerts(), "exceptions")).toMatchObject({ limit: 10, windowMinutes: 15 });
    expect(log(alerts(), "exceptions").query).not.toContain("now(");
  });

  it("of platform metrics: what 100 % is, and totals of each minute", () => {
    const of = alerts({ gates, watch });
    expect(platform(of, "db-pool")).toMatchObject({
      limit: 37.5,
      aggregation: "Average",
      windowMinutes: 5,
      namespace: "Microsoft.ServiceBus/namespaces",
      dimensions: [],
    });
    expect(platform(of, "queue-depth")).toMatchObject({
      limit: 5000,
      // Each of the highest values of 12 min above the limit: the lowest of the window is.
      aggregation: "Minimum",
      windowMinutes: 15,
      dimensions: [{ name: "EntityName", operator: "Include", values: ["ingest"] }],
    });
    expect(platform(of, "memory")).toMatchObject({ limit: 450, aggregation: "Total", windowMinutes: 5 });
  });

  it("in Prometheus, in the histogram's unit, over windows of at least four scrapes", () => {
    const of = alerts({ gates, metrics: { ...prometheus, lag: "60s" }, watch });
    expect(prom(of, "error-rate").expression).toMatch(
      /^\(\n100 \* \(sum by \(version\) \(increase\(.*\[2m\]/,
    );
    expect(prom(of, "error-rate").expression).toMatch(/>= 40\)\n\) > 2$/);
    // Three minutes of breach seen through windows of two: a minute more.
    expect(prom(of, "error-rate").forMinutes).toBe(1);
    expect(prom(of, "p95-latency")).toMatchObject({
      forMinutes: 2,
      expression: expect.stringMatching(/> 0\.7$/),
    });
    expect(prom(of, "exceptions").expression).toMatch(/\[20m\]\)\) > 25$/);
    const millis = alerts({ metrics: { ...prometheus, latency: { metric: "latency_ms" } }, watch });
    expect(prom(millis, "p95-latency").expression).toMatch(/> 1000$/);
  });

  it("of objectives: those of the table, and a throughput of the stack's own", () => {
    const of = alerts({
      slo: { availability: 99.95, throughput: { target: 90, warning: 80, critical: 50 } },
    });
    const limits = of.rules
      .filter(({ family }) => family !== "trigger")
      .map((one) => [one.id, "limit" in one ? one.limit : undefined, one.severity]);
    expect(limits).toEqual([
      ["slo-availability-warning", 99.5, 2],
      ["slo-availability-critical", 99, 0],
      ["slo-error-rate-warning", 0.5, 2],
      ["slo-error-rate-critical", 1, 1],
      ["slo-p95-latency-warning", 800, 2],
      ["slo-p95-latency-critical", 1000, 1],
      ["slo-p99-latency-warning", 1500, 2],
      ["slo-p99-latency-critical", 2000, 1],
      ["slo-throughput-warning", 80, 2],
      ["slo-throughput-critical", 50, 1],
      ["burn-1h", 14.4, 1],
      ["burn-6h", 6, 1],
      ["burn-24h", 3, 3],
    ]);
    expect(log(of, "burn-1h").query).toContain("/ 0.05");
    // A burn rate of 14.4 is 0.72 % of failures where 0.05 % may fail.
    const series = alerts({ metrics: prometheus, slo: { availability: 99.95 } });
    expect(prom(series, "burn-1h").expression.match(/> 0\.72$/gm)).toHaveLength(2);
  });

  it("no budget has no burn rate", () => {
    const policy = production();
    const slo = { availabilityPercent: 100, resolveWithinSeconds: 600, window: "rolling-30d" } as const;
    const of = alertsOf({ policy: { ...policy, gates: { ...policy.gates, slo } } });
    expect(of.rules.filter(({ family }) => family === "slo")).toHaveLength(8);
    expect(of.rules.filter(({ family }) => family === "burn")).toEqual([]);
  });

  it("a hotfix is alerted on each failure", () => {
    const of = alerts({ preset: "hotfix" });
    expect(log(of, "error-rate")).toMatchObject({ limit: 0, windowMinutes: 1, periods: 1 });
    expect(log(of, "exceptions").limit).toBe(0);
    const sites = { sides: ["production"] } as const;
    expect(platform(alerts({ preset: "hotfix" }, { sites }), "http-5xx-production")).toMatchObject({
      limit: 0,
      windowMinutes: 1,
    });
  });
});

describe("whose rows are read", () => {
  it("versions of a rollout are all versions: a rule outlives it", () => {
    expect(log(alerts(), "error-rate").query).toContain(
      'where isempty(SyntheticSource) and AppRoleName == "atp-ingestion"\n',
    );
    expect(log(alerts(), "error-rate").query).toContain("by Cohort = AppVersion,");
  });

  it("named values are those, and roles are the service", () => {
    const cohort = { by: "role", stable: "atp-ingestion", candidate: "atp-ingestion-canary" };
    const metrics = { kind: "azure-monitor", workspaceId: "6f0e1bd1-7a9c-4ea2-9d3a-3b9ad1a1c0de", cohort };
    const of = alerts({ metrics });
    expect(log(of, "error-rate").query).toContain(
      'AppRoleName in ("atp-ingestion", "atp-ingestion-canary") and isempty(SyntheticSource)\n',
    );
    expect(log(of, "burn-1h").query).toContain(
      'isempty(SyntheticSource) and AppRoleName in ("atp-ingestion", "atp-ingestion-canary")\n',
    );
    expect(log(of, "burn-1h").query).not.toContain("Cohort");
  });

  it("at an Application Insights resource its own tables, and the rule's scope", () => {
    const resourceId = "/subscriptions/s/resourceGroups/g/providers/microsoft.insights/components/atp";
    const of = alerts(
      { metrics: { kind: "azure-monitor", resourceId, cohort: "build" } },
      { healthTests: ["h"] },
    );
    expect(log(of, "error-rate")).toMatchObject({
      scope: { resourceId },
      query: expect.stringMatching(/^requests\n[\s\S]*by Cohort = tostring\(customDimensions\["build"\]\)/),
    });
    expect(log(of, "health").query).toMatch(/^availabilityResults\n/);
  });

  it("a level by a query of the user's own, at the rhythm that it allows", () => {
    const level = (query: string) => ({
      kind: "azure-logs",
      workspaceId: "6f0e1bd1-7a9c-4ea2-9d3a-3b9ad1a1c0de",
      query,
    });
    const plain =
      "AppMetrics | where TimeGenerated >= t0 | summarize value = max(Max) by at = bin(TimeGenerated, 1m);";
    const joined =
      "AppMetrics | join kind=inner (AppRequests) on AppRoleName | project at = TimeGenerated, value = Max";
    const of = alerts({ watch: { dbPool: level(plain), queue: level(joined), memory: none } });
    expect(log(of, "db-pool")).toMatchObject({
      everyMinutes: 1,
      windowMinutes: 1,
      periods: 3,
      aggregation: "Minimum",
      query: `let t1 = bin(now(), 1m);\nlet t0 = t1 - 3m;\n${plain.slice(0, -1)}\n| project TimeGenerated = at, Value = toreal(value)`,
    });
    expect(log(of, "queue-depth")).toMatchObject({ everyMinutes: 5, windowMinutes: 5, periods: 1 });
  });
});

describe("App Service", () => {
  const sites = { sides: ["production", "slot"], requestsPerSecond: 50 } as const;

  it("is alerted on by its own metrics, each side", () => {
    const of = alerts({ metrics: prometheus }, { sites });
    expect(of.rules.filter(({ kind }) => kind === "platform").map(({ id }) => id)).toEqual([
      "health-production",
      "http-5xx-production",
      "health-slot",
      "http-5xx-slot",
    ]);
    expect(platform(of, "health-slot")).toMatchObject({
      target: { side: "slot" },
      namespace: "Microsoft.Web/sites/slots",
      metric: "HealthCheckStatus",
      breach: "below",
      limit: 100,
      windowMinutes: 5,
    });
    // 1 % of 50 requests a second over five minutes.
    expect(platform(of, "http-5xx-production")).toMatchObject({
      metric: "Http5xx",
      limit: 150,
      windowMinutes: 5,
    });
  });

  it("takes the traffic from the objective, and says where nobody knows it", () => {
    const slo = { throughput: { target: 100, warning: 80, critical: 20 } };
    const sides = { sides: ["production"] } as const;
    expect(platform(alerts({ slo }, { sites: sides }), "http-5xx-production").limit).toBe(60);
    const of = alerts({}, { sites: sides });
    expect(of.rules.map(({ id }) => id)).toContain("health-production");
    expect(of.without).toContainEqual({
      id: "http-5xx-production",
      why: "a count of failures is no share: say appService.requestsPerSecond",
    });
  });
});

describe("what is wrong is said, all of it", () => {
  it("by path, rule and hint", () => {
    const policy = production({ metrics: prometheus });
    const source = { kind: "azure-metrics", metric: "m", aggregation: "Average" } as const;
    const gauges = {
      "db-pool": { ...source, resourceId: "atp-bus" },
      "queue-depth": { ...source, resourceId: queue, filter: "EntityName eq 'a' or Other eq 'b'" },
      memory: { kind: "prometheus", url: "http://p", query: "up) or (up" },
    } as const;
    const of = alertsOf({ policy: { ...policy, watch: { gauges, reviews: [] } } });
    expect(of.issues.map(({ path, rule }) => [path, rule])).toEqual([
      ["watch.gauges.db-pool.resourceId", "must be the ARM id of a resource"],
      [
        "watch.gauges.queue-depth.filter",
        "must be conditions with eq or ne, joined by and; or between values of one dimension alone",
      ],
      ["watch.gauges.memory.query", "must be PromQL that is whole: a ) in it closes nothing"],
    ]);
  });

  it("a query that no rule may run, at any rhythm", () => {
    const query =
      "AppMetrics | where TimeGenerated > ago(5m) | evaluate bag_unpack(Properties) | project at, value";
    const dbPool = { kind: "azure-logs", workspaceId: "6f0e1bd1-7a9c-4ea2-9d3a-3b9ad1a1c0de", query };
    const of = alerts({ watch: { dbPool, queue: none, memory: none } });
    expect(of.issues.map(({ path, rule }) => [path, rule])).toEqual([
      ["watch.gauges.db-pool.query", "a query without ago"],
      ["watch.gauges.db-pool.query", "a query without plugin"],
    ]);
  });

  it("a workspace whose rows could be anybody's", () => {
    const policy = production();
    const metrics = {
      kind: "azure-monitor",
      workspaceId: "w",
      cohort: { by: "version", stable: "1", candidate: "2" },
    } as const;
    expect(alertsOf({ policy: { ...policy, metrics } })).toMatchObject({
      issues: [{ path: "metrics.role" }],
    });
  });
});

describe("spans", () => {
  it.each([
    [120, 60, { windowMinutes: 1, periods: 2 }],
    [60, 60, { windowMinutes: 1, periods: 1 }],
    [360, 60, { windowMinutes: 1, periods: 6 }],
    [420, 60, { windowMinutes: 5, periods: 2 }],
    [180, 90, { windowMinutes: 5, periods: 1 }],
    [30, 10, { windowMinutes: 1, periods: 1 }],
    [1800, 60, { windowMinutes: 5, periods: 6 }],
    [3600, 60, { windowMinutes: 10, periods: 6 }],
    [86_400, 60, { windowMinutes: 240, periods: 6 }],
    [86_400, 86_400, { windowMinutes: 1440, periods: 1 }],
  ])("a breach of %d s in windows of %d s: %o", (seconds, windowSeconds, expected) => {
    expect(sustained(seconds, windowSeconds)).toEqual(expected);
  });

  it("are always those of Azure, and never shorter than the breach", () => {
    for (let windowSeconds = 1; windowSeconds <= 86_400; windowSeconds = Math.ceil(windowSeconds * 1.7)) {
      for (let windows = 1; windowSeconds * windows <= 86_400; windows = Math.ceil(windows * 1.6)) {
        const { windowMinutes, periods } = sustained(windowSeconds * windows, windowSeconds);
        expect(logFrequencies).toContain(windowMinutes);
        expect(periods).toBeLessThanOrEqual(6);
        expect(windowMinutes * periods * 60).toBeGreaterThanOrEqual(windowSeconds * windows);
        expect(windowMinutes * periods).toBeLessThanOrEqual(2880);
      }
    }
    expect(logWindows.at(-1)).toBe(2880);
  });
});

describe("filters of platform metrics", () => {
  const include = (name: string, ...values: string[]) => ({ name, operator: "Include", values });
  it.each([
    ["EntityName eq 'ingest'", [include("EntityName", "ingest")]],
    ["EntityName eq '*'", [include("EntityName", "*")]],
    ["EntityName eq 'a' or EntityName eq 'b'", [include("EntityName", "a", "b")]],
    [
      "(A eq 'x' OR A eq 'y') AND B ne 'z'",
      [include("A", "x", "y"), { name: "B", operator: "Exclude", values: ["z"] }],
    ],
    ["A eq 'it''s and or'", [include("A", "it's and or")]],
  ])("%s", (filter, dimensions) => {
    expect(dimensionsOf(filter)).toEqual(dimensions);
  });

  it.each([
    "A eq 'x' or B eq 'y'",
    "A ne 'x' or A ne 'y'",
    "A eq 'x' or A ne 'y'",
    "A eq 'x' and A eq 'y'",
    "startswith(A, 'x')",
    "A eq x",
    "",
  ])("%j says what dimensions can't", (filter) => {
    expect(dimensionsOf(filter)).toBeUndefined();
  });

  it.each([
    [queue, "Microsoft.ServiceBus/namespaces"],
    [`${queue}/`, "Microsoft.ServiceBus/namespaces"],
    [
      "/subscriptions/s/resourceGroups/g/providers/Microsoft.Web/sites/a/slots/b",
      "Microsoft.Web/sites/slots",
    ],
    ["/subscriptions/s/resourceGroups/g", undefined],
    ["atp-bus", undefined],
    ["/subscriptions/s/providers/Microsoft.Web/sites", undefined],
  ])("the namespace of %s is %s", (id, namespace) => {
    expect(namespaceOf(id)).toBe(namespace);
  });
});
