import type { AzureMonitorConfig } from "../../types/azure-monitor.ts";
import { logsError, type Tables } from "./tables.ts";
import { textLiteral } from "./text.ts";

/** How the sides are told apart. */
export type CohortKey = Pick<AzureMonitorConfig["cohort"], "by" | "property">;

/** The expression that tells the sides apart, a string. Throws `metrics-source` where `build` names no property. */
export function cohortColumn(tables: Tables, { by, property }: CohortKey): string {
  switch (by) {
    case "version":
      return tables.version;
    case "role":
      return tables.role;
    case "build":
      if (property === undefined)
        throw logsError("cohort.by is build, and cohort.property names no property");
      return `tostring(${tables.properties}[${textLiteral(property)}])`;
  }
}

/**
 * Whether a request failed: 5xx. `Success` alone would count every 4xx, and telemetry that isn't HTTP (gRPC, a
 * worker's own word) has no HTTP status: there, `Success` is all there is.
 */
export function failedExpression({ resultCode, success }: Tables): string {
  return `iff(coalesce(toint(${resultCode}), 0) < 100, ${success} == false, toint(${resultCode}) >= 500)`;
}

/** Traffic of availability tests and the like is nobody's experience. Of no role, or of none of a list: of all. */
export function realTraffic(tables: Tables, role?: string | readonly string[]): string {
  return [`isempty(${tables.synthetic})`, ...ofRole(tables, role)].join(" and ");
}

function ofRole(tables: Tables, role: string | readonly string[] | undefined): string[] {
  if (typeof role === "string") return [`${tables.role} == ${textLiteral(role)}`];
  if (role === undefined || role.length === 0) return [];
  return [`${tables.role} in (${role.map(textLiteral).join(", ")})`];
}
