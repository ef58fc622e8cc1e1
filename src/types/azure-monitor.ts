/** Counts per version from Application Insights' tables, by one KQL query a look. */
export interface AzureMonitorConfig {
  readonly kind: "azure-monitor";
  /** Log Analytics workspace; or `resourceId`, exactly one of them. */
  readonly workspaceId?: string;
  /** ARM id of an Application Insights resource: the classic tables `requests`, `exceptions`. */
  readonly resourceId?: string;
  /** What tells the sides apart, and its value on each. `version`: AppVersion; `role`: AppRoleName; `build`: a property. */
  readonly cohort: {
    readonly by: "version" | "role" | "build";
    /** Of `build`: the name of the property. */
    readonly property?: string;
    readonly stable: string;
    readonly candidate: string;
  };
  /** Only requests of this role: several apps may share a workspace. Absent: all that the cohorts match. */
  readonly role?: string;
  /** Least age at which a bin counts as complete, seconds; the measured lag of ingestion can only raise it. Default 120. */
  readonly lagSeconds?: number;
  /** Base URL of the query API in another cloud. */
  readonly endpoint?: string;
}
