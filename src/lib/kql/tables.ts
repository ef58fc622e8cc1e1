import { RolloutError } from "../../errors/errors.ts";
import type { AzureMonitorConfig } from "../../types/azure-monitor.ts";

/** Names of Application Insights' telemetry in one of its two schemas. */
export interface Tables {
  readonly requests: string;
  readonly exceptions: string;
  readonly metrics: string;
  /** Results of availability tests, whose name is in the column `name`. */
  readonly availability: string;
  readonly time: string;
  readonly itemCount: string;
  readonly durationMs: string;
  readonly resultCode: string;
  /** An expression of type bool. */
  readonly success: string;
  readonly synthetic: string;
  readonly version: string;
  readonly role: string;
  /** The bag of the app's own properties. */
  readonly properties: string;
  /** Of a metric or a test. */
  readonly name: string;
  readonly instance: string;
  readonly exceptionType: string;
  readonly metricMax: string;
}

/** A Log Analytics workspace: the tables that several apps may share. */
export const workspaceTables: Tables = {
  requests: "AppRequests",
  exceptions: "AppExceptions",
  metrics: "AppMetrics",
  availability: "AppAvailabilityResults",
  time: "TimeGenerated",
  itemCount: "ItemCount",
  durationMs: "DurationMs",
  resultCode: "ResultCode",
  success: "Success",
  synthetic: "SyntheticSource",
  version: "AppVersion",
  role: "AppRoleName",
  properties: "Properties",
  name: "Name",
  instance: "AppRoleInstance",
  exceptionType: "ExceptionType",
  metricMax: "Max",
};

/** An Application Insights resource: the classic tables. */
export const resourceTables: Tables = {
  requests: "requests",
  exceptions: "exceptions",
  metrics: "customMetrics",
  availability: "availabilityResults",
  time: "timestamp",
  itemCount: "itemCount",
  durationMs: "duration",
  resultCode: "resultCode",
  // A text there; tobool takes both, so a schema that changes it one day is no silent "no errors".
  success: "tobool(success)",
  synthetic: "operation_SyntheticSource",
  version: "application_Version",
  role: "cloud_RoleName",
  properties: "customDimensions",
  name: "name",
  instance: "cloud_RoleInstance",
  exceptionType: "type",
  metricMax: "valueMax",
};

/** Where queries go: exactly one of a workspace and a resource. */
export type Scope = Pick<AzureMonitorConfig, "workspaceId" | "resourceId">;

/** The schema of a scope. Throws `metrics-source` unless exactly one of the two is named. */
export function tablesOf({ workspaceId, resourceId }: Scope): Tables {
  if ((workspaceId === undefined) === (resourceId === undefined)) {
    throw logsError("exactly one of workspaceId and resourceId says where to look");
  }
  return workspaceId === undefined ? resourceTables : workspaceTables;
}

/** What a source could not answer; the adapter turns it into an answer of status `error`. */
export function logsError(why: string): RolloutError {
  return new RolloutError(`Azure Monitor gave no usable answer: ${why}.`, {
    code: "metrics-source",
    exit: "error",
  });
}
