import { RolloutError } from "../errors/errors.ts";
import { versionWanted } from "../plan/migration-fence.ts";
import { recordIn } from "../plan/migration-journal.ts";
import type { CommandContext } from "./command.ts";
import type { StackAt } from "./world.ts";

/**
 * A version of the stack's migration goes out with its phase alone: beside it, the code would meet a schema that it
 * doesn't know. Throws `migration-elsewhere` (exit 23), before an engine is looked for.
 */
export async function assertFitsMigration(
  context: CommandContext,
  at: StackAt,
  version: string,
): Promise<void> {
  const { migration } = at.config.policy;
  const { world } = context;
  if (migration === undefined || world.openMigration === undefined) return;
  const { record } = await world.openMigration(at, context);
  const stored = recordIn(await record.journal.read());
  const wanted = versionWanted(migration, stored, version);
  if (wanted === undefined) return;
  const where = stored?.migration === migration.id ? stored.phase : "start";
  throw new RolloutError(
    `${version} doesn't fit the schema: ${migration.id} is at ${where}, where ${wanted} belongs.`,
    {
      code: "migration-elsewhere",
      exit: "blocked",
      hint: `A migration brings its own versions: \`rollouts migrate --stack ${at.stack}\` shows the next phase. Or set the version to ${wanted}.`,
    },
  );
}
