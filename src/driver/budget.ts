import { applyBudget } from "../analysis/apply-budget.ts";
import { budgetOfAnswer } from "../analysis/budget.ts";
import { type BudgetAsked, type BudgetSight, planBudget, questionOf } from "../analysis/budget-sight.ts";
import { budgetTerms } from "../analysis/budget-terms.ts";
import { budgetSpan, type DayCount, daysToCount, recoversAt } from "../analysis/budget-window.ts";
import { type BurnReading, type BurnWindow, burnWindows, readBurn } from "../analysis/burn.ts";
import type { Totals } from "../ports/gauge.ts";
import type { ChangeKind } from "../types/change.ts";
import type { SloLimits } from "../types/gates.ts";
import type { PlanBudget } from "../types/plan.ts";
import type { EnvironmentPolicy } from "../types/policy.ts";
import type { DriverDeps } from "./session.ts";

/** What a plan is made of, where the stack promises something. */
export interface BudgetStart {
  readonly sight: BudgetSight;
  readonly budget: PlanBudget;
  /** The stack's own under the terms of the budget. */
  readonly policy: EnvironmentPolicy;
}

/** Who asks for a rollout, and with what. */
export interface BudgetRequest extends BudgetAsked {
  readonly change?: ChangeKind;
}

/**
 * The error budget before the plan of a stack that has a version in service. Undefined where the stack promises nothing,
 * and in a rehearsal that counts no requests.
 */
export async function startOnBudget(
  deps: DriverDeps,
  { change, rehearsed = false, ...asked }: BudgetRequest & { readonly rehearsed?: boolean },
): Promise<BudgetStart | undefined> {
  const { slo } = deps.policy.gates;
  if (slo === undefined || (rehearsed && deps.totals === undefined)) return undefined;
  const sight = await sightOfStart(deps, slo, { ...asked, ...(change === undefined ? {} : { change }) });
  const budget = planBudget(sight, asked);
  return { sight, budget, policy: applyBudget(deps.policy, budgetTerms(questionOf(budget, change))) };
}

/** A sight with every burn rate, and with the time when a budget that blocks will have recovered. */
export async function sightOfStart(
  deps: DriverDeps,
  slo: SloLimits,
  { change, ...asked }: BudgetRequest,
): Promise<BudgetSight> {
  const sight = await sightOf(deps, slo, burnWindows);
  const { band } = sight.budget;
  const { verdict } = budgetTerms(questionOf(planBudget(sight, asked), change));
  if (deps.totals === undefined || verdict !== "blocked" || (band !== "defer" && band !== "freeze"))
    return sight;
  const { clock, signal } = deps.runtime;
  const recovers = await recoveryOf(deps.totals, slo, { nowMs: clock.now(), signal });
  return recovers === undefined ? sight : { ...sight, recoversAtMs: recovers };
}

/** What the totals say now of budget and burn rates. A source that can't answer leaves them unknown, in its words. */
export async function sightOf(
  deps: Pick<DriverDeps, "totals" | "runtime">,
  { availabilityPercent: sloPercent, window }: SloLimits,
  windows: readonly BurnWindow[],
): Promise<BudgetSight> {
  const { totals } = deps;
  if (totals === undefined) {
    const why = "no source counts the requests of the service";
    return { budget: { band: "unknown", targetPercent: sloPercent, why }, burn: [], errors: [] };
  }
  const nowMs = deps.runtime.clock.now();
  const errors: string[] = [];
  const { signal } = deps.runtime;
  const ask = async (fromMs: number, toMs = nowMs) => {
    const answer = await totals.count({ fromMs, toMs, signal });
    if (answer.status === "error") errors.push(`${totals.name}: ${answer.message}`);
    return answer;
  };
  const { fromMs, toMs } = budgetSpan(window, nowMs);
  const whole = await ask(fromMs, toMs);
  const burn: BurnReading[] = [];
  for (const one of windows) {
    const long = await ask(nowMs - one.longMs);
    const short = await ask(nowMs - one.shortMs);
    burn.push(readBurn({ window: one, long, short }, { sloPercent }));
  }
  return { budget: budgetOfAnswer(whole, sloPercent), burn, errors: [...new Set(errors)] };
}

/**
 * When a budget below 20 % is there again, ms since the epoch. Of a rolling window each day is counted; a day that can't
 * be leaves the answer open.
 */
export async function recoveryOf(
  totals: Totals,
  { availabilityPercent: sloPercent, window }: Pick<SloLimits, "availabilityPercent" | "window">,
  { nowMs, signal }: { readonly nowMs: number; readonly signal: AbortSignal },
): Promise<number | undefined> {
  const days: DayCount[] = [];
  // One after another: a metrics source lets few queries run at once.
  for (const span of window === "rolling-30d" ? daysToCount(nowMs) : []) {
    const answer = await totals.count({ ...span, signal });
    if (answer.status !== "value") return undefined;
    days.push({ dayStartMs: span.fromMs, total: answer.total, bad: answer.bad });
  }
  return recoversAt({ window, nowMs, sloPercent, days });
}
