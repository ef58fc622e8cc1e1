import { hostname, userInfo } from "node:os";
import type { Outcome } from "../driver/outcome.ts";
import type { RunOptions } from "../driver/run.ts";
import type { DriverDeps } from "../driver/session.ts";
import { messageOf } from "../lib/error-message.ts";
import type { CommandContext } from "./command.ts";
import { exportMetrics } from "./own-metrics.ts";
import { exportLines } from "./render/evidence.ts";
import { createTimeline } from "./render/timeline.ts";
import type { StackAt } from "./world.ts";

/**
 * Drives a stack's rollout in this process and prints its timeline on stderr. Loads engine and adapters, so that
 * verbs which never come here start at once. Throws what `runRollout` throws.
 */
export async function drive(
  context: CommandContext,
  at: StackAt,
  options: Omit<RunOptions, "holder">,
): Promise<Outcome> {
  const { deps, close } = await exportMetrics(context, await openTold(context, at));
  const { runRollout } = await import("../driver/run.ts");
  try {
    const outcome = await runRollout(deps, { ...options, holder: holderName(context.env) });
    if (outcome.kept !== undefined) await exportKept(context, at);
    return outcome;
  } finally {
    await close();
  }
}

/** What is kept is saved at once; a failure is told, and changes nothing of the outcome. */
async function exportKept(context: CommandContext, at: StackAt): Promise<void> {
  const { talk } = context;
  try {
    const { exportHere } = await import("./evidence/here.ts");
    const exported = await exportHere(context, at);
    for (const line of exported === undefined ? [] : exportLines(exported)) talk.line(line);
  } catch (error) {
    talk.line(
      `warning: the evidence was not exported: ${messageOf(error)}; \`rollouts evidence export\` does it`,
    );
  }
}

/** A driver whose rollouts print their timeline. */
export async function openTold(context: CommandContext, at: StackAt): Promise<DriverDeps> {
  const { talk, world } = context;
  const timeline = createTimeline({ color: talk.color });
  const deps = await world.openDriver(at, context, (entry) => {
    const line = timeline(entry);
    if (line !== undefined) talk.line(line);
  });
  // What was before, unprinted: times count from the begin of a rollout that is taken up.
  for (const entry of await deps.record.journal.read()) timeline(entry);
  return deps;
}

/** `user@host pid 123`: whom a refused driver is told about. */
export function holderName(env: NodeJS.ProcessEnv): string {
  return `${userName(env)}@${hostname()} pid ${process.pid}`;
}

/** Who calls, where nobody says so: the CI's actor, else the account. */
export function userName(env: NodeJS.ProcessEnv): string {
  return env["GITHUB_ACTOR"] ?? env["BUILD_REQUESTEDFOR"] ?? accountName();
}

function accountName(): string {
  try {
    return userInfo().username;
  } catch {
    return "unknown"; // An account without an entry in the user database, as in some containers.
  }
}
