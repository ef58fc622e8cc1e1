import type { MigrationPhase, MigrationPosition, PhaseUnderway } from "../types/migration.ts";

/** The phases in order, with the guide's own words ("Database Schema Migration Rollout"). */
export const migrationPhases: readonly { readonly phase: MigrationPhase; readonly guide: string }[] = [
  { phase: "expand", guide: "Phase 1: Add new column with default value (backward compatible)" },
  { phase: "dual-write", guide: "Phase 2: Deploy application code that writes to both old and new columns" },
  { phase: "backfill", guide: "Phase 3: Backfill data in new column" },
  { phase: "switch-reads", guide: "Phase 4: Deploy application code that reads from new column" },
  { phase: "contract", guide: "Phase 5 (weeks later): Remove old column" },
];

/** Where a stack can stand, in order. */
export const positions: readonly MigrationPosition[] = [
  "start",
  ...migrationPhases.map(({ phase }) => phase),
];

/** The position before a phase. */
export function positionBefore(phase: MigrationPhase): MigrationPosition {
  return positions[positions.indexOf(phase) - 1] ?? "start";
}

/** The phase after a position; undefined after the last. */
export function phaseAfter(position: MigrationPosition): MigrationPhase | undefined {
  return migrationPhases[positions.indexOf(position)]?.phase;
}

/** Where a phase under way leads. */
export function goalOf({ phase, direction }: PhaseUnderway): MigrationPosition {
  return direction === "forward" ? phase : positionBefore(phase);
}

/** Where it came from: what turning around leads to. */
export function originOf({ phase, direction }: PhaseUnderway): MigrationPosition {
  return direction === "forward" ? positionBefore(phase) : phase;
}
