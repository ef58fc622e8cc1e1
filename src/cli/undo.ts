import type { UndoOutcome } from "../driver/undo-target.ts";
import { exitCodes, RolloutError } from "../errors/errors.ts";
import type { Concern } from "../types/concern.ts";
import type { CommandContext, CommandResult } from "./command.ts";
import { holderName } from "./drive.ts";
import { openStack } from "./record-view.ts";
import { renderUndo, undoLine } from "./render/undo.ts";
import type { StackAt } from "./world.ts";

/** What is asked: which revision, who decides, why. */
export interface AskedUndo {
  /** As written on the command line. */
  readonly revision: string;
  readonly by: string;
  readonly reason: string;
  readonly concern?: Concern;
}

/** Takes a settled stack back to an older revision of its Deployment. Refuses before an engine is looked for. */
export async function undoTo(context: CommandContext, asked: AskedUndo): Promise<CommandResult> {
  const revision = numberOf(asked.revision);
  const { at, entries } = await openStack(context);
  const { policy } = at.config;
  const { notInPlace, refuseInFlight } = await import("../driver/undo-survey.ts");
  refuseInFlight(entries);
  const revisions = await context.world.openRevisions?.(at);
  if (revisions === undefined) throw notInPlace(policy.strategy);
  const { talk, world, color, env } = context;
  const deps = await world.openDriver(at, context, (entry) => {
    const line = undoLine(entry);
    if (line !== undefined) talk.line(line);
  });
  const { undoToRevision } = await import("../driver/undo.ts");
  const holder = holderName(env);
  const outcome = await undoToRevision(deps, { ...asked, revision, revisions, holder });
  const text = [renderUndo(outcome, { color, service: policy.service }), ...configHint(at, outcome)].join(
    "\n",
  );
  if (outcome.outcome !== "undo-failed") return { data: outcome, text };
  const problem = {
    code: "revert-failed",
    message: outcome.problems.join("; "),
    hint: `Look at the stack now. \`rollouts history --stack ${at.stack}\` shows what runs and which revisions there are; ask for that of ${outcome.version} again.`,
  };
  return { data: outcome, text, exit: exitCodes.revertFailed, problem };
}

/** Stack config is the user's file: it is said, not written. */
function configHint({ config, stack }: StackAt, { outcome, version }: UndoOutcome): readonly string[] {
  if (outcome === "undo-failed" || config.version === undefined || config.version === version) return [];
  return [
    `Pulumi.${stack}.yaml still names ${config.version}, which stays pending: \`pulumi config set version ${version} --stack ${stack}\`.`,
  ];
}

function numberOf(text: string): number {
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  throw new RolloutError(`--to-revision is ${JSON.stringify(text)}: a revision is a whole number from 1.`, {
    code: "usage",
    exit: "config",
    path: "--to-revision",
    hint: "`rollouts history` lists them.",
  });
}
