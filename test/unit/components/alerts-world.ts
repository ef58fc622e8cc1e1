import { resolve } from "node:path";
import { runtime } from "@pulumi/pulumi";
import type { Rollout } from "../../../src/components/rollout.ts";
import { RolloutAlerts } from "../../../src/components/rollout-alerts.ts";
import type { RolloutAlertsArgs } from "../../../src/components/rollout-alerts-args.ts";
import { loadStackConfig } from "../../../src/config/load.ts";
import { normalizeOrThrow } from "../../../src/config/normalize.ts";
import { createRollout } from "../../../src/program/rollout.ts";
import type { AzureMonitorConfig } from "../../../src/types/azure-monitor.ts";
import type { EnvironmentPolicy } from "../../../src/types/policy.ts";
import { known, type MockedResource, mockStack } from "../program/mock-stack.ts";

const projectDir = resolve(import.meta.dirname, "../../..");
const subscription = "/subscriptions/0b1f6471-1bf0-4dda-aec3-cb9272f09590/resourceGroups/atp-prod/providers";

export const ids = {
  workspace: `${subscription}/Microsoft.OperationalInsights/workspaces/atp`,
  component: `${subscription}/microsoft.insights/components/atp`,
  prometheus: `${subscription}/Microsoft.Monitor/accounts/atp`,
  production: `${subscription}/Microsoft.Web/sites/atp-ingestion`,
  slot: `${subscription}/Microsoft.Web/sites/atp-ingestion/slots/staging`,
};

export const stacks = ["dev", "test", "staging", "prod"] as const;

/** The policy of one of the repository's own stacks. */
export async function policyOf(stack: string): Promise<EnvironmentPolicy> {
  return (await loadStackConfig({ projectDir, stack })).policy;
}

/** A rollout of a program under a policy, as its components get it. */
export function rolloutOf(policy: EnvironmentPolicy): Rollout {
  const target = { kind: "step", version: "1.2.4" } as const;
  return createRollout({ policy, environment: "prod", record: undefined, target, report: () => {} });
}

/** Application Insights in a workspace, versions as the rollout has them. */
export const insights: AzureMonitorConfig = {
  kind: "azure-monitor",
  workspaceId: "6f0e1bd1-7a9c-4ea2-9d3a-3b9ad1a1c0de",
  cohort: { by: "version", stable: "{from}", candidate: "{to}" },
  role: "atp-ingestion",
};

/** A policy of the production preset with some of its rollout written anew. */
export function production(written: Readonly<Record<string, unknown>> = {}): EnvironmentPolicy {
  const none = { kind: "none", reason: "not in this test" };
  const base = {
    preset: "production",
    service: "atp-ingestion",
    metrics: {
      kind: "azure-monitor",
      workspaceId: insights.workspaceId,
      cohort: "version",
      role: "atp-ingestion",
    },
    health: { kind: "http", candidate: ["https://c.example/health"], stable: ["https://s.example/health"] },
    watch: { dbPool: none, queue: none, memory: none },
    lever: { kind: "http-route", namespace: "atp-prod" },
  };
  return normalizeOrThrow({ written: { ...base, ...written }, stack: "prod" });
}

export const plainArgs: Omit<RolloutAlertsArgs, "policy"> = {
  resourceGroup: "atp-prod",
  location: "westeurope",
  workspace: ids.workspace,
  prometheusWorkspace: ids.prometheus,
  receivers: { emails: ["platform@atp.example"] },
};

export interface RegisteredAlerts {
  readonly alerts: RolloutAlerts;
  readonly resources: readonly MockedResource[];
  /** Inputs by the rule's or the group's name in Azure. */
  readonly inputsOf: (name: string) => Record<string, unknown>;
}

/** Registers the alerts under mocks. */
export async function register(
  policy: EnvironmentPolicy,
  more: Partial<RolloutAlertsArgs> = {},
): Promise<RegisteredAlerts> {
  const { resources } = await mockStack({});
  const alerts = new RolloutAlerts("atp-ingestion-alerts", { policy, ...plainArgs, ...more });
  await known(alerts.actionGroupId);
  await known(alerts.ruleIds);
  // Outputs are registered after that, and must not meet the mocks of the next.
  await runtime.disconnect();
  const own = resources.filter(({ type }) => !type.startsWith("pulumi:"));
  const inputsOf = (name: string) => {
    // The component has the name of the group that gets everything.
    const found = own.find((one) => one.name === name && !one.type.startsWith("rollouts:"))?.inputs;
    if (found === undefined) throw new Error(`${name} is not among ${own.map((one) => one.name).join(", ")}`);
    return found;
  };
  return { alerts, resources: own, inputsOf };
}

/** All resources as one value, for a golden. */
export function graphOf({ resources }: Pick<RegisteredAlerts, "resources">): Record<string, unknown> {
  return Object.fromEntries(resources.map(({ type, name, inputs }) => [`${type} ${name}`, inputs]));
}
