import { formatDuration } from "../lib/duration.ts";
import { sha256, stableJson } from "../lib/stable-json.ts";
import type {
  Migration,
  MigrationPosition,
  MigrationRecord,
  PhaseAction,
  PhaseUnderway,
} from "../types/migration.ts";
import { goalOf, originOf, phaseAfter, positionBefore, positions } from "./migration-phases.ts";
import { settled, startRecord } from "./migration-record.ts";

/** What is asked of the migration. */
export interface PhaseTarget {
  readonly migration: Migration;
  /** A phase, `start`, or nothing: keep what is there. */
  readonly asked?: string | undefined;
  /** ms of the rollout's clock. */
  readonly now: number;
}

export type NextPhase =
  | {
      readonly ok: true;
      readonly move: "stay" | "forward" | "back";
      /** What is left to do, in order. Empty: the record holds already. */
      readonly actions: readonly PhaseAction[];
      /** What the first of them said in its last run. */
      readonly checkpoint?: string;
      /** To be stored before the first effect. */
      readonly record: MigrationRecord;
      /** For people: what waits, what begins anew. */
      readonly notes: readonly string[];
    }
  | PhaseRefusal;

export interface PhaseRefusal {
  readonly ok: false;
  readonly code: string;
  readonly message: string;
  readonly hint: string;
  /** When the same would be accepted, ms; only where time alone is missing. */
  readonly notBeforeMs?: number;
}

type Asked = PhaseTarget & { readonly wanted: MigrationPosition };

/**
 * The one rule of how a migration moves. From a record it accepts the present phase again, the next one, or one back;
 * while a phase is under way, that phase again (it goes on) or where it came from. A skip, a way back that there isn't,
 * above all across contract, and a contract before its time are refused. Pure.
 */
export function nextPhase(stored: MigrationRecord | undefined, target: PhaseTarget): NextPhase {
  const { migration, asked, now } = target;
  const record = recordFor(migration, stored, now);
  if (!("phase" in record)) return record;
  const { underway, frozen } = record;
  if (asked === undefined) return stay(record, underway === undefined ? [] : [isUnderway(underway)]);
  const wanted = positions.find((position) => position === asked);
  if (wanted === undefined) {
    return refused(
      "phase-unknown",
      `${asked} is no phase of a migration.`,
      `One of ${positions.join(", ")}.`,
    );
  }
  if (frozen !== undefined) {
    const message = `${migration.id} is frozen since ${iso(frozen.atMs)}: ${frozen.reason}.`;
    return refused(
      "migration-frozen",
      message,
      "Mend the cause and take the freeze off; then it goes on, or back.",
    );
  }
  if (underway !== undefined) return fromUnderway(record, underway, { ...target, wanted });
  return fromSettled(record, { ...target, wanted });
}

/** A stack has one migration at a time; the next may start where the last is over. */
function recordFor(
  migration: Migration,
  stored: MigrationRecord | undefined,
  now: number,
): MigrationRecord | PhaseRefusal {
  if (stored?.migration === migration.id) return stored;
  const over = stored?.underway === undefined && (stored?.phase ?? "start").match(/^(start|contract)$/);
  if (stored === undefined || over) return startRecord(migration, now);
  const message = `${migration.id} has to wait: ${stored.migration} is at ${stored.phase}.`;
  return refused("migration-under-way", message, `Finish ${stored.migration}, or take it back to start.`);
}

function fromSettled(record: MigrationRecord, { wanted, ...target }: Asked): NextPhase {
  const { migration: id, phase } = record;
  if (wanted === phase) return stay(record, []);
  if (phase === "contract")
    return acrossContract(id, "has removed the old schema, and what stood there alone is lost");
  const next = phaseAfter(phase);
  if (next !== undefined && wanted === next) {
    const early = next === "contract" ? contractEarly(record, target) : undefined;
    return early ?? begin(record, { phase: next, direction: "forward" }, target);
  }
  const ahead = positions.indexOf(wanted) > positions.indexOf(phase);
  if (ahead || phase === "start") {
    const message = `${wanted} is refused: ${id} is at ${phase}, and the next phase is ${next}.`;
    return refused("phase-skipped", message, `Ask for ${next}.`);
  }
  const before = positionBefore(phase);
  if (wanted === before) return begin(record, { phase, direction: "back" }, target);
  const message = `${wanted} is refused: ${id} is at ${phase}, and goes back one phase at a time.`;
  return refused("phase-back-too-far", message, `Ask for ${before}.`);
}

function fromUnderway(record: MigrationRecord, underway: PhaseUnderway, asked: Asked): NextPhase {
  const { phase, direction } = underway;
  if (asked.wanted === goalOf(underway)) return resume(record, underway, asked);
  if (phase === "contract")
    return acrossContract(
      record.migration,
      "has begun, and from then on the old schema is no longer written, or gone",
    );
  const origin = originOf(underway);
  if (asked.wanted === origin) {
    return begin(record, { phase, direction: direction === "forward" ? "back" : "forward" }, asked);
  }
  const message = `${asked.wanted} is refused: ${isUnderway(underway)}.`;
  return refused(
    "phase-under-way",
    message,
    `Ask for ${goalOf(underway)} to finish it, or for ${origin} to turn around.`,
  );
}

function begin(
  record: MigrationRecord,
  { phase, direction }: Pick<PhaseUnderway, "phase" | "direction">,
  { migration, now }: PhaseTarget,
): NextPhase {
  const actions = actionsOf(migration, phase, direction);
  if ("ok" in actions) return actions;
  const at: PhaseUnderway = {
    phase,
    direction,
    sinceMs: now,
    done: 0,
    of: actions.length,
    actions: actionsHash(actions),
  };
  const next: MigrationRecord = { ...record, phase: originOf(at), underway: at };
  return {
    ok: true,
    move: direction,
    actions,
    record: at.of === 0 ? settled(next, at, now) : next,
    notes: [],
  };
}

/** From where it stopped; from its first action where these are no longer the same. */
function resume(record: MigrationRecord, underway: PhaseUnderway, target: PhaseTarget): NextPhase {
  const { phase, direction, done, checkpoint } = underway;
  const actions = actionsOf(target.migration, phase, direction);
  if ("ok" in actions) return actions;
  if (actionsHash(actions) !== underway.actions) {
    const anew = begin(record, underway, target);
    const note = `What ${phase} does has changed since it began: it begins anew.`;
    return anew.ok ? { ...anew, notes: [note] } : anew;
  }
  return {
    ok: true,
    move: direction,
    actions: actions.slice(done),
    ...(checkpoint === undefined ? {} : { checkpoint }),
    record,
    notes: [],
  };
}

/** SHA-256 of actions: the same ones have the same, in any stack. */
export function actionsHash(actions: readonly PhaseAction[]): string {
  return sha256(stableJson(actions));
}

/** What a phase does in a direction, or why it can't. */
function actionsOf(
  { id, phases }: Migration,
  phase: PhaseUnderway["phase"],
  direction: PhaseUnderway["direction"],
): readonly PhaseAction[] | PhaseRefusal {
  const { forward, reverse } = phases[phase];
  if (direction === "forward") return forward;
  if (reverse.possible) return reverse.actions;
  const message = `${id} can't go back over ${phase}: ${reverse.reason}.`;
  return refused("reverse-impossible", message, "Go on, or undo it with a migration of its own.");
}

function contractEarly(record: MigrationRecord, { migration, now }: PhaseTarget): PhaseRefusal | undefined {
  const { id, contractAfterSeconds } = migration;
  const notBeforeMs = record.enteredAtMs + contractAfterSeconds * 1000;
  if (now >= notBeforeMs) return undefined;
  const waits = formatDuration(contractAfterSeconds);
  const message = `contract is refused until ${iso(notBeforeMs)}: ${id} has been reading the new schema since ${iso(record.enteredAtMs)}, and waits ${waits} before it gives up its way back.`;
  return { ...refused("contract-early", message, `Ask again at ${iso(notBeforeMs)}.`), notBeforeMs };
}

function acrossContract(id: string, why: string): PhaseRefusal {
  const message = `${id} can't go back: contract ${why}.`;
  return refused(
    "revert-across-contract",
    message,
    "Go on; the old schema comes back only by a migration of its own, its data only from a backup.",
  );
}

function stay(record: MigrationRecord, notes: readonly string[]): NextPhase {
  return { ok: true, move: "stay", actions: [], record, notes };
}

function refused(code: string, message: string, hint: string): PhaseRefusal {
  return { ok: false, code, message, hint };
}

function isUnderway({ phase, direction, done, of }: PhaseUnderway): string {
  const what = direction === "forward" ? phase : `the way back over ${phase}`;
  return `${what} is under way, ${done} of ${of} done`;
}

/** A date beyond what dates can be is the last one there is. */
function iso(ms: number): string {
  return new Date(Math.min(ms, 8.64e15)).toISOString();
}
