import * as z from "zod";
import { duration, key, text } from "./leaves.ts";
import { defaults } from "./presets.ts";
import { kind, url } from "./schema-parts.ts";

const keys = ["version", "role", "build"] as const;

const cohort = z.strictObject({
  by: key(z.enum(keys), {
    what: "What tells the sides apart: the application version, the role name, or a property of each record.",
    rule: `one of ${keys.join(", ")}`,
    hint: "Write version; on App Service all slots have one role name.",
    words: keys,
  }),
  property: text({
    what: "Of `build`: the name of the property.",
    fallback: defaults.azureMonitor.property,
    example: "build",
  }).optional(),
  stable: text({
    what: "Its value on stable; `{from}` and `{fromBuild}` stand for the version in service and its identity.",
    absent: "`{from}`, of `build` `{fromBuild}`; required of `role`",
    example: "atp-ingestion",
  }).optional(),
  candidate: text({
    what: "Its value on the candidate; `{to}` and `{toBuild}` stand for the new version and its identity.",
    absent: "`{to}`, of `build` `{toBuild}`; required of `role`",
    example: "atp-ingestion-canary",
  }).optional(),
});

/** Application Insights; one of the kinds of metrics. */
export const azureMonitorSchema = z.strictObject({
  kind: kind("azure-monitor", "Application Insights, by one KQL query a look."),
  workspaceId: text({
    what: "Log Analytics workspace; or `resourceId`.",
    absent: "`resourceId` says where",
    example: "6f0e1d2c-8a2b-4f4e-9a51-0c7c3c2e8d10",
  }).optional(),
  resourceId: text({
    what: "ARM id of an Application Insights resource; or `workspaceId`.",
    absent: "`workspaceId` says where",
    example: "/subscriptions/…/resourceGroups/atp/providers/microsoft.insights/components/atp",
  }).optional(),
  cohort: key(z.union([z.enum(keys), cohort]), {
    what: "How the two sides are told apart.",
    rule: "version, role or build, or an object with by",
    hint: "Write version.",
    words: keys,
  }),
  role: text({
    what: "Only requests of this role, where several apps share a workspace.",
    absent: "every request of the cohorts",
    example: "atp-ingestion",
  }).optional(),
  lag: duration(
    { min: "1s", max: "1h" },
    { what: "Least age of what counts as complete; the measured lag can only raise it.", fallback: "2m" },
  ).optional(),
  endpoint: url({
    what: "Base URL of the query API, in another cloud.",
    example: "https://api.loganalytics.us",
  }).optional(),
});
