import type { Migration, MigrationRecord } from "../types/migration.ts";
import { goalOf } from "./migration-phases.ts";
import { versionAt, versionsIn } from "./migration-version.ts";

/**
 * Which version a migration wants in service instead of the one that is asked for; undefined: it has nothing against
 * it. It knows its own versions alone: those that it doesn't name are fixes of the one that it has brought. Pure.
 */
export function versionWanted(
  migration: Migration,
  record: MigrationRecord | undefined,
  version: string,
): string | undefined {
  const position = record?.migration === migration.id ? record.phase : "start";
  const underway = record?.migration === migration.id ? record.underway : undefined;
  const wanted = versionAt(migration, position);
  const towards = underway === undefined ? undefined : versionAt(migration, goalOf(underway));
  const before = versionAt(migration, "start");
  const known = [...versionsIn(migration), ...(before === undefined ? [] : [before])];
  if (wanted === undefined || version === wanted || version === towards) return undefined;
  return known.includes(version) ? wanted : undefined;
}
