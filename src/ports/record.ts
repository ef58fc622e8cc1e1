import type { RolloutRequest } from "../types/decision.ts";
import type { JournalDraft, JournalEntry } from "../types/journal.ts";

export interface LeaseHolder {
  /** `user@host pid 123`, for the message of who is refused. */
  readonly holder: string;
  readonly termMs: number;
}

export type LeaseAnswer =
  | { readonly granted: true; readonly token: number }
  | { readonly granted: false; readonly holder: string; readonly expiresAtMs: number };

/**
 * The lease of one stack's rollout, fenced: each grant has a higher token than all before. A lease that
 * ran out, or whose holder is a dead process of this host, is granted anew. The promise: no effect is
 * *begun* after the lease is lost; effects check `check` first.
 */
export interface Lease {
  acquire(holder: LeaseHolder): Promise<LeaseAnswer>;
  /** Extends by the term. False: lost; never comes back under this token. */
  renew(token: number): Promise<boolean>;
  /** Whether the token still holds, read from the store. */
  check(token: number): Promise<boolean>;
  /** Idempotent. */
  release(token: number): Promise<void>;
}

/**
 * The journal of one stack. Append-only; an entry is on disk before `append` resolves when `sync`. Each entry is
 * chained to the one before it (`lib/journal-chain.ts`).
 */
export interface Journal {
  append(draft: JournalDraft, options?: { readonly sync?: boolean }): Promise<JournalEntry>;
  /** All entries in order. A torn last line (a crash) is left out. */
  read(): Promise<readonly JournalEntry[]>;
  /** All of it as it is kept, one JSON object a line, whatever has become of it: what is verified. */
  bytes(): Promise<Uint8Array>;
  /** Where it lies, for people. */
  readonly location: string;
}

/** Requests from other processes to the driver of this stack, in order. */
export interface Requests {
  submit(request: RolloutRequest & { readonly rolloutId: string }): Promise<void>;
  read(rolloutId: string): Promise<readonly RolloutRequest[]>;
  /** Resolves soon after a new request came, or when the signal aborts. */
  changed(signal: AbortSignal): Promise<void>;
}

export interface RecordStore {
  readonly lease: Lease;
  readonly journal: Journal;
  readonly requests: Requests;
}
