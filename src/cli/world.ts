import type { StackConfig } from "../config/load.ts";
import type { DriverDeps } from "../driver/session.ts";
import type { RecordStore } from "../ports/record.ts";
import type { Revisions } from "../ports/revisions.ts";
import type { JournalEntry } from "../types/journal.ts";
import type { EnvironmentPolicy } from "../types/policy.ts";
import type { CommandContext } from "./command.ts";

/** Talk to people, on stderr, redacted. */
export interface Talk {
  line(text: string): void;
  /** Whether stderr takes colour. */
  readonly color: boolean;
  /** From now on these texts are masked in everything that is printed. */
  addSecrets(secrets: readonly string[]): void;
}

/** Knows when the engine works: a Ctrl-C on a terminal reaches the engine too, so that it is waited for. */
export interface EngineGuard {
  readonly signal: AbortSignal;
  /** Counts a piece of work as the engine's. */
  track<T>(work: Promise<T>): Promise<T>;
}

/** Which stack. */
export interface StackAt {
  readonly projectDir: string;
  readonly stack: string;
  readonly config: StackConfig;
  /** What a change makes of the policy, once more where encrypted values were read: `config.policy` has it already. */
  readonly adapt?: (read: {
    readonly written: unknown;
    readonly policy: EnvironmentPolicy;
  }) => EnvironmentPolicy;
}

/** The outside, as verbs see it: real, or fakes in tests. */
export interface World {
  loadConfig(at: Omit<StackAt, "config">): Promise<StackConfig>;
  /** The record alone: no engine, no cloud, nothing decrypted. */
  openRecord(at: StackAt, context: CommandContext): Promise<RecordStore>;
  /** Everything that a driver works through. `observer` sees each journal entry as it is written. */
  openDriver(
    at: StackAt,
    context: CommandContext,
    observer: (entry: JournalEntry) => void,
  ): Promise<DriverDeps>;
  /** What the stack's Deployment has run; undefined where its versions don't come in place. Nothing is read yet. */
  openRevisions?(at: StackAt): Promise<Revisions | undefined>;
}
