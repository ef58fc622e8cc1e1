import type { Migration, MigrationPosition, PhaseAction } from "../types/migration.ts";
import { migrationPhases, positions } from "./migration-phases.ts";

/**
 * The version that a migration has brought by a position; before its first, the one that its way back leads to.
 * Undefined: it says none.
 */
export function versionAt({ phases }: Migration, position: MigrationPosition): string | undefined {
  const reached = migrationPhases.slice(0, positions.indexOf(position));
  const brought = reached.flatMap(({ phase }) => versionsOf(phases[phase].forward)).at(-1);
  if (brought !== undefined) return brought;
  const first = migrationPhases.find(({ phase }) => versionsOf(phases[phase].forward).length > 0);
  const reverse = first && phases[first.phase].reverse;
  return reverse?.possible ? versionsOf(reverse.actions).at(-1) : undefined;
}

/** Every version that a migration deploys on its way forward, in order. */
export function versionsIn({ phases }: Migration): readonly string[] {
  return migrationPhases.flatMap(({ phase }) => versionsOf(phases[phase].forward));
}

function versionsOf(actions: readonly PhaseAction[]): readonly string[] {
  return actions.flatMap((action) => (action.kind === "deploy" ? [action.version] : []));
}
