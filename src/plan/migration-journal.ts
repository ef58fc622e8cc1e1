import { z } from "zod";
import { RolloutError } from "../errors/errors.ts";
import type { JournalEntry } from "../types/journal.ts";
import type { MigrationPhase, MigrationRecord, PhaseUnderway } from "../types/migration.ts";
import { actionsHash } from "./migration.ts";
import { migrationPhases, phaseAfter } from "./migration-phases.ts";
import { migrationRecordSchema } from "./migration-record.ts";

/** A move over a phase that has ended: what tells a tested way back. */
export interface PhaseMove extends Pick<PhaseUnderway, "phase" | "direction" | "actions"> {
  readonly migration: string;
}

/** A way back as a journal tells it. */
export interface WayBackRun {
  /** SHA-256 of its actions. */
  readonly actions: string;
  readonly ok: boolean;
  readonly atMs: number;
}

const moveSchema: z.ZodType<PhaseMove> = z.object({
  migration: z.string(),
  phase: z.enum(migrationPhases.map(({ phase }) => phase)),
  direction: z.enum(["forward", "back"]),
  actions: z.string(),
});

/**
 * The record that a migration's journal has stored last: it stands in the entries themselves, so that none can be newer
 * than what they tell. Undefined: none yet. Throws `record-corrupt` for one that isn't ours.
 */
export function recordIn(entries: readonly JournalEntry[]): MigrationRecord | undefined {
  const entry = entries.findLast(({ data }) => data["record"] !== undefined);
  if (entry === undefined) return undefined;
  const parsed = migrationRecordSchema.safeParse(entry.data["record"]);
  if (parsed.success) return parsed.data;
  throw new RolloutError(
    `The migration's record in entry ${entry.seq} is damaged: ${z.prettifyError(parsed.error)}`,
    {
      code: "record-corrupt",
      exit: "error",
      hint: "Restore the journal from a backup, or read it with the version of rollouts that wrote it.",
    },
  );
}

/** What was about to be done when the process before this one ended; undefined where nothing was. */
export function cutOffIn(entries: readonly JournalEntry[]): string | undefined {
  const last = entries.findLast(({ kind }) => kind !== "observed");
  return last?.kind === "intent" ? String(last.data["what"]) : undefined;
}

/** What moves a record: the phase under way; of one that had nothing to do, the phase that it went over. */
export function moveOf(
  { migration, phase, underway }: MigrationRecord,
  direction: PhaseUnderway["direction"],
): PhaseMove {
  if (underway !== undefined) {
    return { migration, phase: underway.phase, direction: underway.direction, actions: underway.actions };
  }
  const over = direction === "back" || phase === "start" ? phaseAfter(phase) : phase;
  if (over === undefined) throw new Error(`${migration} is at ${phase}: there is no way back to it`);
  return { migration, phase: over, direction, actions: actionsHash([]) };
}

/** Every way back over a phase of a migration that was walked to its end, or failed for good; in order. */
export function waysBackIn(
  entries: readonly JournalEntry[],
  { migration, phase }: { readonly migration: string; readonly phase: MigrationPhase },
): readonly WayBackRun[] {
  return entries.flatMap(({ data, at }) =>
    (["settled", "failed"] as const).flatMap((how) => {
      const { data: move } = moveSchema.safeParse(data[how]);
      const over = move?.migration === migration && move.phase === phase && move.direction === "back";
      return over ? [{ actions: move.actions, ok: how === "settled", atMs: Date.parse(at) }] : [];
    }),
  );
}
