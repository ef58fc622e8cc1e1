import { type ExceptionsSeen, freshMs } from "../analysis/checklist-during.ts";
import { messageOf } from "../lib/error-message.ts";
import type { Exceptions } from "../ports/exceptions.ts";
import type { Confirmation } from "../types/checklist-status.ts";
import { confirmationsOf } from "./checklist-confirmations.ts";
import type { DuringMemory } from "./checklist-during.ts";
import type { Session } from "./session.ts";

/** How long a look waits for the list where it can't go on without it, ms of wall time. */
const patienceMs = 2_000;

/**
 * Exceptions by type, asked beside the looks about every 30 s: a source that is slow must not keep a gate from turning
 * back. A look waits for it only as the first of a step, and where the step would go on.
 */
export async function exceptionsSeen(
  session: Session,
  memory: DuringMemory,
  nowMs: number,
): Promise<ExceptionsSeen> {
  const { deps, plan } = session;
  const inPhase = plan.steps.find(({ id }) => id === session.state.step)?.kind === "phase";
  const source = (inPhase ? deps.flagExceptions : undefined) ?? deps.exceptions;
  if (source === undefined) {
    const confirmed = await confirmedBy(session);
    return { by: "person", ...(confirmed === undefined ? {} : { confirmed }) };
  }
  const first = memory.exceptionsAskedMs === undefined;
  if (memory.exceptionsAsk === undefined && nowMs - (memory.exceptionsAskedMs ?? 0) >= freshMs) {
    memory.exceptionsAskedMs = nowMs;
    memory.exceptionsAsk = list(session, source, { memory, nowMs }).finally(
      () => delete memory.exceptionsAsk,
    );
  }
  if (memory.exceptionsAsk !== undefined && (first || nowMs >= endOfSoak(session, memory)))
    await aMoment(session, memory.exceptionsAsk);
  return memory.exceptions ?? { by: "source", trouble: `${source.name} has not answered yet` };
}

async function list(
  session: Session,
  source: Exceptions,
  { memory, nowMs }: { readonly memory: DuringMemory; readonly nowMs: number },
): Promise<void> {
  const { signal } = session.deps.runtime;
  const answer = await source.list({ sinceMs: memory.sinceMs, nowMs, signal }).catch(
    // A source that breaks its word is one that could not answer.
    (error: unknown) => ({ status: "error" as const, message: messageOf(error) }),
  );
  memory.exceptions =
    answer.status === "value"
      ? { by: "source", atMs: nowMs, types: answer.types }
      : { by: "source", trouble: `${source.name}: ${answer.message}` };
}

function endOfSoak({ plan, state }: Session, { sinceMs }: DuringMemory): number {
  return sinceMs + (plan.steps.find(({ id }) => id === state.step)?.soakSeconds ?? 0) * 1000;
}

/** Whoever asks to turn back doesn't wait for it either. */
async function aMoment({ deps }: Session, ask: Promise<void>): Promise<void> {
  const over = new AbortController();
  const asked = deps.record.requests.changed(over.signal).catch(() => ask);
  await Promise.race([ask, deps.runtime.wall.sleep(patienceMs, over.signal), asked]);
  over.abort();
}

/** A person's word for this version, said in this rollout or not too long before it. */
async function confirmedBy({ deps, plan, rolloutId }: Session): Promise<Confirmation | undefined> {
  const withinMs = (deps.policy.checklist?.confirmedWithinSeconds ?? 0) * 1000;
  // What can't be read was not said.
  const [entries, said] = await Promise.all([
    deps.record.journal.read().catch(() => []),
    confirmationsOf(deps.record, plan.to).catch(() => []),
  ]);
  const sinceMs = Date.parse(entries.find((entry) => entry.rolloutId === rolloutId)?.at ?? "") - withinMs;
  return said.findLast(({ item, at }) => item === "exceptions-watched" && Date.parse(at) >= sinceMs);
}
