export interface PhaseProgress {
  readonly done: number;
  readonly total: number;
}

/** What a command says of itself while it runs. */
export type PhaseReport =
  | ({ readonly kind: "progress" } & PhaseProgress)
  | { readonly kind: "checkpoint"; readonly text: string };

interface Said {
  readonly progress?: PhaseProgress;
  /** What was left out of what it said. */
  readonly notes: readonly string[];
}

/** What a run came to. Messages are redacted. */
export type PhaseRun =
  | ({ readonly ok: true } & Said)
  | ({
      readonly ok: false;
      readonly code: "phase-command-failed" | "phase-command-late" | "phase-command-not-started";
      readonly message: string;
      readonly hint: string;
      /** Absent unless it ended by itself; null where something else killed it. */
      readonly exitCode?: number | null;
      /** For the next run. */
      readonly checkpoint?: string;
    } & Said);

export interface PhaseCall {
  /** Program and arguments; started without a shell. */
  readonly run: readonly string[];
  /** Time limit, ms of the wall clock; default 24 h. */
  readonly timeoutMs?: number;
  /** What it said last in a run that was cut off. Absent: from the beginning. */
  readonly checkpoint?: string;
  /** Told while it runs, at once. What it throws ends the command. */
  readonly report: (report: PhaseReport) => void;
  readonly signal: AbortSignal;
}

/**
 * Runs what a phase of a migration does outside of the stack, for hours if need be. Not idempotent by itself: what is run
 * has to be repeatable. Done is what says so, never what was merely not heard of again; a checkpoint that holds a secret is
 * not handed on. Never throws but for an abort, once all that it has started has ended: then the signal's reason.
 */
export interface PhaseCommands {
  run(call: PhaseCall): Promise<PhaseRun>;
}
