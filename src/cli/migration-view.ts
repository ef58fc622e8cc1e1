import { goalOf, migrationPhases, originOf, phaseAfter, positionBefore } from "../plan/migration-phases.ts";
import type { Tested } from "../plan/migration-tested.ts";
import { actionText } from "../plan/migration-text.ts";
import type {
  Migration,
  MigrationPhase,
  MigrationPosition,
  MigrationRecord,
  PhaseReverse,
  PhaseUnderway,
} from "../types/migration.ts";

/** `data` of `migrate --json` without a phase. Times are ISO 8601. */
export interface MigrationView {
  readonly stack: string;
  readonly migration: string;
  /** The last phase in force; `start`: none. */
  readonly position: MigrationPosition;
  /** Since when; absent where nothing was begun yet. */
  readonly since?: string;
  readonly underway?: UnderwayView;
  readonly frozen?: { readonly reason: string; readonly since: string };
  /** Absent amid a phase, and after the last. */
  readonly next?: NextView;
  /** Absent amid a phase, and where nothing is in force. */
  readonly back?: BackView;
  readonly contract: {
    readonly afterSeconds: number;
    /** From when on it is accepted; absent until reads are switched. */
    readonly notBefore?: string;
  };
  readonly journal: string;
}

export interface UnderwayView {
  readonly phase: MigrationPhase;
  readonly direction: "forward" | "back";
  readonly done: number;
  readonly of: number;
  readonly since: string;
  readonly checkpoint?: string;
  /** What finishes it. */
  readonly goal: MigrationPosition;
  /** What turns it around; absent where nothing does. */
  readonly origin?: MigrationPosition;
  /** Whether a live process is at it. */
  readonly driven: boolean;
}

export interface BackView {
  readonly to: MigrationPosition;
  /** Its actions; absent: there is no way back, and `reason` says why. */
  readonly actions?: readonly string[];
  readonly reason?: string;
}

export interface NextView {
  readonly phase: MigrationPhase;
  /** What the guide calls it. */
  readonly guide: string;
  readonly actions: readonly string[];
  readonly reverse: Omit<BackView, "to">;
  /** Of each stack where its way back has to have run. */
  readonly tested: readonly Tested[];
}

/** What a view is made of. */
export interface MigrationSeen {
  readonly stack: string;
  readonly migration: Migration;
  readonly record: MigrationRecord;
  /** Whether any entry stands behind the record. */
  readonly begun: boolean;
  readonly driven: boolean;
  /** Of the next phase. */
  readonly tested: readonly Tested[];
  readonly journal: string;
}

/** Where a migration stands, and what can be asked of it. Pure. */
export function migrationView(seen: MigrationSeen): MigrationView {
  const { stack, migration, record, begun, journal } = seen;
  const { phase, enteredAtMs, underway, frozen } = record;
  const notBeforeMs = enteredAtMs + migration.contractAfterSeconds * 1000;
  return {
    stack,
    migration: migration.id,
    position: phase,
    ...(begun ? { since: iso(enteredAtMs) } : {}),
    ...(underway === undefined ? settledView(seen) : { underway: underwayView(underway, seen) }),
    ...(frozen === undefined ? {} : { frozen: { reason: frozen.reason, since: iso(frozen.atMs) } }),
    contract: {
      afterSeconds: migration.contractAfterSeconds,
      ...(phase === "switch-reads" ? { notBefore: iso(notBeforeMs) } : {}),
    },
    journal,
  };
}

function settledView({ record, migration, tested }: MigrationSeen): Pick<MigrationView, "next" | "back"> {
  const { phase } = record;
  const next = phaseAfter(phase);
  return {
    ...(next === undefined ? {} : { next: nextView(next, migration, tested) }),
    ...(phase === "start"
      ? {}
      : { back: { to: positionBefore(phase), ...reverseView(migration.phases[phase].reverse) } }),
  };
}

function nextView(phase: MigrationPhase, { phases }: Migration, tested: readonly Tested[]): NextView {
  const { forward, reverse } = phases[phase];
  return {
    phase,
    guide: migrationPhases.find((one) => one.phase === phase)?.guide ?? phase,
    actions: forward.map(actionText),
    reverse: reverseView(reverse),
    tested,
  };
}

function reverseView(reverse: PhaseReverse): Omit<BackView, "to"> {
  return reverse.possible ? { actions: reverse.actions.map(actionText) } : { reason: reverse.reason };
}

function underwayView(underway: PhaseUnderway, { driven, migration }: MigrationSeen): UnderwayView {
  const { phase, direction, done, of, sinceMs, checkpoint } = underway;
  const turns = direction === "back" || migration.phases[phase].reverse.possible;
  return {
    phase,
    direction,
    done,
    of,
    since: iso(sinceMs),
    ...(checkpoint === undefined ? {} : { checkpoint }),
    goal: goalOf(underway),
    ...(turns ? { origin: originOf(underway) } : {}),
    driven,
  };
}

/** A date beyond what dates can be is the last one there is. */
function iso(ms: number): string {
  return new Date(Math.min(ms, 8.64e15)).toISOString();
}
