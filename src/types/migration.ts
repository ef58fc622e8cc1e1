/** The guide's five phases of a schema migration, in order. What the guide calls each: `plan/migration-phases.ts`. */
export type MigrationPhase = "expand" | "dual-write" | "backfill" | "switch-reads" | "contract";

/** Where a stack stands: `start` is before the first phase, and after everything was taken back. */
export type MigrationPosition = "start" | MigrationPhase;

/**
 * One thing that a phase does. Each has to be repeatable: what was cut off is done again, and a phase that was taken
 * back is done anew.
 */
export type PhaseAction =
  | {
      readonly kind: "command";
      /** Program and arguments; started without a shell. Stands in records, so no secrets: those go by environment. */
      readonly run: readonly string[];
      /** Time limit, seconds. Default: that of who runs it. */
      readonly timeoutSeconds?: number;
    }
  | { readonly kind: "deploy"; readonly version: string };

/** The way back over a phase: what it takes (nothing, where what was added harms nobody), or why there is none. */
export type PhaseReverse =
  | { readonly possible: true; readonly actions: readonly PhaseAction[] }
  | { readonly possible: false; readonly reason: string };

export interface PhasePlan {
  /**
   * In order. More than one where a phase needs it: before the old column can go, a version has to be out that no
   * longer writes it.
   */
  readonly forward: readonly PhaseAction[];
  readonly reverse: PhaseReverse;
}

/** One schema migration as data. What must hold in it: `lib/migration-rules.ts`. */
export interface Migration {
  readonly schemaVersion: 1;
  /** Names it in records: `orders-total-cents`. */
  readonly id: string;
  readonly phases: Readonly<Record<MigrationPhase, PhasePlan>>;
  /** How long `switch-reads` has to be in force before `contract`, seconds; the guide says weeks. 0: at once. */
  readonly contractAfterSeconds: number;
  /** What a failed phase leads to: its way back, or everything stays until a person has looked. */
  readonly onFailure: "revert" | "freeze";
}

/** Where a stack's migration is. Times in ms of the rollout's clock. */
export interface MigrationRecord {
  readonly schemaVersion: 1;
  /** `id` of the migration. */
  readonly migration: string;
  /**
   * The last phase in force. While one is under way forward: the one before it; while one is taken back: that one
   * itself. So a phase above it has left nothing behind.
   */
  readonly phase: MigrationPosition;
  /** Since when; `contract` counts its weeks from here. */
  readonly enteredAtMs: number;
  readonly underway?: PhaseUnderway;
  /** A failure that waits for a person; only beside `underway`. */
  readonly frozen?: { readonly reason: string; readonly atMs: number };
}

/** A phase between two positions. Written before its first effect, so that a restart knows what may be half done. */
export interface PhaseUnderway {
  readonly phase: MigrationPhase;
  readonly direction: "forward" | "back";
  readonly sinceMs: number;
  /** How many actions are done, and of how many. */
  readonly done: number;
  readonly of: number;
  /** SHA-256 of the actions: `done` and `checkpoint` count for these alone. */
  readonly actions: string;
  /** What the running command said last, for its next run. */
  readonly checkpoint?: string;
}
