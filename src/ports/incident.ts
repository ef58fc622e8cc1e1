import type { IncidentRef } from "../types/message.ts";

/** An incident that is to be opened. */
export interface NewIncident {
  /** The same for every try: whoever is asked twice opens one. */
  readonly key: string;
  readonly title: string;
  readonly text: string;
  readonly service: string;
  readonly environment: string;
}

/**
 * Where incidents are kept. Asked once a rollout, when it turns back. The answer comes in seconds or not at all: a message
 * waits for it. Throws where none could be opened; no key stands in the message.
 */
export interface Incidents {
  readonly kind: string;
  open(incident: NewIncident, signal?: AbortSignal): Promise<IncidentRef>;
  /** Who has acknowledged the open incident of a key, there; undefined: nobody. Absent: it can't be asked. Throws as `open` does. */
  acknowledgedBy?(key: string, signal?: AbortSignal): Promise<string | undefined>;
}
