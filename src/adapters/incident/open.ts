import { assertNever } from "../../lib/assert-never.ts";
import type { Runtime } from "../../lib/runtime.ts";
import type { Incidents } from "../../ports/incident.ts";
import type { IncidentConfig } from "../../types/notify.ts";

/** The incident system of a policy. */
export async function openIncidents(config: IncidentConfig, runtime: Runtime): Promise<Incidents> {
  switch (config.kind) {
    case "http":
      return (await import("./http-incident.ts")).createHttpIncidents({ config, runtime });
    case "pagerduty":
      return (await import("./pagerduty-incident.ts")).createPagerDutyIncidents({ config, runtime });
    default:
      return assertNever(config, "incident kind");
  }
}
