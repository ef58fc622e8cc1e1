/** A flag as the store holds it, apart from its key and label. A write replaces all of it. */
export interface FlagContent {
  /** JSON as text, to be changed only by what understands all of it (`plan/flag-json.ts`). */
  readonly value: string;
  /** Absent: none, and then it is no flag to anybody. */
  readonly contentType?: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly description?: string;
}

export interface FlagReading extends FlagContent {
  /** Changes with every write, whoever makes it. Opaque. */
  readonly etag: string;
  /** Nobody can write it before somebody unlocks it. */
  readonly locked: boolean;
  readonly label?: string;
  /** When it was written last, ISO 8601; absent: the store doesn't say. */
  readonly changedAt?: string;
}

/** What came of a write. */
export type FlagWrite =
  | { readonly status: "ok"; readonly etag: string }
  /** Somebody has written (or made, or removed) the flag since it was read: nothing was written. */
  | { readonly status: "conflict" }
  | { readonly status: "locked" }
  /** The store asks for a pause, in ms: nothing was written. */
  | { readonly status: "throttled"; readonly retryAfterMs: number }
  /** The answer was lost or was a failure of the store's: whether it was written shows when it is read. */
  | { readonly status: "unknown"; readonly message: string };

/**
 * One flag in a store: read it, and write it if nobody else has. There is no blind write. A read sees every write of
 * this object before it. A write is sent once; to write the same content again after a read is safe.
 */
export interface Flags {
  /** The flag's key and label, for messages. */
  readonly name: string;
  /** Undefined: there is no such flag. Throws (RolloutError) when the store does not answer or refuses. */
  read(signal?: AbortSignal): Promise<FlagReading | undefined>;
  /**
   * Writes all of the content on top of what has the etag, or `absent`: makes the flag only where there is none.
   * Throws (RolloutError) when the store refuses for good: no right, a value that is too large.
   */
  write(
    content: FlagContent,
    on: { readonly ifMatch: string; readonly signal?: AbortSignal },
  ): Promise<FlagWrite>;
}

/** `ifMatch` of a write that makes the flag. No store has it as an etag. */
export const absentFlag = "absent";
