import type { AzureMonitorConfig } from "../../../types/azure-monitor.ts";
import { textLiteral } from "./kql-text.ts";
import { logsError, type Tables } from "./tables.ts";

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

/** Traffic of availability tests and the like is nobody's experience. */
export function realTraffic(tables: Tables, role?: string): string {
  const own = role === undefined ? "" : ` and ${tables.role} == ${textLiteral(role)}`;
  return `isempty(${tables.synthetic})${own}`;
}
