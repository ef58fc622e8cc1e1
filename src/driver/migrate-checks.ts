import { type Issue, RolloutError } from "../errors/errors.ts";
import { formatDuration } from "../lib/duration.ts";
import { messageOf } from "../lib/error-message.ts";
import { actionsHash } from "../plan/migration.ts";
import { type Tested, testedIn } from "../plan/migration-tested.ts";
import type { MigrationPhase } from "../types/migration.ts";
import { type MigrateDeps, type MigrateSession, note } from "./migrate-session.ts";

/**
 * What has to hold before a phase is begun. Its way back has run in every stack of `testedIn`; one that has none is begun
 * by a person with a name. Throws `by-missing` (exit 2), `reverse-untested` (exit 23); nothing was touched.
 */
export async function checkPhase(session: MigrateSession, phase: MigrationPhase): Promise<readonly Tested[]> {
  const { deps, by } = session;
  const { reverse } = deps.migration.phases[phase];
  if (!reverse.possible) {
    if (by === undefined) throw byMissing(phase, reverse.reason);
    return [];
  }
  const tested = await testedOf(deps, phase);
  const missing = tested.filter(({ ok }) => !ok);
  if (missing.length === 0) return tested;
  await note(session, "observed", { blocked: phase, tested });
  throw untested(deps, phase, tested);
}

/** What each stack of `testedIn` says of the way back over a phase; a journal that can't be read proves nothing. */
export async function testedOf(
  { migration, journalOf, runtime }: Pick<MigrateDeps, "migration" | "journalOf" | "runtime">,
  phase: MigrationPhase,
): Promise<readonly Tested[]> {
  const { reverse } = migration.phases[phase];
  if (!reverse.possible) return [];
  const asked = { migration, phase, actions: actionsHash(reverse.actions), now: runtime.clock.now() };
  return await Promise.all(
    migration.testedIn.map(async (stack): Promise<Tested> => {
      try {
        return testedIn({ stack, entries: await journalOf(stack) }, asked);
      } catch (error) {
        return {
          stack,
          ok: false,
          why: `its journal can't be read: ${messageOf(error)}`,
          hint: "Mend that first.",
        };
      }
    }),
  );
}

function byMissing(phase: MigrationPhase, reason: string): RolloutError {
  return new RolloutError(`${phase} has no way back (${reason}), and nobody says who agrees.`, {
    code: "by-missing",
    exit: "config",
    path: "--by",
    hint: "Add --by NAME: the journal keeps it.",
  });
}

function untested(
  { migration }: MigrateDeps,
  phase: MigrationPhase,
  tested: readonly Tested[],
): RolloutError {
  const within = formatDuration(migration.testedWithinSeconds);
  const issues = tested.flatMap((one): Issue[] => {
    if (one.ok) return [];
    const rule = `a way back over ${phase} there, with the same actions and within ${within}: ${one.why}`;
    return [
      { path: "rollout.migration.testedIn", received: JSON.stringify(one.stack), rule, hint: one.hint },
    ];
  });
  const stacks = issues.map(({ received = "" }) => JSON.parse(received)).join(" and ");
  return new RolloutError(`${phase} is blocked: its way back was not tested in ${stacks}.`, {
    code: "reverse-untested",
    exit: "blocked",
    issues,
    ...(issues[0] ? { hint: issues[0].hint } : {}),
  });
}
