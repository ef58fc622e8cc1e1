import { join, resolve } from "node:path";
import { lastRollout } from "../../driver/resume.ts";
import { RolloutError } from "../../errors/errors.ts";
import type { CommandContext } from "../command.ts";
import type { OpenStack } from "../record-view.ts";
import { atPlan } from "../start.ts";
import type { StackAt } from "../world.ts";
import { type Exported, exportEvidence } from "./export.ts";

/**
 * Exports the evidence of a stack's last rollout to `out`, a path from the project, else beside its journal. Undefined: this world has no
 * evidence (a test's).
 *
 * @throws RolloutError `no-rollout` (exit 7), `not-a-bundle` (exit 2)
 */
export async function exportHere(
  context: CommandContext,
  at: StackAt,
  out?: string,
): Promise<Exported | undefined> {
  const { world, projectDir } = context;
  if (world.openEvidence === undefined) return undefined;
  const record = await world.openRecord(at, context);
  const entries = await record.journal.read();
  const recorded = lastRollout(entries);
  if (recorded === undefined) throw noRollout(at.stack);
  const ports = await world.openEvidence(atPlan(at, recorded.plan), context, recorded.plan);
  const stack: OpenStack = { at, record, entries };
  const folder = out === undefined ? join(ports.dir, recorded.rolloutId) : resolve(projectDir, out);
  return await exportEvidence(context, { stack, recorded, ports, out: folder });
}

function noRollout(stack: string): RolloutError {
  return new RolloutError(`There is no evidence to export: no rollout of ${stack} was ever begun.`, {
    code: "no-rollout",
    exit: "nothingToDo",
    hint: "`rollouts status` shows what the journal knows.",
  });
}
