import type { StackConfig } from "../config/load.ts";
import type { MigrateDeps } from "../driver/migrate-session.ts";
import type { DriverDeps } from "../driver/session.ts";
import type { Flags } from "../ports/flags.ts";
import type { RecordStore } from "../ports/record.ts";
import type { Revisions } from "../ports/revisions.ts";
import type { JournalEntry, JournalHead } from "../types/journal.ts";
import type { ServiceReading } from "../types/observation.ts";
import type { RolloutPlan } from "../types/plan.ts";
import type { EnvironmentPolicy } from "../types/policy.ts";
import type { Versions } from "../types/versions.ts";
import type { CommandContext } from "./command.ts";
import type { Teller } from "./compose/channels.ts";
import type { EvidencePorts } from "./compose/evidence-ports.ts";

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

/** What a stack's schema migration is moved through, but for its deploys. */
export type MigrationPorts = Pick<MigrateDeps, "record" | "commands" | "journalOf" | "secrets">;

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
  /** The flag of the stack's config in its store: no engine, no record, nothing decrypted. */
  openFlags?(at: StackAt, context: CommandContext): Promise<Flags>;
  /** The head of the journal that the stack's state knows; undefined where no driver has written one. */
  readAnchor?(at: StackAt, context: CommandContext): Promise<JournalHead | undefined>;
  /** What an evidence bundle is collected with: no record and no engine, as with `openTeller`. */
  openEvidence?(at: StackAt, context: CommandContext, plan: RolloutPlan): Promise<EvidencePorts>;
  /** The channels of the stack: no record and no cloud; an engine only where something is encrypted. */
  openTeller?(at: StackAt, context: CommandContext): Promise<Teller>;
  /** Asks whether the stack's service is down; undefined where only a rehearsal could tell. */
  openService?(
    at: StackAt,
    context: CommandContext,
    versions: Versions | undefined,
  ): Promise<(() => Promise<ServiceReading>) | undefined>;
  /** What the stack's Deployment has run; undefined where its versions don't come in place. Nothing is read yet. */
  openRevisions?(at: StackAt): Promise<Revisions | undefined>;
  /** Commands and journals of the stack's schema migration: no engine, no cloud, nothing decrypted. */
  openMigration?(at: StackAt, context: CommandContext): Promise<MigrationPorts>;
}
