import type { Runtime } from "../lib/runtime.ts";
import { sha256, stableJson } from "../lib/stable-json.ts";
import { startRecord } from "../plan/migration-record.ts";
import type { PhaseCommands } from "../ports/phase-command.ts";
import type { RecordStore } from "../ports/record.ts";
import type { JournalEntry, JournalKind } from "../types/journal.ts";
import type { MigrationRecord, PhaseUnderway } from "../types/migration.ts";
import type { MigrationConfig } from "../types/migration-config.ts";
import { append } from "./append.ts";
import type { LeaseKeeper } from "./lease-keeper.ts";
import type { Deploy } from "./migrate-deploy.ts";

/** The ports that a migration is moved through, and what it must never print. */
export interface MigrateDeps {
  readonly migration: MigrationConfig;
  /** Name of the stack: `prod`. */
  readonly stack: string;
  /** Lease and journal of the migration alone: a rollout of the same stack has its own. */
  readonly record: RecordStore;
  /** Term of the lease, seconds. */
  readonly leaseSeconds: number;
  readonly commands: PhaseCommands;
  readonly deploy: Deploy;
  /** The migration's journal in another stack; empty where it has none. Throws where it can't be read. */
  readonly journalOf: (stack: string) => Promise<readonly JournalEntry[]>;
  readonly runtime: Runtime;
  /** Taken out of everything that is journaled. */
  readonly secrets: readonly string[];
  /** Every journal entry as it is written. */
  readonly observer?: (entry: JournalEntry) => void;
}

/** One call in this process. */
export interface MigrateSession {
  readonly deps: MigrateDeps;
  readonly lease: LeaseKeeper;
  /** `user@host pid 123`. */
  readonly holder: string;
  /** Who asks, where that was said. */
  readonly by?: string;
  /** Names this call in the journal. */
  readonly id: string;
  /** SHA-256 of the migration as it is asked for now. */
  readonly planHash: string;
  /** What the process before this one was about to do when it ended. */
  readonly cutOff?: string;
  /** As the journal has it; absent: no migration has touched the stack. */
  record?: MigrationRecord;
}

/** Appends one entry, redacted; its `record` is the record from now on. */
export async function note(
  session: MigrateSession,
  kind: JournalKind,
  data: Readonly<Record<string, unknown>> & { readonly record?: MigrationRecord },
): Promise<void> {
  const { deps, lease, id, planHash } = session;
  const record = data.record ?? standing(session);
  const underway = record.underway;
  // A checkpoint (`observed`) that is lost only repeats work.
  await append(deps, {
    rolloutId: id,
    leaseToken: lease.token,
    kind,
    state: stateOf(underway),
    step: underway?.phase ?? record.phase,
    planHash,
    data,
  });
  if (data.record !== undefined) session.record = data.record;
}

function stateOf(underway: PhaseUnderway | undefined): JournalEntry["state"] {
  if (underway === undefined) return "planned";
  return underway.direction === "forward" ? "applying" : "reverting-stack";
}

/** The record, or that of a stack which no migration has touched. */
export function standing({ record, deps }: MigrateSession): MigrationRecord {
  return record ?? startRecord(deps.migration, deps.runtime.clock.now());
}

/** SHA-256 of a migration without where it is tested. */
export function migrationHash({
  testedIn: _where,
  testedWithinSeconds: _within,
  ...migration
}: MigrationConfig): string {
  return sha256(stableJson(migration));
}
