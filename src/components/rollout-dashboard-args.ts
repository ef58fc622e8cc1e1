import type * as applicationinsights from "@pulumi/azure-native/applicationinsights/index.js";
import type { Input } from "@pulumi/pulumi";
import type { ShownPolicy } from "../plan/dashboard.ts";
import type { AzureMonitorConfig } from "../types/azure-monitor.ts";
import type { PolicyArgs } from "./policy-of.ts";

/** Must be pure. */
export interface DashboardTransforms {
  readonly workbook?: (args: applicationinsights.WorkbookArgs) => applicationinsights.WorkbookArgs;
}

/** Arguments of `RolloutDashboard`. */
export interface RolloutDashboardArgs extends PolicyArgs<ShownPolicy> {
  /** How versions are told apart in Application Insights' tables: the policy's `metrics` of kind azure-monitor. Plain data. */
  readonly telemetry: AzureMonitorConfig;
  /** ARM id of the workspace or the Application Insights resource that `telemetry` means. */
  readonly source: Input<string>;
  /** ARM id of the workspace with Container Insights' tables, for node pools; default: `source`. */
  readonly clusterWorkspace?: Input<string>;
  /** Name of the environment; default: the stack's. Plain data. */
  readonly environment?: string;
  readonly resourceGroup: Input<string>;
  /** Default: the resource group's. */
  readonly location?: Input<string>;
  /** Tags of the workbook; default: none. */
  readonly tags?: Readonly<Record<string, Input<string>>>;
  readonly transform?: DashboardTransforms;
}
