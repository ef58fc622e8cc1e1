import { z } from "zod";
import type { Migration, MigrationRecord, PhaseUnderway } from "../types/migration.ts";
import { goalOf, positionBefore } from "./migration-phases.ts";

const phase = z.enum(["expand", "dual-write", "backfill", "switch-reads", "contract"]);
const count = z.int().min(0);
const underway = z
  .object({
    phase,
    direction: z.enum(["forward", "back"]),
    sinceMs: z.number(),
    done: count,
    of: count,
    actions: z.string(),
    checkpoint: z.string().exactOptional(),
  })
  .refine(({ done, of }) => done < of, "a phase whose actions are all done is no longer under way")
  .refine(
    ({ phase, direction }) => phase !== "contract" || direction === "forward",
    "contract has no way back",
  );

/** The record as it is stored; unknown members are dropped, and one that contradicts itself is refused. */
export const migrationRecordSchema: z.ZodType<MigrationRecord> = z
  .object({
    schemaVersion: z.literal(1),
    migration: z.string().min(1),
    phase: z.enum(["start", ...phase.options]),
    enteredAtMs: z.number(),
    underway: underway.exactOptional(),
    frozen: z.object({ reason: z.string(), atMs: z.number() }).exactOptional(),
  })
  .refine(
    ({ phase, underway: at }) =>
      at === undefined || phase === (at.direction === "forward" ? positionBefore(at.phase) : at.phase),
    "the phase under way doesn't begin where the record stands",
  )
  .refine(
    ({ frozen, underway: at }) => frozen === undefined || at !== undefined,
    "nothing is there to freeze",
  );

/** A stack that a migration hasn't touched. */
export function startRecord({ id }: Pick<Migration, "id">, now: number): MigrationRecord {
  return { schemaVersion: 1, migration: id, phase: "start", enteredAtMs: now };
}

/** The phase under way. Throws where there is none: the caller has lost its place. */
export function underwayOf({ migration, phase, underway: at }: MigrationRecord): PhaseUnderway {
  if (at === undefined) throw new Error(`no phase of ${migration} is under way: it is at ${phase}`);
  return at;
}

/** The record once everything that the phase under way does is done. */
export function settled({ migration }: MigrationRecord, at: PhaseUnderway, now: number): MigrationRecord {
  return { schemaVersion: 1, migration, phase: goalOf(at), enteredAtMs: now };
}

/** The record after one more action. A checkpoint was that action's, and goes with it. Throws where none is under way. */
export function actionDone(record: MigrationRecord, now: number): MigrationRecord {
  const { checkpoint: _used, ...at } = underwayOf(record);
  const done = at.done + 1;
  return done < at.of ? { ...record, underway: { ...at, done } } : settled(record, at, now);
}

/** The record with what the running command said last. Throws where no phase is under way. */
export function checkpointed(record: MigrationRecord, checkpoint: string): MigrationRecord {
  return { ...record, underway: { ...underwayOf(record), checkpoint } };
}

/** A person has looked: the phase under way may go on from where it stopped, or back. */
export function thawed({ frozen: _over, ...record }: MigrationRecord): MigrationRecord {
  return record;
}
