import { RolloutError } from "../errors/errors.ts";
import { actionsHash, type NextPhase, nextPhase, type PhaseRefusal } from "../plan/migration.ts";
import { phaseFailed } from "../plan/migration-failure.ts";
import { cutOffIn, moveOf, type PhaseMove, recordIn } from "../plan/migration-journal.ts";
import { thawed } from "../plan/migration-record.ts";
import type { Tested } from "../plan/migration-tested.ts";
import { actionText } from "../plan/migration-text.ts";
import type { MigrationRecord } from "../types/migration.ts";
import { keepLease } from "./lease-keeper.ts";
import { type ActionResult, act } from "./migrate-act.ts";
import { checkPhase } from "./migrate-checks.ts";
import { type MigrateDeps, type MigrateSession, migrationHash, note, standing } from "./migrate-session.ts";
import { newRolloutId } from "./rollout-id.ts";

export interface MigrateOptions {
  /** `user@host pid 123`. */
  readonly holder: string;
  /** A phase, or `start`; nothing: keep what is there. */
  readonly asked?: string;
  /** Who asks: has to be told for a thaw, and for a phase that has no way back. */
  readonly by?: string;
  /** Takes the freeze off first. */
  readonly thaw?: boolean;
}

/** What a call came to: `data` of `migrate --json`. */
export interface MigrateOutcome {
  /**
   * `taken-back`: the phase failed, and its way back is walked. `frozen`: it stays where it stopped, until a person has
   * looked. `interrupted`: asked to stop; the same question goes on.
   */
  readonly outcome: "done" | "nothing-to-do" | "thawed" | "taken-back" | "frozen" | "interrupted";
  readonly migration: string;
  /** Where it stands now. */
  readonly record: MigrationRecord;
  /** What was moved over, and in which direction it was asked for. */
  readonly move?: Pick<PhaseMove, "phase" | "direction">;
  readonly failure?: { readonly code: string; readonly message: string; readonly hint?: string };
  readonly notes: readonly string[];
  /** Where the journal lies. */
  readonly journal: string;
}

type Accepted = Extract<NextPhase, { readonly ok: true }>;

/**
 * Moves a stack's migration by one phase, forward or back, or goes on with one that was cut off. Only what is done is
 * settled; a phase that fails is taken back or frozen. The record stands in the journal and is stored before each effect.
 *
 * @throws RolloutError before anything is touched: what `nextPhase` refuses, `not-frozen` and `by-missing` (exit 2),
 * `migration-frozen` (22), `reverse-untested` (23), `lease-held` (24). While it moves: `lease-lost` (24), and what stops a
 * deploy before it touches anything; then the same question goes on.
 */
export async function migrate(deps: MigrateDeps, options: MigrateOptions): Promise<MigrateOutcome> {
  const { record, runtime, leaseSeconds } = deps;
  const asked = { holder: options.holder, termMs: leaseSeconds * 1000, of: "migration" } as const;
  const lease = await keepLease(record.lease, runtime, asked);
  try {
    const session = await openSession(deps, { lease, ...options });
    if (options.thaw) await thaw(session);
    const next = nextPhase(session.record, {
      migration: deps.migration,
      asked: options.asked,
      now: runtime.clock.now(),
    });
    if (!next.ok) throw refusal(next);
    if (next.move === "stay") return outcomeOf(session, options.thaw ? "thawed" : "nothing-to-do");
    return await walk(session, next, await termsOf(session, next));
  } finally {
    await lease.release();
  }
}

async function openSession(
  deps: MigrateDeps,
  { lease, holder, by }: MigrateOptions & Pick<MigrateSession, "lease">,
): Promise<MigrateSession> {
  const entries = await deps.record.journal.read();
  const record = recordIn(entries);
  const cutOff = cutOffIn(entries);
  return {
    deps,
    lease,
    holder,
    ...(by === undefined ? {} : { by }),
    id: newRolloutId(deps.migration.id, deps.runtime.random),
    planHash: migrationHash(deps.migration),
    ...(cutOff === undefined ? {} : { cutOff }),
    ...(record === undefined ? {} : { record }),
  };
}

async function thaw(session: MigrateSession): Promise<void> {
  const { record, by } = session;
  if (record?.frozen === undefined) {
    throw new RolloutError("There is no freeze to take off.", {
      code: "not-frozen",
      exit: "config",
      path: "--thaw",
      hint: "`rollouts migrate` without a phase shows where the migration stands.",
    });
  }
  await note(session, "decision", { thawed: record.frozen, by, record: thawed(record) });
}

function refusal({ code, message, hint }: PhaseRefusal): RolloutError {
  return new RolloutError(message, { code, exit: code === "migration-frozen" ? "held" : "config", hint });
}

/** What a move begins under. */
interface Terms {
  /** It was begun before: what had to hold then, held. */
  readonly resumed: boolean;
  readonly tested: readonly Tested[];
}

async function termsOf(session: MigrateSession, next: Accepted): Promise<Terms> {
  const resumed = next.record === session.record;
  if (resumed || next.move !== "forward") return { resumed, tested: [] };
  return { resumed, tested: await checkPhase(session, moveOf(next.record, "forward").phase) };
}

/** The move that was asked for, and, where it fails, what that leads to. */
async function walk(session: MigrateSession, next: Accepted, terms: Terms): Promise<MigrateOutcome> {
  const move = moveOf(next.record, directionOf(next));
  const end = await perform(session, next, terms);
  if (end.how === "interrupted") return await interrupted(session, move);
  if (end.how === "done") return outcomeOf(session, "done", { move, notes: next.notes });
  const { migration, runtime } = session.deps;
  const failure = phaseFailed(standing(session), {
    migration,
    reason: end.message,
    now: runtime.clock.now(),
  });
  const why = { failed: move, code: end.code, message: end.message, leadsTo: failure.kind };
  if (failure.kind === "freeze") {
    await note(session, "decision", { ...why, why: failure.message, record: failure.record });
    await note(session, "end", { outcome: "frozen" });
    return outcomeOf(session, "frozen", { move, failure });
  }
  // The record turns around with the decision: a restart must not try the phase once more.
  await note(session, "decision", { ...why, ...turned(failure.next) });
  const back = await walk(session, failure.next, { resumed: false, tested: [] });
  if (back.outcome === "frozen") return { ...back, notes: [end.message] };
  const outcome = back.outcome === "done" ? "taken-back" : back.outcome;
  return outcomeOf(session, outcome, { move, failure: end });
}

function directionOf({ move }: Accepted): PhaseMove["direction"] {
  return move === "back" ? "back" : "forward";
}

/** The record of a move, which is over at once where nothing is to be done on its way. */
function turned(next: Accepted) {
  const { record } = next;
  return { record, ...(record.underway === undefined ? { settled: moveOf(record, directionOf(next)) } : {}) };
}

async function perform(session: MigrateSession, next: Accepted, terms: Terms): Promise<ActionResult> {
  await note(session, "begin", { ...begun(session, next, terms), ...turned(next) });
  let { checkpoint } = next;
  for (const action of next.actions) {
    const result = await act(session, action, checkpoint);
    if (result.how !== "done") return result;
    checkpoint = undefined;
  }
  await note(session, "end", { outcome: "done" });
  return { how: "done" };
}

/** Before the first effect: what is about to be done, its way back by name, where that was tested, and who asked. */
function begun(session: MigrateSession, next: Accepted, { resumed, tested }: Terms) {
  const { deps, holder, by, cutOff } = session;
  const { phase, direction } = moveOf(next.record, directionOf(next));
  const { reverse } = deps.migration.phases[phase];
  const back = reverse.possible
    ? { actions: reverse.actions.map(actionText), hash: actionsHash(reverse.actions) }
    : { impossible: reverse.reason };
  return {
    migration: deps.migration.id,
    phase,
    direction,
    actions: next.actions.map(actionText),
    ...(direction === "forward" ? { reverse: back, tested } : {}),
    ...(resumed ? { resumed } : {}),
    ...(resumed && cutOff !== undefined ? { cutOff } : {}),
    ...(next.notes.length === 0 ? {} : { notes: next.notes }),
    holder,
    ...(by === undefined ? {} : { by }),
  };
}

async function interrupted(session: MigrateSession, move: PhaseMove): Promise<MigrateOutcome> {
  const { phase, direction } = move;
  const what = direction === "forward" ? phase : `the way back over ${phase}`;
  const message = `asked to stop amid ${what}: \`rollouts migrate\` goes on`;
  await note(session, "observed", { interrupted: true, message });
  return outcomeOf(session, "interrupted", { move });
}

function outcomeOf(
  session: MigrateSession,
  outcome: MigrateOutcome["outcome"],
  more: {
    readonly move?: PhaseMove;
    readonly failure?: NonNullable<MigrateOutcome["failure"]>;
    readonly notes?: readonly string[];
  } = {},
): MigrateOutcome {
  const { move, failure, notes = [] } = more;
  return {
    outcome,
    migration: session.deps.migration.id,
    record: standing(session),
    ...(move === undefined ? {} : { move: { phase: move.phase, direction: move.direction } }),
    ...(failure === undefined ? {} : { failure: told(failure) }),
    notes,
    journal: session.deps.record.journal.location,
  };
}

function told({ code, message, hint }: NonNullable<MigrateOutcome["failure"]>) {
  return { code, message, ...(hint === undefined ? {} : { hint }) };
}
