import { readdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { secret } from "@pulumi/pulumi";
import { beforeAll, describe, expect, it } from "vitest";
import type { RolloutAlertsArgs } from "../../../src/components/rollout-alerts-args.ts";
import { lintAlertQuery } from "../../../src/lib/kql/lint.ts";
import { stableJson } from "../../../src/lib/stable-json.ts";
import type { EnvironmentPolicy } from "../../../src/types/policy.ts";
import { isoToMinutes, type ScheduledRule } from "../../support/azure-alerts.ts";
import { checkKql } from "../../support/kusto.ts";
import {
  graphOf,
  ids,
  insights,
  plainArgs,
  policyOf,
  production,
  type RegisteredAlerts,
  register,
  stacks,
} from "./alerts-world.ts";

const folder = resolve(import.meta.dirname, "../../golden/alerts");
const appService = { production: ids.production, slot: ids.slot, requestsPerSecond: 50 };

/** Every stack of the repository as it is; and as if Application Insights counted for it. */
const cases: readonly (readonly [string, string, Partial<RolloutAlertsArgs>, Partial<EnvironmentPolicy>])[] =
  [
    ...stacks.map((stack) => [stack, stack, stack === "staging" ? { appService } : {}, {}] as const),
    ...stacks.map(
      (stack) => [`${stack}-insights`, stack, { healthTests: ["health"] }, { metrics: insights }] as const,
    ),
    [
      "prod-resource",
      "prod",
      { healthTests: ["health"] },
      {
        metrics: {
          ...withoutWorkspace(),
          resourceId: ids.component,
          cohort: { ...insights.cohort, by: "build", property: "build" },
        },
      },
    ],
  ];

function withoutWorkspace() {
  const { workspaceId: _, ...rest } = insights;
  return rest;
}

const registered = new Map<string, RegisteredAlerts>();
beforeAll(async () => {
  for (const [name, stack, args, over] of cases) {
    registered.set(
      name,
      await register({ ...(await policyOf(stack)), ...over }, { environment: stack, ...args }),
    );
  }
});

type Kind = "ScheduledQueryRule" | "MetricAlert" | "PrometheusRuleGroup" | "ActionGroup";

const ofKind = (kind: Kind) =>
  [...registered].flatMap(([name, { resources }]) =>
    resources
      .filter(({ type }) => type.endsWith(`:${kind}`))
      .map((resource) => ({ where: `${name}: ${resource.name}`, stack: name, ...resource })),
  );

describe("the alerts of all stacks", () => {
  it.each(cases.map(([name]) => name))("%s", async (name) => {
    const graph = graphOf(registered.get(name) as RegisteredAlerts);
    await expect(`${stableJson(graph, 2)}\n`).toMatchFileSnapshot(join(folder, `${name}.json`));
  });

  it("no golden is left over", () => {
    expect(readdirSync(folder).toSorted()).toEqual(cases.map(([name]) => `${name}.json`).toSorted());
  });

  it("prod has a rule for each trigger, for each row and for each burn rate", () => {
    const { alerts } = registered.get("prod") as RegisteredAlerts;
    expect(alerts.rules).toEqual([
      ...["error-rate", "p95-latency", "exceptions"],
      ...["availability", "error-rate", "p95-latency", "p99-latency"].flatMap((row) => [
        `slo-${row}-warning`,
        `slo-${row}-critical`,
      ]),
      ...["burn-1h", "burn-6h", "burn-24h", "burn-72h"],
      ...["health", "health-stable", "db-pool", "queue-depth", "memory"],
    ]);
    expect(alerts.without).toEqual([]);
  });

  it("dev says that nothing watches it", () => {
    const { alerts, resources } = registered.get("dev") as RegisteredAlerts;
    expect(alerts.rules).toEqual([]);
    expect(alerts.without.map(({ id }) => id)).toContain("error-rate");
    expect(resources.map(({ type }) => type.split(":").at(-1)).toSorted()).toEqual([
      "ActionGroup",
      "RolloutAlerts",
    ]);
  });
});

describe("scheduled query rules keep to what Azure documents", () => {
  const durations = [
    "PT1M",
    "PT5M",
    "PT10M",
    "PT15M",
    "PT30M",
    "PT45M",
    "PT1H",
    "PT2H",
    "PT3H",
    "PT4H",
    "PT5H",
    "PT6H",
    "P1D",
  ];
  const rules = () =>
    ofKind("ScheduledQueryRule").map(({ where, stack, inputs }) => ({
      where,
      stack,
      inputs,
      rule: inputs as never as ScheduledRule,
    }));

  it("there are some in each stack that has Application Insights", () => {
    const found = new Set(rules().map(({ stack }) => stack));
    expect([...found].toSorted()).toEqual([
      "dev-insights",
      "prod-insights",
      "prod-resource",
      "staging-insights",
      "test-insights",
    ]);
  });

  it("durations, failing periods, look-back, operators, aggregations, scopes", () => {
    for (const { where, inputs, rule } of rules()) {
      const [criterion, more] = rule.criteria.allOf;
      const { numberOfEvaluationPeriods: periods = 0, minFailingPeriodsToAlert = 0 } =
        criterion?.failingPeriods ?? {};
      const window = isoToMinutes(rule.windowSize);
      expect(durations, where).toContain(rule.evaluationFrequency);
      expect([...durations, "P2D"], where).toContain(rule.windowSize);
      expect(window, where).toBeGreaterThanOrEqual(isoToMinutes(rule.evaluationFrequency));
      expect(periods, where).toBeGreaterThanOrEqual(1);
      expect(periods, where).toBeLessThanOrEqual(6);
      expect(minFailingPeriodsToAlert, where).toBeLessThanOrEqual(periods);
      expect(window * periods, where).toBeLessThanOrEqual(2880);
      expect(["GreaterThan", "LessThan"], where).toContain(criterion?.operator);
      expect(["Maximum", "Minimum", "Total"], where).toContain(criterion?.timeAggregation);
      expect(more, where).toBeUndefined();
      expect(inputs["scopes"], where).toHaveLength(1);
      expect(inputs["kind"], where).toBe("LogAlert");
      expect([0, 1, 2, 3], where).toContain(inputs["severity"]);
      expect(String(inputs["description"]).length, where).toBeLessThanOrEqual(4096);
    }
  });

  it("a mute only where there is no state, and triggers have none", () => {
    for (const { where, inputs } of rules()) {
      const stateless = inputs["autoMitigate"] === false;
      expect(inputs["muteActionsDuration"], where).toBe(stateless ? "PT5M" : undefined);
      expect(stateless, where).toBe(!/-(slo|burn)-/.test(where));
    }
  });

  it("few enough run each minute: a subscription has a hundred of them", () => {
    for (const name of registered.keys()) {
      const each = rules().filter(({ stack, rule }) => stack === name && rule.evaluationFrequency === "PT1M");
      expect(each.length).toBeLessThanOrEqual(7);
    }
    expect(rules().some(({ rule }) => rule.evaluationFrequency === "PT1M")).toBe(true);
  });

  it("every query passes the type check and the lint at its rhythm, and gives the columns that its rule reads", () => {
    const checked = new Map<string, ReturnType<typeof checkKql>>();
    for (const { where, stack, rule } of rules()) {
      const [criterion] = rule.criteria.allOf;
      const query = criterion?.query ?? "";
      const everyMinutes = isoToMinutes(rule.evaluationFrequency);
      expect(lintAlertQuery(query, { everyMinutes }), where).toEqual([]);
      const result =
        checked.get(query) ?? checkKql(query, stack === "prod-resource" ? "resource" : "workspace");
      checked.set(query, result);
      expect(result.problems, where).toEqual([]);
      expect(result.columns, where).toContain(`${criterion?.metricMeasureColumn}:real`);
      for (const { name } of criterion?.dimensions ?? [])
        expect(result.columns, where).toContain(`${name}:string`);
      if ((criterion?.failingPeriods.numberOfEvaluationPeriods ?? 0) > 1)
        expect(result.columns, where).toContain("TimeGenerated:datetime");
    }
    expect(checked.size).toBeGreaterThan(20);
  }, 120_000);
});

describe("metric alerts and rule groups keep to it, too", () => {
  it("metric alerts", () => {
    const alerts = ofKind("MetricAlert");
    expect(alerts.map(({ where }) => where).toSorted()).toEqual([
      "prod-insights: atp-ingestion-alerts-queue-depth",
      "prod-resource: atp-ingestion-alerts-queue-depth",
      "prod: atp-ingestion-alerts-queue-depth",
      ...["health-production", "health-slot", "http-5xx-production", "http-5xx-slot"].map(
        (id) => `staging: atp-ingestion-alerts-${id}`,
      ),
    ]);
    for (const { where, inputs } of alerts) {
      expect(inputs, where).toMatchObject({
        location: "global",
        enabled: true,
        evaluationFrequency: "PT1M",
        autoMitigate: false,
      });
      expect(["PT1M", "PT5M", "PT15M", "PT30M", "PT1H", "PT6H", "PT12H", "P1D"], where).toContain(
        inputs["windowSize"],
      );
      expect(inputs["scopes"], where).toEqual([expect.stringMatching(/^\/subscriptions\//)]);
    }
  });

  it("App Service's are of the side that they name", () => {
    const { inputsOf } = registered.get("staging") as RegisteredAlerts;
    expect(inputsOf("atp-ingestion-alerts-http-5xx-slot")).toMatchObject({ scopes: [ids.slot] });
    expect(inputsOf("atp-ingestion-alerts-health-production")).toMatchObject({ scopes: [ids.production] });
  });

  it("rule groups: at most twenty rules, evaluated each minute, one workspace", () => {
    const groups = ofKind("PrometheusRuleGroup");
    expect(groups.map(({ where }) => where)).toContain("prod: atp-ingestion-alerts-burn");
    for (const { where, inputs } of groups) {
      const rules = inputs["rules"] as Record<string, unknown>[];
      expect(rules.length, where).toBeLessThanOrEqual(20);
      expect(inputs, where).toMatchObject({ interval: "PT1M", scopes: [ids.prometheus], enabled: true });
      expect(inputs["ruleGroupName"], where).toMatch(/^[^:@/#{}%&+*<>?]+$/);
      for (const rule of rules) {
        expect(rule["for"] ?? "PT1M", where).toMatch(/^PT[1-9]\d*[MH]$/);
        const { timeToResolve } = rule["resolveConfiguration"] as { timeToResolve: string };
        expect(isoToMinutes(timeToResolve), where).toBeGreaterThanOrEqual(1);
        expect(isoToMinutes(timeToResolve), where).toBeLessThanOrEqual(15);
      }
    }
  });

  it("no resource has an empty map or list", () => {
    const empty = (value: unknown): boolean =>
      typeof value === "object" &&
      value !== null &&
      (Object.keys(value).length === 0 || Object.values(value).some(empty));
    const found = [...registered].flatMap(([name, { resources }]) =>
      resources
        .filter(({ type, inputs }) => !type.startsWith("rollouts:") && empty(inputs))
        .map((resource) => `${name}: ${resource.name}`),
    );
    expect(found).toEqual([]);
  });
});

describe("who is told", () => {
  const pagerDuty = "https://events.pagerduty.com/integration/s3cr3t/enqueue";
  const logicApp = {
    resourceId: `${ids.workspace}/app`,
    callbackUrl: "https://prod-1.logic.azure.com/s3cr3t",
  };

  it("one group for all, where nobody is to be spared", () => {
    const groups = ofKind("ActionGroup").filter(({ stack }) => stack === "prod");
    expect(groups.map(({ name }) => name)).toEqual(["atp-ingestion-alerts"]);
    expect(groups[0]?.inputs).toMatchObject({
      groupShortName: "prod-atp-ing",
      location: "global",
      enabled: true,
    });
  });

  it("PagerDuty is woken by what wakes people up alone", async () => {
    const { inputsOf } = await register(production(), { receivers: { pagerDuty, emails: ["a@b.example"] } });
    const page = inputsOf("atp-ingestion-alerts");
    const notice = inputsOf("atp-ingestion-alerts-notice");
    expect(Object.keys(page)).toContain("webhookReceivers");
    expect(Object.keys(notice)).not.toContain("webhookReceivers");
    expect(notice).toMatchObject({
      actionGroupName: "atp-ingestion-prod-notice",
      emailReceivers: [{ emailAddress: "a@b.example" }],
    });
    const told = (id: string) =>
      (inputsOf(`atp-ingestion-alerts-${id}`)["actions"] as { actionGroups: string[] }).actionGroups;
    expect(told("error-rate")).toEqual(["atp-ingestion-alerts-id"]);
    expect(told("slo-availability-critical")).toEqual(["atp-ingestion-alerts-id"]);
    expect(told("slo-availability-warning")).toEqual(["atp-ingestion-alerts-notice-id"]);
    expect(told("burn-24h")).toEqual(["atp-ingestion-alerts-notice-id"]);
  });

  it("PagerDuty alone gets everything", async () => {
    const { inputsOf, resources } = await register(production(), { receivers: { pagerDuty } });
    expect(resources.filter(({ type }) => type.endsWith(":ActionGroup"))).toHaveLength(1);
    expect(inputsOf("atp-ingestion-alerts-burn-24h")["actions"]).toEqual({
      actionGroups: ["atp-ingestion-alerts-id"],
    });
  });

  it("every kind of receiver, with the common schema; URLs are secrets, also where they were none", async () => {
    const { inputsOf, resources } = await register(production(), {
      receivers: {
        pagerDuty: secret(pagerDuty),
        slack: "https://hooks.slack.com/triggers/s3cr3t",
        teams: "https://prod-7.westeurope.logic.azure.com/workflows/s3cr3t",
        webhooks: { status: "https://status.example/s3cr3t" },
        logicApps: { chat: logicApp },
        emails: ["platform@atp.example"],
        roles: ["Monitoring Contributor"],
      },
    });
    const inputs = inputsOf("atp-ingestion-alerts");
    const { webhookReceivers, logicAppReceivers } = inputs as Record<
      string,
      { value: Record<string, unknown>[] }
    >;
    expect(
      webhookReceivers?.value.map(({ name, useCommonAlertSchema }) => [name, useCommonAlertSchema]),
    ).toEqual([
      ["pagerduty", true],
      ["slack", true],
      ["teams", true],
      ["status", true],
    ]);
    expect(logicAppReceivers?.value).toMatchObject([{ name: "chat", resourceId: logicApp.resourceId }]);
    expect(inputs).toMatchObject({
      armRoleReceivers: [{ roleId: "749f88d5-cbae-40b8-bcfc-e573ddc772fa" }],
      emailReceivers: [{ emailAddress: "platform@atp.example" }],
    });
    // Nowhere but inside of what the engine keeps encrypted.
    const bare = resources.map(({ inputs }) =>
      JSON.stringify(inputs, (_, value) => (isSecret(value) ? "[secret]" : value)),
    );
    expect(bare.join()).not.toContain("s3cr3t");
  });

  it("no secret in what the component says of itself, nor in what it refuses", async () => {
    const url = "https://hooks.slack.com/services/T0/B0/s3cr3t";
    const refused = register(production(), { receivers: { slack: url } });
    const error = await refused.then(
      () => expect.unreachable(),
      (reason: Error) => reason,
    );
    expect(JSON.stringify({ ...error, message: error.message })).not.toContain("s3cr3t");
  });
});

function isSecret(value: unknown): boolean {
  return Object(value)["4dabf18193072939515e22adb298388d"] === "1b47061264138c4ac30d75fd1eb44270";
}

describe("transforms see each child", () => {
  it("and its id", async () => {
    const { metrics } = await policyOf("prod");
    const policy = { ...(await policyOf("prod")), metrics };
    const seen: string[] = [];
    const tag = <T extends object>(args: T, id = "group"): T => {
      seen.push(id);
      return { ...args, tags: { id } };
    };
    const transform = { actionGroup: tag, logAlert: tag, metricAlert: tag, ruleGroup: tag };
    const { inputsOf } = await register(policy, { transform });
    expect(seen.toSorted()).toEqual(["burn", "group", "queue-depth", "slo", "trigger"]);
    expect(inputsOf("atp-ingestion-alerts-slo")["tags"]).toEqual({ id: "slo" });
    await register(production(), { transform });
    expect(seen).toContain("slo-p99-latency-critical");
  });
});

describe("refuses, before it registers anything", () => {
  it("everything that is wrong, at once", async () => {
    const { workspace: _, ...args } = plainArgs;
    const policy = await policyOf("prod");
    const level = { kind: "azure-metrics", resourceId: "bus", metric: "m", aggregation: "Average" } as const;
    const watch = { ...policy.watch, gauges: { ...policy.watch.gauges, memory: level } };
    const webhooks = Object.fromEntries(
      Array.from({ length: 11 }, (_, index) => [`w${index}`, "https://x.example"]),
    );
    const { RolloutAlerts } = await import("../../../src/components/rollout-alerts.ts");
    const make = () =>
      new RolloutAlerts("bad", {
        ...args,
        policy: { ...policy, metrics: insights, watch },
        prometheusWorkspace: "atp",
        shortName: "atp-ingestion-prod",
        appService: { production: "site", requestsPerSecond: 0 },
        receivers: {
          slack: "https://hooks.slack.com/services/T0/B0/x",
          teams: "https://atp.webhook.office.com/webhookb2/x",
          pagerDuty: "http://pagerduty.example",
          webhooks,
          emails: ["platform"],
        },
      });
    expect(make).toThrow(
      expect.objectContaining({
        code: "config-invalid",
        issues: [
          expect.objectContaining({ path: "bad.policy.watch.gauges.memory.resourceId" }),
          expect.objectContaining({ path: "bad.receivers.webhooks", received: "14" }),
          expect.objectContaining({ path: "bad.receivers.pagerduty", rule: "must be an https URL" }),
          expect.objectContaining({ path: "bad.receivers.slack" }),
          expect.objectContaining({ path: "bad.receivers.teams" }),
          expect.objectContaining({ path: "bad.receivers.emails[0]" }),
          expect.objectContaining({ path: "bad.shortName" }),
          expect.objectContaining({
            path: "bad.workspace",
            rule: expect.stringMatching(/^required by error-rate, /),
          }),
          expect.objectContaining({ path: "bad.prometheusWorkspace" }),
          expect.objectContaining({ path: "bad.appService.production" }),
          expect.objectContaining({ path: "bad.appService.requestsPerSecond" }),
        ],
      }),
    );
  });

  it.each<[string, Partial<RolloutAlertsArgs>, string]>([
    ["nobody is told", { receivers: {} }, "receivers"],
    ["Prometheus' workspace is missing", { prometheusWorkspace: undefined as never }, "prometheusWorkspace"],
    ["an empty short name", { shortName: " " }, "shortName"],
  ])("%s", async (_, args, path) => {
    const refused = register(await policyOf("prod"), args);
    await expect(refused).rejects.toMatchObject({ issues: [{ path: `atp-ingestion-alerts.${path}` }] });
  });
});
