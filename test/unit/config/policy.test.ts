import { describe, expect, it } from "vitest";
import { securePlaceholder } from "../../../src/config/kinds-of.ts";
import { normalizeConfig } from "../../../src/config/normalize.ts";
import type { EnvironmentPolicy } from "../../../src/types/policy.ts";
import { sandboxConfig, validConfig } from "./valid-config.ts";
import { validFlag } from "./valid-flag.ts";
import { validMigration } from "./valid-migration.ts";

function policyOf(written: unknown): EnvironmentPolicy {
  const result = normalizeConfig({ written, stack: "prod" });
  if ("issues" in result) throw new Error(JSON.stringify(result.issues, undefined, 2));
  return result.policy;
}

const minutes = (count: number) => count * 60;

describe('presets: the guide\'s table "Environment-Specific Rollout Strategies"', () => {
  it.each([
    {
      row: "Dev | Direct deploy | No | None",
      preset: "development",
      strategy: "direct",
      increments: [[100, 0]],
      approvals: { required: 0, cab: false, expedited: false },
    },
    {
      row: "Test | Rolling update | No | 5 minutes",
      preset: "test",
      strategy: "rolling",
      increments: [[100, minutes(5)]],
      approvals: { required: 0, cab: false, expedited: false },
    },
    {
      row: "Staging | Blue-green | 1 approver | 30 minutes",
      preset: "staging",
      strategy: "blue-green",
      increments: [[100, minutes(30)]],
      approvals: { required: 1, cab: false, expedited: false },
    },
    {
      row: "Production | Canary (5/20/50/100) | 2 approvers + CAB | 15 min per increment",
      preset: "production",
      strategy: "canary",
      increments: [5, 20, 50, 100].map((exposure) => [exposure, minutes(15)]),
      approvals: { required: 2, cab: true, expedited: false },
    },
    {
      row: "Hotfix | Direct + monitoring | 2 approvers (expedited) | 30 minutes",
      preset: "hotfix",
      strategy: "direct",
      increments: [[100, minutes(30)]],
      approvals: { required: 2, cab: false, expedited: true },
    },
  ])("$row", ({ preset, strategy, increments, approvals }) => {
    const policy = policyOf({ ...sandboxConfig, preset });
    expect(policy.strategy).toBe(strategy);
    expect(policy.increments.map(({ exposure, soakSeconds }) => [exposure, soakSeconds])).toEqual(increments);
    expect(policy.approvals).toEqual(approvals);
    expect(policy.lookSeconds).toBe(10);
  });

  it('carry the limits of "Automatic Rollback Triggers" and the named time-outs', () => {
    const policy = policyOf(validConfig);
    expect(policy.gates).toEqual({
      errorRate: { limitPercent: 1, windows: 2 }, // > 1 % for 2 consecutive minutes
      p95: { limitMs: 1000, windows: 5 }, // > 1000 ms for 5 consecutive minutes
      exceptions: { limit: 10, windowSeconds: minutes(15) }, // > 10 exceptions in 15-minute window
      health: { tries: 3, timeoutSeconds: 5 }, // any health failure; requests.get(url, timeout=5)
      windowSeconds: 60,
      minRequests: 100,
      gauges: {
        "db-pool": { limit: 90, forSeconds: minutes(3), source: "none" }, // > 90 % for 3 minutes
        "queue-depth": { limit: 10_000, forSeconds: minutes(5), source: "none" }, // > 10,000 for 5 minutes
        memory: { limit: 90, forSeconds: minutes(3), source: "none" }, // > 90 % for 3 minutes
      },
      evidence: { odds: 20, tolerance: 1.5, noise: 0.5 }, // gates.md 2.4
      slo: { availabilityPercent: 99.9, resolveWithinSeconds: minutes(10), window: "rolling-30d" },
    });
    expect(policy.timeouts).toEqual({
      rolloutSeconds: minutes(10), // kubectl rollout status --timeout=10m
      confirmSeconds: minutes(2),
      verifySeconds: minutes(2), // after a revert: --timeout=2m
      afterRevertSeconds: minutes(5), // --offset 5m
    });
    expect(policy.drainSeconds).toBe(30); // sleep 30
    expect(policy.hold).toEqual({ stepSeconds: minutes(5), maxFactor: 4 });
  });
});

describe("what config says goes over the preset", () => {
  it("shortest forms and full forms mean the same", () => {
    const short = policyOf({
      ...sandboxConfig,
      gates: { errorRate: "2%", p95: "800ms", exceptions: 20 },
      approvals: 1,
      increments: [10, 40, 100],
    });
    const full = policyOf({
      ...sandboxConfig,
      gates: { errorRate: { limit: "2%" }, p95: { limit: "800ms" }, exceptions: { limit: 20 } },
      approvals: { required: 1 },
      increments: [{ exposure: 10 }, { exposure: 40 }, { exposure: 100 }],
    });
    expect(short).toEqual(full);
    expect(short.gates.p95).toEqual({ limitMs: 800, windows: 5 });
    expect(short.approvals).toEqual({ required: 1, cab: true, expedited: false });
    expect(short.increments.map(({ exposure }) => exposure)).toEqual([10, 40, 100]);
  });

  it.each([
    {
      why: "a soak of one increment goes over the common one",
      part: { soak: "20m", increments: [{ exposure: 5, soak: "30m" }, 100] },
      soaks: [1800, 1200],
    },
    { why: "a common soak goes over the preset's", part: { soak: "10m" }, soaks: [600, 600, 600, 600] },
    { why: "a zero is a value: hotfix unwatched", part: { preset: "hotfix", soak: "0s" }, soaks: [0] },
    {
      why: "a strategy against the preset's brings its own increments",
      part: { preset: "staging", strategy: "canary" },
      soaks: [1800, 1800, 1800, 1800],
    },
    { why: "and direct has the one", part: { strategy: "direct" }, soaks: [900] },
  ])("$why", ({ part, soaks }) => {
    expect(policyOf({ ...sandboxConfig, ...part }).increments.map(({ soakSeconds }) => soakSeconds)).toEqual(
      soaks,
    );
  });

  it("another window keeps the time that a trigger must last", () => {
    const { gates } = policyOf({ ...sandboxConfig, gates: { window: "30s" } });
    expect([gates.errorRate.windows, gates.p95.windows]).toEqual([4, 10]);
  });

  it("approvals 0, exceptions 0 and drain 0s stand", () => {
    const policy = policyOf({ ...sandboxConfig, approvals: 0, gates: { exceptions: 0 }, drain: "0s" });
    expect([policy.approvals.required, policy.gates.exceptions.limit, policy.drainSeconds]).toEqual([
      0, 0, 0,
    ]);
  });

  it("an encrypted webhook is an opaque placeholder", () => {
    const { notify } = policyOf({ ...validConfig, notify: [{ kind: "webhook", url: { secure: "v1:abc" } }] });
    expect(notify).toEqual([{ kind: "webhook", url: securePlaceholder }]);
  });

  it("encrypted tokens are opaque placeholders, and the run is the pipeline's where none is named", () => {
    const secure = { secure: "v1:abc" };
    const { approvers, change } = policyOf({
      ...validConfig,
      approvals: {
        sources: [
          { kind: "github", repository: "atp/i", environment: "production", token: secure },
          {
            kind: "azure-devops",
            organizationUrl: "https://dev.azure.com/atp/",
            project: "i",
            token: secure,
          },
        ],
      },
      change: { kind: "http", url: "https://c.example/{id}", fields: { state: "/s" }, authorization: secure },
    });
    expect(approvers.sources).toMatchObject([
      { runId: "", token: securePlaceholder },
      { buildId: "", token: securePlaceholder, organizationUrl: "https://dev.azure.com/atp" },
    ]);
    expect(change).toMatchObject({ authorization: securePlaceholder, approvedStates: ["approved"] });
  });

  it("production alone has windows and promotions before it; each can be switched off", () => {
    expect(policyOf(validConfig)).toMatchObject({
      windows: { zone: "UTC", rules: [{ from: "Fri 16:00", to: "Mon 08:00" }] },
      promotedIn: { stacks: ["test", "staging"], withinDays: 14 },
    });
    const off = policyOf({ ...validConfig, windows: { rules: [] }, promotedIn: false });
    expect([off.windows?.rules, off.promotedIn.stacks]).toEqual([[], []]);
    expect(off.origins["promotedIn.stacks"]).toBe("config");
    const staging = policyOf({ ...sandboxConfig, preset: "staging" });
    expect([staging.windows, staging.promotedIn.stacks]).toEqual([undefined, []]);
  });

  it("metrics.lag in seconds; 30 s where it isn't written", () => {
    const lagOf = (more: object) =>
      policyOf({ ...validConfig, metrics: { ...validConfig.metrics, ...more } });
    expect(lagOf({}).metrics).toHaveProperty("lagSeconds", 30);
    expect(lagOf({ lag: "2m" }).metrics).toHaveProperty("lagSeconds", 120);
  });

  it("defaults of a kind follow the service", () => {
    const policy = policyOf(validConfig);
    expect(policy.lever).toEqual({ kind: "http-route", namespace: "atp-prod", route: "atp-ingestion" });
    expect(policy.metrics).toMatchObject({ match: { app: "atp-ingestion" }, cohort: { label: "version" } });
  });
});

/** Lists but the increments, the label matchers, people and the change system are one leaf each. */
const wholes = [
  "guardrails.rules",
  "guardrails.packs",
  "health.candidate",
  "health.stable",
  "notify",
  "metrics.match",
  "approvers.sources",
  "approvers.keys",
  "approvers.people",
  "change",
  "windows.rules",
  "windows.freezes",
  "promotedIn.stacks",
  "checklist.waived",
  "checklist.synthetics",
  "checklist.loadTest",
  "checklist.smoke",
  "checklist.exceptions",
  "migration.phases",
  "flag.spec",
  "migration.testedIn",
  "cohort",
  "validate.smoke",
  "validate.serviceBus",
  "validate.keyVault",
  "watch.gauges.db-pool",
  "watch.gauges.queue-depth",
  "watch.gauges.memory",
  "watch.reviews",
  "watch.integrity",
  "gates.slo.throughput",
];

/** Dotted paths of the leaves of a policy. */
function leavesOf(value: unknown, path = ""): string[] {
  const whole = wholes.includes(path);
  if (whole || typeof value !== "object" || value === null) return [path];
  if (Array.isArray(value)) return value.flatMap((item, index) => leavesOf(item, `${path}[${index}]`));
  return Object.entries(value).flatMap(([name, item]) => leavesOf(item, path ? `${path}.${name}` : name));
}

describe("origins", () => {
  const everything = {
    ...validConfig,
    strategy: "canary",
    increments: [{ exposure: 10, soak: "10m" }, 100],
    look: "5s",
    gates: {
      errorRate: { limit: "2%", for: "3m" },
      health: { tries: 2 },
      memory: "80%",
      queue: { limit: 500, for: "1m" },
      evidence: { odds: 100 },
    },
    slo: {
      availability: 99.5,
      resolveWithin: "5m",
      window: "calendar-month",
      throughput: { target: 100, warning: 80, critical: 50 },
    },
    watch: {
      ...validConfig.watch,
      memory: { kind: "prometheus", url: "http://p:9090", query: "max(memory)" },
      queue: { kind: "azure-metrics", resourceId: "/s/bus", metric: "ActiveMessages" },
    },
    lever: { kind: "http-route", namespace: "x", kubeconfig: "/k", context: "c" },
    record: { kind: "file", lease: "45s" },
    strategyReason: "as ever",
    cohort: { by: "tenant", header: "X-Tenant-Id", tenants: ["acme"] },
    approvals: {
      sources: [
        { kind: "github", repository: "atp/i", environment: "production", token: { secure: "v1:x" } },
        { kind: "signed-files", dir: "approvals" },
      ],
      keys: [{ person: "dana@atp.example", key: "ssh-ed25519 AAAA" }],
      people: { dana: ["github:dana-m"] },
      expires: "8h",
    },
    change: { kind: "file", dir: "changes" },
    windows: { zone: "Europe/Berlin", freezes: [] },
    promotedIn: { stacks: ["staging"] },
    checklist: {
      waive: [{ item: "load-test", by: "dana", reason: "none" }],
      confirmedWithin: "2h",
      loadTest: { kind: "http", url: "https://load.example" },
      securityScan: { path: "trivy.sarif" },
      smoke: { kind: "command", run: ["smoke"] },
      exceptions: { kind: "command", run: ["exceptions"] },
      synthetics: [{ kind: "pingdom", token: "hunter22", checks: [7] }],
    },
    migration: validMigration,
    flag: {
      ...validFlag,
      label: "prod",
      tenants: "tenants.json",
      phases: [10, { percentage: 100, soak: "1h" }],
    },
  };

  const { candidate: _none, ...asOne } = validConfig.health;
  const flagAlone = {
    ...validConfig,
    strategy: "feature-flag",
    health: asOne,
    lever: { kind: "app-configuration" },
    flag: { ...validFlag, soak: "10m", phases: [50, 100], cohort: { on: "sha512" } },
  };

  const slots = {
    ...validConfig,
    preset: "staging",
    increments: undefined,
    lever: {
      kind: "app-service-slot",
      subscriptionId: "0b1f",
      resourceGroup: "rg",
      buildPath: "/version",
      endpoint: "https://arm.example/",
    },
    validate: {
      url: "https://idle.example/",
      smoke: ["npm", "run", "smoke"],
      postgres: { secure: "v1:x" },
      serviceBus: { namespace: "bus", queue: "in", resourceGroup: "shared" },
      keyVault: { url: "https://kv.example", secret: "db" },
      smokeTimeout: "1m",
    },
  };

  it.each([
    ["slots, validated by all there is", slots],
    ["the shortest", { preset: "development", service: "a" }],
    ["the sandbox", sandboxConfig],
    ["real ports", validConfig],
    ["nearly everything", everything],
    ["a flag alone", flagAlone],
  ])("stand for every leaf and nothing else: %s", (_, written) => {
    const { origins, ...policy } = policyOf(written);
    expect(Object.keys(origins).sort()).toEqual(leavesOf(policy).sort());
  });

  it.each([
    ["config", "increments[0].soakSeconds", "written on the increment"],
    ["preset", "increments[1].soakSeconds", "not written on this one"],
    ["config", "increments[1].exposure", "in the list"],
    ["config", "gates.errorRate.windows", "by `for`"],
    ["preset", "gates.p95.windows", "untouched"],
    ["config", "gates.health.tries", "written"],
    ["preset", "gates.health.timeoutSeconds", "its neighbour is written, it isn't"],
    ["default", "drainSeconds", "no preset says it"],
    ["default", "lever.route", "follows the service"],
    ["default", "record.dir", "only the lease is written"],
    ["config", "flag.phases[0].percentage", "in the list"],
    ["preset", "flag.phases[0].soakSeconds", "not written on this one"],
    ["config", "flag.phases[1].soakSeconds", "written on the phase"],
    ["default", "flag.cohort.on", "no preset says it"],
  ])("%s: %s (%s)", (origin, path) => {
    expect(policyOf(everything).origins[path]).toBe(origin);
  });

  it("exposures that come with a strategy against the preset's are no preset's", () => {
    const { origins } = policyOf({ ...sandboxConfig, preset: "staging", strategy: "canary" });
    expect(origins["strategy"]).toBe("config");
    expect(origins["increments[0].exposure"]).toBe("default");
    expect(origins["increments[0].soakSeconds"]).toBe("preset");
  });

  it("another window moves the counts of windows, and they say so", () => {
    const { origins } = policyOf({ ...sandboxConfig, gates: { window: "30s" } });
    expect(origins["gates.p95.windows"]).toBe("config");
  });
});
