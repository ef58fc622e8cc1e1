import { atPointer } from "../../lib/json-pointer.ts";
import type { Runtime } from "../../lib/runtime.ts";
import type { Incidents } from "../../ports/incident.ts";
import type { IncidentConfig } from "../../types/notify.ts";
import { callJson, incidentFailed } from "./call.ts";

export interface HttpIncidentOptions {
  readonly config: Extract<IncidentConfig, { readonly kind: "http" }>;
  readonly runtime: Runtime;
}

/**
 * Any system that opens an incident by one POST of `{ key, title, text, service, environment }`. `key` is the rollout's:
 * whoever gets it twice answers with the first incident. A text or number `/url` of the answer is its address.
 */
export function createHttpIncidents({ config, runtime }: HttpIncidentOptions): Incidents {
  const { url, authorization } = config;
  return {
    kind: "http",
    open: async (incident, signal) => {
      const headers = authorization === undefined ? {} : { authorization };
      const answer = await callJson({ runtime, url, headers, body: incident, signal });
      const id = atPointer(answer, config.id);
      if (typeof id !== "string" && typeof id !== "number")
        throw incidentFailed(`its answer has no id at ${config.id}`);
      const address = atPointer(answer, "/url");
      return { id: String(id), ...(typeof address === "string" ? { url: address } : {}) };
    },
  };
}
