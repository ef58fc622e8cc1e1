import * as z from "zod";
import type { Runtime } from "../../lib/runtime.ts";
import type { Incidents } from "../../ports/incident.ts";
import type { IncidentRef } from "../../types/message.ts";
import type { IncidentConfig } from "../../types/notify.ts";
import { callJson, incidentFailed } from "./call.ts";

export interface PagerDutyIncidentOptions {
  readonly config: Extract<IncidentConfig, { readonly kind: "pagerduty" }>;
  readonly runtime: Runtime;
}

const incident = z.looseObject({
  incident_number: z.int(),
  html_url: z.string().optional(),
  status: z.string().optional(),
  acknowledgements: z
    .array(z.looseObject({ acknowledger: z.looseObject({ summary: z.string().optional() }).optional() }))
    .optional(),
});
const listed = z.looseObject({ incidents: z.array(incident) });
const created = z.looseObject({ incident });

/**
 * An incident by PagerDuty's REST API. Its `incident_key` is the rollout's: one that is there already is taken, as the
 * API refuses a second one of an open key.
 */
export function createPagerDutyIncidents({ config, runtime }: PagerDutyIncidentOptions): Incidents {
  const base = config.endpoint.replace(/\/+$/, "");
  const headers = {
    accept: "application/vnd.pagerduty+json;version=2",
    authorization: `Token token=${config.token}`,
    from: config.from,
  };
  return {
    kind: "pagerduty",
    open: async ({ key, title, text }, signal) => {
      const at = { runtime, headers, signal };
      const query = new URLSearchParams({ incident_key: key, limit: "1" });
      const found = listed.safeParse(await callJson({ ...at, url: `${base}/incidents?${query}` }));
      const [own] = found.success ? found.data.incidents : [];
      if (own !== undefined) return refOf(own);
      const body = {
        incident: {
          type: "incident",
          title,
          service: { id: config.serviceId, type: "service_reference" },
          incident_key: key,
          body: { type: "incident_body", details: text },
        },
      };
      const made = created.safeParse(await callJson({ ...at, url: `${base}/incidents`, body }));
      if (!made.success) throw incidentFailed("its answer is not as documented");
      return refOf(made.data.incident);
    },
    acknowledgedBy: async (key, signal) => {
      const query = new URLSearchParams({ incident_key: key, limit: "1" });
      const at = { runtime, headers, signal, url: `${base}/incidents?${query}` };
      const found = listed.safeParse(await callJson(at));
      if (!found.success) throw incidentFailed("its answer is not as documented");
      const [own] = found.data.incidents;
      if (own === undefined || (own.status !== "acknowledged" && own.status !== "resolved")) return undefined;
      return own.acknowledgements?.at(-1)?.acknowledger?.summary ?? `somebody at ${refOf(own).id}`;
    },
  };
}

function refOf({ incident_number: number, html_url: url }: z.infer<typeof incident>): IncidentRef {
  return { id: `#${number}`, ...(url === undefined ? {} : { url }) };
}
