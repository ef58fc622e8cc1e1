import type { Issue } from "../errors/errors.ts";
import { failedTests } from "../lib/kql/service.ts";
import { tablesOf } from "../lib/kql/tables.ts";
import type { LogAlert } from "../types/alerts.ts";
import type { AzureMonitorConfig } from "../types/azure-monitor.ts";
import type { EnvironmentPolicy } from "../types/policy.ts";
import { type AlertCondition, conditionsOf } from "./alerts-conditions.ts";
import { type AlertsOf, gaugeAlerts } from "./alerts-gauges.ts";
import { logAlerts } from "./alerts-logs.ts";
import { probeAlerts, promAlerts } from "./alerts-prometheus.ts";
import { type SitesWatched, siteAlerts } from "./alerts-sites.ts";

/** What of a stack's policy alerts are made of: limits, and where the numbers come from. */
export type AlertedPolicy = Pick<EnvironmentPolicy, "service" | "gates" | "metrics" | "health" | "watch">;

export interface AlertInput {
  readonly policy: AlertedPolicy;
  /** Absent: the service isn't on App Service. */
  readonly sites?: SitesWatched;
  /** Names of the availability tests that ask the health endpoints. */
  readonly healthTests?: readonly string[];
}

/**
 * One rule for each automatic trigger, each row of the table of objectives (warning and critical) and each burn rate:
 * the limits are the policy's. What no rule can watch is in `without`, with the reason; what is wrong, in `issues`. Pure.
 */
export function alertsOf(input: AlertInput): AlertsOf {
  const { gates, watch } = input.policy;
  const parts = [counted(input), healthAlerts(input), gaugeAlerts(gates, watch), ...sitesOf(input)];
  const slo = gates.slo === undefined ? [{ id: "slo", why: "the policy has no objectives" }] : [];
  return {
    rules: parts.flatMap(({ rules }) => rules),
    without: [...parts.flatMap(({ without }) => without), ...slo],
    issues: parts.flatMap(({ issues }) => issues),
  };
}

function counted({ policy: { gates, metrics } }: AlertInput): AlertsOf {
  const conditions = conditionsOf(gates);
  switch (metrics.kind) {
    case "sandbox":
      return nothing(conditions, "metrics are those of the sandbox");
    case "prometheus":
      return { rules: promAlerts(conditions, metrics), without: [], issues: [] };
    case "azure-monitor": {
      const issues = anybodys(metrics);
      return issues.length > 0
        ? { rules: [], without: [], issues }
        : { ...logAlerts(conditions, metrics), issues };
    }
  }
}

function nothing(conditions: readonly AlertCondition[], why: string): AlertsOf {
  return { rules: [], without: conditions.map(({ id }) => ({ id, why })), issues: [] };
}

/** Several apps may share a workspace: objectives and burn rates would be everybody's. */
function anybodys({ workspaceId, role, cohort }: AzureMonitorConfig): readonly Issue[] {
  if (workspaceId === undefined || role !== undefined || cohort.by === "role") return [];
  return [
    {
      path: "metrics.role",
      rule: "required: several apps may share the workspace, and none of them is known to be this service",
      hint: "Write role: the name that the service gives itself, OTEL_SERVICE_NAME.",
    },
  ];
}

/** App Service's own health check asks each instance; where there is none, what asks the endpoints of the policy. */
function healthAlerts({ policy, sites, healthTests = [] }: AlertInput): AlertsOf {
  const { gates, metrics, health } = policy;
  const none = (why: string) => ({ rules: [], without: [{ id: "health", why }], issues: [] });
  if (metrics.kind === "azure-monitor" && healthTests.length > 0)
    return { rules: [testsAlert(metrics, healthTests)], without: [], issues: [] };
  if (sites !== undefined) return { rules: [], without: [], issues: [] };
  if (metrics.kind === "azure-monitor")
    return none("no availability test of a health endpoint is named (healthTests)");
  if (metrics.kind === "prometheus" && health.kind === "http")
    return { rules: probeAlerts(health, metrics, gates.health.tries), without: [], issues: [] };
  return none("health is asked in the sandbox alone");
}

/** A test has tried three times before it says that it failed. Each location tries once in five minutes at least. */
function testsAlert(metrics: AzureMonitorConfig, names: readonly string[]): LogAlert {
  return {
    kind: "log",
    id: "health",
    family: "trigger",
    severity: 1,
    description: "An availability test of a health endpoint failed.",
    scope: metrics.resourceId === undefined ? "workspace" : { resourceId: metrics.resourceId },
    query: failedTests(tablesOf(metrics), names),
    everyMinutes: 1,
    windowMinutes: 5,
    periods: 1,
    aggregation: "Maximum",
    split: "Test",
    breach: "above",
    limit: 0,
  };
}

function sitesOf({ policy, sites }: AlertInput): AlertsOf[] {
  return sites === undefined ? [] : [{ ...siteAlerts(sites, policy.gates), issues: [] }];
}
