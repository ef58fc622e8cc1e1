import type { ChangeSummary, PolicyViolation, Resolved, ResourceChange, Target } from "../types/engine.ts";
import type { JournalHead } from "../types/journal.ts";
import type { Release } from "../types/release.ts";

export interface PreviewResult {
  readonly resolved: Resolved;
  readonly summary: ChangeSummary;
  readonly changes: readonly ResourceChange[];
  readonly violations: readonly PolicyViolation[];
}

/** Why an engine operation failed; from events, never from prose alone. */
export interface EngineFailure {
  /** `resource`: a resource failed; `conflict`: another field manager owns the route; `locked`: another
   *  update holds the stack; `cancelled`: stopped by our signal; `program`: the program threw; `unknown`. */
  readonly kind: "resource" | "conflict" | "locked" | "cancelled" | "program" | "unknown";
  readonly urn?: string;
  /** Redacted. */
  readonly message: string;
}

export type UpResult =
  | {
      readonly ok: true;
      readonly resolved: Resolved;
      readonly summary: ChangeSummary;
      readonly durationMs: number;
    }
  | { readonly ok: false; readonly failure: EngineFailure; readonly durationMs: number };

/** The stack as its state file has it, without outputs of the program (they lie after a failed update). */
export interface Deployed {
  readonly record?: Release;
  /** Stable JSON of every resource's inputs by URN: two equal strings are two equal stacks. */
  readonly inputs: string;
  /** SHA-256 of `inputs`: a change that we did not make shows here. */
  readonly hash: string;
  readonly pendingOperations: readonly string[];
  /** Head of the journal when a driver last updated the stack: what the journal is verified against. */
  readonly journalHead?: JournalHead;
}

export interface UpOptions {
  readonly target: Target;
  /** Refresh before the update: reverts need it, or a cloud that moved on stays wrong silently. */
  readonly refresh?: boolean;
  /** The one update that may take fields back from the lever (server-side apply with force). */
  readonly converge?: boolean;
  /** Stops the update with one SIGINT; the promise settles once the CLI has exited. */
  readonly signal?: AbortSignal;
}

/**
 * The Pulumi engine on one stack. Calls are serial. Faults (a lost engine) throw `RolloutError`;
 * a failed update is a result. A program that throws a RolloutError rethrows it from `preview`.
 */
export interface Engine {
  preview(options: { readonly target: Target; readonly refresh?: boolean }): Promise<PreviewResult>;
  up(options: UpOptions): Promise<UpResult>;
  deployed(): Promise<Deployed>;
  /**
   * After a crash: removes the lock file of a dead process on this host, waits for a live one up to
   * `waitMs` (then `locked`), drops pending creates by a refresh. Returns what was done, for people.
   */
  recover(options: { readonly waitMs: number; readonly force?: boolean }): Promise<readonly string[]>;
}
