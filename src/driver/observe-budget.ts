import { budgetGate } from "../analysis/budget-gate.ts";
import { burnWindows } from "../analysis/burn.ts";
import { messageOf } from "../lib/error-message.ts";
import type { SloLimits } from "../types/gates.ts";
import type { PlanBudget } from "../types/plan.ts";
import type { GateReading } from "../types/verdict.ts";
import { sightOf } from "./budget.ts";
import type { Session } from "./session.ts";

/** How old an answer may be before it is asked for again, ms: the query goes over a month. */
const freshMs = 60_000;
/** How long a look waits where it can't go on without an answer, ms of wall time. */
const patienceMs = 2_000;

const pages = burnWindows.filter(({ severity }) => severity === "page");

/**
 * The error budget at a boundary: from the end of a watched step's soak until it goes on. Asked about once a minute and
 * repeated in between, so that a hold lasts as long as its reason. It is asked beside the looks, from a minute before
 * that end: a source that is slow must not keep another gate from turning back. Empty where the stack promises nothing
 * or nobody counts.
 */
export async function readBudgetGate(session: Session, nowMs: number): Promise<readonly GateReading[]> {
  const { plan, deps } = session;
  const { budget } = plan;
  const { slo } = plan.gates;
  const endMs = endOfSoak(session);
  if (slo === undefined || budget === undefined || deps.totals === undefined || endMs === undefined)
    return [];
  // A look that begins before the end may be decided on after it.
  const sinceMs = endMs - freshMs;
  if (nowMs < sinceMs) return [];
  const before = session.budgetReading;
  if (before === undefined || nowMs - before.atMs >= freshMs) {
    session.budgetAsk ??= ask(session, { slo, budget, nowMs }).finally(() => delete session.budgetAsk);
  }
  if (nowMs >= endMs && readingsSince(session, sinceMs) === undefined) await aMoment(session);
  const readings = readingsSince(session, sinceMs);
  if (readings !== undefined) return readings;
  return nowMs < endMs ? [] : [notAnswered];
}

/** Also through the extensions: a look in the middle of one goes on as soon as every gate passes. */
function endOfSoak({ plan, state }: Session): number | undefined {
  const { name, step: at, confirmedAtMs, enteredAtMs } = state;
  const soakSeconds = plan.steps.find(({ id }) => id === at)?.soakSeconds;
  if (soakSeconds === undefined || (name !== "soaking" && name !== "holding")) return undefined;
  return (confirmedAtMs ?? enteredAtMs) + soakSeconds * 1000;
}

async function ask(
  session: Session,
  { slo, budget, nowMs }: { readonly slo: SloLimits; readonly budget: PlanBudget; readonly nowMs: number },
): Promise<void> {
  // Nobody may wait for this promise: not even a source that breaks its word and throws may end the process.
  const reading = await sightOf(session.deps, slo, pages).then(
    (sight) => budgetGate({ plan: budget, sight, window: slo.window }),
    (error: unknown): GateReading => ({
      ...notAnswered,
      verdict: "error",
      reason: "SourceError",
      message: `the error budget can't be told: ${messageOf(error)}`,
    }),
  );
  session.budgetReading = { atMs: nowMs, readings: [reading] };
}

/** What was answered at an earlier boundary is none of this one. */
function readingsSince({ budgetReading }: Session, sinceMs: number): readonly GateReading[] | undefined {
  return budgetReading !== undefined && budgetReading.atMs >= sinceMs ? budgetReading.readings : undefined;
}

async function aMoment({ budgetAsk, deps }: Session): Promise<void> {
  const over = new AbortController();
  await Promise.race([budgetAsk, deps.runtime.wall.sleep(patienceMs, over.signal)]);
  over.abort();
}

const notAnswered: GateReading = {
  gate: "budget",
  verdict: "no-data",
  reason: "NoData",
  message: "the error budget was asked for, and there is no answer yet",
  limit: 0,
};
