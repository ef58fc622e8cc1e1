import type { ExceptionCount } from "../analysis/checklist-during.ts";

/** What a source says of exceptions. `types`: the most frequent first; an empty list: it looked, and there were none. */
export type ExceptionsAnswer =
  | { readonly status: "value"; readonly types: readonly ExceptionCount[] }
  | { readonly status: "error"; readonly message: string };

/**
 * The candidate's exceptions by type: what a person would watch in the logs. Reads only. Never throws; trouble is
 * `error` and never an empty list. No key stands in a message.
 */
export interface Exceptions {
  readonly name: string;
  list(query: {
    /** ms since the epoch: since when the step is in force. */
    readonly sinceMs: number;
    readonly nowMs: number;
    readonly signal?: AbortSignal;
  }): Promise<ExceptionsAnswer>;
}
