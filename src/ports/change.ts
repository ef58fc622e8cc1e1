import type { ChangeAnswer } from "../types/change-request.ts";

/**
 * The change advisory board's system. Reads only. `not-found` where the system says that there is no such change;
 * everything else that is no change is an error. Never throws; no token stands in a message.
 */
export interface Change {
  readonly name: string;
  read(query: { readonly id: string; readonly signal?: AbortSignal }): Promise<ChangeAnswer>;
}
