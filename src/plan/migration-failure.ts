import type { Migration, MigrationRecord } from "../types/migration.ts";
import { type NextPhase, nextPhase } from "./migration.ts";
import { originOf } from "./migration-phases.ts";
import { underwayOf } from "./migration-record.ts";

/** What a failed phase leads to. */
export type PhaseFailure =
  | { readonly kind: "revert"; readonly next: Extract<NextPhase, { readonly ok: true }> }
  | {
      readonly kind: "freeze";
      readonly record: MigrationRecord;
      readonly code: string;
      readonly message: string;
      readonly hint: string;
    };

/**
 * The phase under way has failed for good: back over it at once, or frozen where it stopped until a person has looked.
 * Frozen too where the way back itself fails, or there is none. Throws where no phase is under way.
 */
export function phaseFailed(
  record: MigrationRecord,
  {
    migration,
    reason,
    now,
  }: { readonly migration: Migration; readonly reason: string; readonly now: number },
): PhaseFailure {
  const underway = underwayOf(record);
  const what = underway.direction === "back" ? `the way back over ${underway.phase}` : underway.phase;
  let why = "onFailure is freeze";
  if (underway.direction === "back") why = "it is the way back itself";
  else if (migration.onFailure === "revert") {
    const next = nextPhase(record, { migration, asked: originOf(underway), now });
    if (next.ok) return { kind: "revert", next };
    why = next.message;
  }
  return {
    kind: "freeze",
    record: { ...record, frozen: { reason: `${what} failed: ${reason}`, atMs: now } },
    code: "migration-frozen",
    message: `${migration.id}: ${what} failed and stays as it is (${why.replace(/\.$/, "")}): ${reason}`,
    hint: "Mend the cause and take the freeze off; then it goes on, or back.",
  };
}
