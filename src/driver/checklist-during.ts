import {
  type DuringLook,
  duringChecklist,
  type ExceptionsSeen,
  notLooked,
} from "../analysis/checklist-during.ts";
import { itemsText } from "../analysis/checklist-items.ts";
import { readQueueTrend } from "../analysis/checklist-queue.ts";
import { type Found, notApplicable, unmet } from "../analysis/checklist-status.ts";
import { isWatched } from "../decide/states.ts";
import { messageOf } from "../lib/error-message.ts";
import type { ItemStatus } from "../types/checklist-status.ts";
import type { Decision, RolloutRequest } from "../types/decision.ts";
import type { GaugeAnswer } from "../types/gauge.ts";
import type { JournalEntry } from "../types/journal.ts";
import type { HealthStatus, MetricsAnswer } from "../types/observation.ts";
import type { StepId } from "../types/release.ts";
import type { GateReading } from "../types/verdict.ts";
import { stackName } from "./checklist-confirmations.ts";
import { exceptionsSeen } from "./checklist-exceptions.ts";
import { isTold, statusSeen } from "./checklist-told.ts";
import { journal, type Session } from "./session.ts";

/** What the gates of this look were made of. */
export interface DuringSeen {
  readonly metrics: MetricsAnswer;
  /** When they were asked for, ms of the rollout's clock. */
  readonly askedAtMs: number;
  /** Of each side that was asked. */
  readonly health: Readonly<Record<string, HealthStatus>>;
  readonly queue?: GaugeAnswer;
}

/** What a driver remembers of the list between two looks; a restarted one looks anew. */
export interface DuringMemory {
  /** Of the step that the rest is about. */
  readonly sinceMs: number;
  countsAtMs?: number;
  countsTrouble?: string;
  exceptions?: ExceptionsSeen;
  exceptionsAskedMs?: number;
  exceptionsAsk?: Promise<void>;
  told?: DuringLook["told"];
  written?: string;
}

/**
 * The guide's list while a step is watched. Undefined: the stack has none, or nothing is watched. Read after the gates,
 * and not at all where one of them turns back: nothing of it stands between a breach and the lever.
 */
export async function readDuring(
  session: Session,
  { seen, readings }: { readonly seen?: DuringSeen | undefined; readonly readings: readonly GateReading[] },
): Promise<readonly ItemStatus[] | undefined> {
  const { deps, state, options } = session;
  const { checklist } = deps.policy;
  if (checklist === undefined || (state.name !== "soaking" && state.name !== "holding")) return undefined;
  if (seen === undefined) return notLooked(checklist, "the look was cut short");
  if (readings.some(({ verdict }) => verdict === "fail")) return notLooked(checklist, "a gate turns it back");
  const nowMs = deps.runtime.clock.now();
  const memory = memoryOf(session);
  const { sinceMs } = memory;
  const [exceptions, told, requests] = await Promise.all([
    exceptionsSeen(session, memory, nowMs),
    toldOf(session, memory),
    heard(session),
  ]);
  return duringChecklist(checklist, {
    nowMs,
    sinceMs,
    rehearsed: options.rehearsed,
    stack: stackName(deps),
    counts: counted(memory, seen),
    exceptions,
    queue: queueOf(session, seen.queue, { sinceMs, nowMs }),
    health: seen.health,
    told,
    requests,
  });
}

/** Of the present step: what an earlier one was told or listed counts for none of it, but the counts are the same. */
function memoryOf(session: Session): DuringMemory {
  const { confirmedAtMs, enteredAtMs } = session.state;
  const sinceMs = confirmedAtMs ?? enteredAtMs;
  const { during } = session;
  if (during !== undefined && during.sinceMs === sinceMs) return during;
  const { countsAtMs } = during ?? {};
  const fresh: DuringMemory = { sinceMs, ...(countsAtMs === undefined ? {} : { countsAtMs }) };
  session.during = fresh;
  return fresh;
}

/** As old as the question: an answer that was long on its way is. */
function counted(memory: DuringMemory, { metrics, askedAtMs }: DuringSeen): DuringLook["counts"] {
  if (metrics.status === "value") {
    memory.countsAtMs = askedAtMs;
    delete memory.countsTrouble;
  } else memory.countsTrouble = metrics.message;
  const { countsAtMs, countsTrouble } = memory;
  return {
    ...(countsAtMs === undefined ? {} : { readAtMs: countsAtMs }),
    ...(countsTrouble === undefined ? {} : { trouble: countsTrouble }),
  };
}

function queueOf(
  { deps, plan }: Session,
  answer: GaugeAnswer | undefined,
  span: { readonly sinceMs: number; readonly nowMs: number },
): Found {
  const source = deps.policy.watch.gauges["queue-depth"];
  if (source.kind === "none") return notApplicable(`nothing watches a queue: ${source.reason}`);
  const limit = (plan.gates.gauges ?? deps.policy.gates.gauges)?.["queue-depth"].limit;
  if (answer === undefined || limit === undefined)
    return unmet("the queue was not asked", "See whether it is read: rollout.watch.queue.");
  return readQueueTrend({ answer, limit, ...span });
}

async function toldOf(session: Session, memory: DuringMemory): Promise<DuringLook["told"]> {
  if (memory.told !== undefined) return memory.told;
  const { deps, rolloutId, state } = session;
  const entries = await deps.record.journal.read().catch(() => []);
  const told = statusSeen(entries, { rolloutId, step: state.step });
  if (isTold(told)) memory.told = told;
  return told;
}

async function heard({ deps, rolloutId }: Session): Promise<DuringLook["requests"]> {
  try {
    await deps.record.requests.read(rolloutId);
    return { read: true };
  } catch (error) {
    return { read: false, message: messageOf(error) };
  }
}

/**
 * What people have asked, where the store can't be read: as it was read last. Only where a list holds the step meanwhile,
 * and in a revert, which nothing stops; elsewhere the driver ends, for nobody could call it off.
 */
export function keptUnread(
  { deps, state }: Session,
  last: readonly RolloutRequest[],
): (error: unknown) => readonly RolloutRequest[] {
  const listed = deps.policy.checklist !== undefined && isWatched(state.name);
  return (error) => {
    if (listed || state.name.startsWith("reverting-")) return last;
    throw error;
  };
}

/** Writes the list when an item changes, and with each decision that leaves the step. */
export async function writeDuring(
  session: Session,
  items: readonly ItemStatus[] | undefined,
  decision: Decision,
): Promise<void> {
  if (items === undefined || decision.kind === "revert") return;
  const memory = memoryOf(session);
  const now = itemsText(items);
  const leaves = decision.kind === "continue" && decision.to !== session.state.name;
  if (now === memory.written && !leaves) return;
  memory.written = now;
  await journal(session, "observed", { checklist: { phase: "during", items } });
}

/** The list as the driver of a rollout has seen it last. */
export interface DuringItems {
  readonly rolloutId: string;
  readonly step: StepId;
  /** When it changed last, ISO 8601. */
  readonly at: string;
  readonly items: readonly ItemStatus[];
}

/** The list of the last rollout of a journal: only its driver sees what it asks for. Undefined: there is none yet. Pure. */
export function duringItemsOf(entries: readonly JournalEntry[]): DuringItems | undefined {
  const begun = entries.findLast(({ kind }) => kind === "begin");
  const last = entries.findLast(
    ({ rolloutId, data }) => rolloutId === begun?.rolloutId && Object(data["checklist"]).phase === "during",
  );
  if (last === undefined) return undefined;
  const { rolloutId, step, at, data } = last;
  return { rolloutId, step, at, items: Object(data["checklist"]).items as readonly ItemStatus[] };
}
