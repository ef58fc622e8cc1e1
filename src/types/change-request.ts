/** A change request as the advisory board's system has it. Times in ms since the epoch. */
export interface ChangeRequest {
  readonly id: string;
  /** The system's own word, `Implement`, `approved`, `-1`. */
  readonly state: string;
  /** Service or configuration item that it is for. */
  readonly service?: string;
  readonly startMs?: number;
  readonly endMs?: number;
  readonly risk?: string;
}

/** What a change system says. `not-found` is an answer, trouble is an error. */
export type ChangeAnswer =
  | { readonly status: "value"; readonly change: ChangeRequest }
  | { readonly status: "not-found" }
  | { readonly status: "error"; readonly message: string };

/** How times stand in the answer: ISO 8601 with a zone, `2026-01-15 10:00:00` meant as UTC, or a number. */
export type ChangeTimes = "iso" | "utc" | "epoch-seconds" | "epoch-ms";

/** Where change requests are read. `token` is a secret. */
export type ChangeConfig =
  | {
      readonly kind: "http";
      /** With `{id}` where the id goes. */
      readonly url: string;
      /** JSON pointers (RFC 6901) into the answer. */
      readonly fields: {
        readonly state: string;
        readonly service?: string;
        readonly start?: string;
        readonly end?: string;
        readonly risk?: string;
      };
      /** Default `iso`. */
      readonly times?: ChangeTimes;
      /** Whole value of the Authorization header, `Bearer …`. */
      readonly authorization?: string;
    }
  | { readonly kind: "file"; readonly dir: string };
