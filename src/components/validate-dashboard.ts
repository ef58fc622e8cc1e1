import { configError, type Issue } from "../errors/errors.ts";
import type { ShownPolicy } from "../plan/dashboard.ts";
import type { AzureMonitorConfig } from "../types/azure-monitor.ts";
import type { RolloutDashboardArgs } from "./rollout-dashboard-args.ts";

/** Checks what is plain data. Throws `config-invalid` with every problem at once. */
export function assertDashboardArgs(
  component: string,
  args: RolloutDashboardArgs,
  policy: ShownPolicy,
): void {
  const { telemetry, source, clusterWorkspace } = args;
  const issues = [
    ...telemetryIssues(telemetry),
    ...sourceIssues(telemetry, source),
    ...idIssues("clusterWorkspace", clusterWorkspace),
    ...nodeIssues(args, policy),
  ];
  if (issues.length > 0)
    throw configError(issues.map((issue) => ({ ...issue, path: `${component}.${issue.path}` })));
}

function telemetryIssues({ workspaceId, resourceId, role, cohort }: AzureMonitorConfig): Issue[] {
  const issues: Issue[] = [];
  if ((workspaceId === undefined) === (resourceId === undefined))
    issues.push({
      path: "telemetry",
      rule: "must have exactly one of workspaceId and resourceId",
      hint: "Give the policy's metrics of kind azure-monitor.",
    });
  if (cohort.by === "build" && cohort.property === undefined)
    issues.push({
      path: "telemetry.cohort.property",
      rule: "required where versions are told apart by build",
      hint: "Write property: the name of the property that carries the build id.",
    });
  if (resourceId === undefined && role === undefined && cohort.by !== "role")
    issues.push({
      path: "telemetry.role",
      rule: "required: several apps may share the workspace, and none of them is known to be this service",
      hint: "Write role: the name that the service gives itself, OTEL_SERVICE_NAME.",
    });
  return issues;
}

const component = /\/providers\/microsoft\.insights\/components\/[^/]+$/i;
const workspace = /\/providers\/microsoft\.operationalinsights\/workspaces\/[^/]+$/i;

/** The two schemas name their tables differently, so the source has to be of the telemetry's kind. */
function sourceIssues({ resourceId }: AzureMonitorConfig, source: RolloutDashboardArgs["source"]): Issue[] {
  if (typeof source !== "string") return [];
  const [what, pattern] =
    resourceId === undefined
      ? (["a Log Analytics workspace", workspace] as const)
      : (["an Application Insights resource", component] as const);
  if (pattern.test(source)) return [];
  return [
    {
      path: "source",
      received: JSON.stringify(source),
      rule: `must be the ARM id of ${what}, as telemetry says`,
      hint: "Copy the resource id: /subscriptions/…/providers/….",
    },
  ];
}

function idIssues(path: string, id: RolloutDashboardArgs["source"] | undefined): Issue[] {
  if (typeof id !== "string" || workspace.test(id)) return [];
  return [
    {
      path,
      received: JSON.stringify(id),
      rule: "must be the ARM id of a Log Analytics workspace",
      hint: "Copy the resource id: /subscriptions/…/workspaces/….",
    },
  ];
}

/** Container Insights writes into a workspace, which an Application Insights resource doesn't show. */
function nodeIssues({ telemetry, clusterWorkspace }: RolloutDashboardArgs, policy: ShownPolicy): Issue[] {
  const shown = telemetry.resourceId === undefined || clusterWorkspace !== undefined;
  if (policy.lever?.kind !== "node-pools" || shown) return [];
  return [
    {
      path: "clusterWorkspace",
      rule: "required: node pools are seen in Container Insights' tables",
      hint: "Give the ARM id of the workspace that the cluster writes to.",
    },
  ];
}
