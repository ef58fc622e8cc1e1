import { RolloutError } from "../errors/errors.ts";
import { messageOf } from "../lib/error-message.ts";
import { moveOf } from "../plan/migration-journal.ts";
import { actionDone, checkpointed, underwayOf } from "../plan/migration-record.ts";
import { actionText } from "../plan/migration-text.ts";
import type { PhaseReport } from "../ports/phase-command.ts";
import type { Migration, PhaseAction, PhaseUnderway } from "../types/migration.ts";
import { type MigrateSession, note, standing } from "./migrate-session.ts";
import { newestWriter } from "./newest-writer.ts";

/** What an action came to. What it throws has left it where it was: it is done again. */
export type ActionResult =
  | { readonly how: "done" }
  | { readonly how: "failed"; readonly code: string; readonly message: string; readonly hint?: string }
  | { readonly how: "interrupted" };

/** A journal to read, not a log: what a command says is stored at once, then this often, and at its end. */
const storeEveryMs = 5_000;

/**
 * One action of the phase under way: written down before it begins and after it has ended, the record with it. Begins
 * nothing without the lease, or once the process was asked to stop.
 */
export async function act(
  session: MigrateSession,
  action: PhaseAction,
  checkpoint: string | undefined,
): Promise<ActionResult> {
  const { signal, wall } = session.deps.runtime;
  if (signal.aborted) return { how: "interrupted" };
  if (!(await session.lease.held())) throw leaseLost();
  const { done, of } = underwayOf(standing(session));
  const what = { effect: action.kind, what: actionText(action), action: done + 1, of };
  await note(session, "intent", { ...what, ...(checkpoint === undefined ? {} : { checkpoint }) });
  const start = wall.now();
  const took = () => wall.now() - start;
  try {
    const { said, ...result } = await carryOut(session, action, checkpoint);
    if (result.how === "interrupted") return result;
    if (result.how === "failed") {
      const { code, message } = result;
      await note(session, "effect", { ...what, ok: false, ms: took(), code, message, ...said });
      return result;
    }
    await close(session, { ...what, ms: took(), ...said });
    return result;
  } catch (error) {
    // Whoever has the lease now writes the journal.
    const stopped = { ...what, ok: false, ms: took(), stopped: true, message: messageOf(error) };
    await note(session, "effect", stopped).catch(() => {});
    throw error;
  }
}

/** The effect's entry has the record after it: with its last action the phase is settled. */
async function close(session: MigrateSession, effect: Readonly<Record<string, unknown>>): Promise<void> {
  const before = standing(session);
  const record = actionDone(before, session.deps.runtime.clock.now());
  const move = moveOf(before, underwayOf(before).direction);
  const settled = record.underway === undefined ? { settled: move } : {};
  await note(session, "effect", { ...effect, ok: true, ...settled, record });
}

type CarriedOut = ActionResult & { readonly said?: Readonly<Record<string, unknown>> };

async function carryOut(
  session: MigrateSession,
  action: PhaseAction,
  checkpoint: string | undefined,
): Promise<CarriedOut> {
  if (action.kind === "command") return await runCommand(session, action, checkpoint);
  const { deps } = session;
  const instead = versionsAgainst(underwayOf(standing(session)), deps.migration);
  const result = await deps.deploy({ version: action.version, instead });
  if (result.how === "interrupted") return result;
  const said = { message: result.message };
  if (result.how === "done") return { how: "done", said };
  return { how: "failed", code: "deploy-failed", message: result.message };
}

/** What the other direction of the phase deploys: amid its rollout nothing else can begin. */
function versionsAgainst({ phase, direction }: PhaseUnderway, { phases }: Migration): readonly string[] {
  const { forward, reverse } = phases[phase];
  const back = reverse.possible ? reverse.actions : [];
  const others = direction === "forward" ? back : forward;
  return others.flatMap((action) => (action.kind === "deploy" ? [action.version] : []));
}

/** Runs a command; what it says of itself is stored and told meanwhile. A lease that is lost meanwhile ends it. */
async function runCommand(
  session: MigrateSession,
  { run, timeoutSeconds }: Extract<PhaseAction, { readonly kind: "command" }>,
  checkpoint: string | undefined,
): Promise<CarriedOut> {
  const { commands, runtime } = session.deps;
  const stop = new AbortController();
  const over = new AbortController();
  const listener = listen(session, (error) => stop.abort(error));
  const watching = watchLease(session, { stop, over: over.signal });
  try {
    const result = await commands.run({
      run,
      ...(timeoutSeconds === undefined ? {} : { timeoutMs: timeoutSeconds * 1000 }),
      ...(checkpoint === undefined ? {} : { checkpoint }),
      report: listener.report,
      signal: AbortSignal.any([runtime.signal, stop.signal]),
    });
    await listener.close();
    stop.signal.throwIfAborted();
    const { progress, notes } = result;
    const said = {
      ...(progress === undefined ? {} : { progress: `${progress.done}/${progress.total}` }),
      ...(notes.length === 0 ? {} : { notes }),
    };
    if (result.ok) return { how: "done", said };
    const { code, message, hint } = result;
    return { how: "failed", code, message, hint, said };
  } catch (error) {
    await listener.close();
    stop.signal.throwIfAborted();
    if (runtime.signal.aborted) return { how: "interrupted" };
    throw error;
  } finally {
    over.abort();
    await watching;
  }
}

/** Stores progress and checkpoints as they come. What can't be stored ends the command: it would be lost. */
function listen(session: MigrateSession, failed: (error: unknown) => void) {
  let said: { readonly progress?: string; readonly checkpoint?: string } = {};
  const writer = newestWriter<typeof said>({
    everyMs: storeEveryMs,
    wall: session.deps.runtime.wall,
    failed,
    write: async (now) => {
      const { checkpoint } = now;
      const record = standing(session);
      const known = checkpoint === undefined || record.underway?.checkpoint === checkpoint;
      await note(session, "observed", {
        ...now,
        ...(known ? {} : { record: checkpointed(record, checkpoint) }),
      });
    },
  });
  return {
    report: (report: PhaseReport) => {
      const { kind } = report;
      said =
        kind === "progress"
          ? { ...said, progress: `${report.done}/${report.total}` }
          : { ...said, checkpoint: report.text };
      writer.push(said);
    },
    close: writer.close,
  };
}

/** A command takes hours, and somebody else may have taken over: it is not left running beside theirs. */
async function watchLease(
  { lease, deps }: MigrateSession,
  { stop, over }: { readonly stop: AbortController; readonly over: AbortSignal },
): Promise<void> {
  const everyMs = (deps.leaseSeconds * 1000) / 3;
  while (!over.aborted && !stop.signal.aborted) {
    await deps.runtime.wall.sleep(everyMs, over);
    // A store that can't be reached is not a lost lease yet.
    if (!over.aborted && !(await lease.held().catch(() => true))) stop.abort(leaseLost());
  }
}

export function leaseLost(): RolloutError {
  return new RolloutError("The lease of the migration is lost: nothing more is begun.", {
    code: "lease-lost",
    exit: "leaseHeld",
    hint: "`rollouts migrate` without a phase shows where it stands; whoever has the lease goes on.",
  });
}
