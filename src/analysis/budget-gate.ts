import type { PlanBudget } from "../types/plan.ts";
import type { GateReading } from "../types/verdict.ts";
import { type BudgetSight, planBudget } from "./budget-sight.ts";
import { budgetText } from "./budget-text.ts";
import type { BudgetWindow } from "./budget-window.ts";
import type { BurnReading } from "./burn.ts";

/** Worse to the right; what nobody knows is as caution. */
const ranks: Readonly<Record<PlanBudget["band"], number>> = {
  safe: 0,
  caution: 1,
  unknown: 1,
  defer: 2,
  freeze: 3,
};

/** What is left of the budget at the lower edge of a band, percent; a frozen one has none, and 0 is its upper edge. */
const floors: Readonly<Record<PlanBudget["band"], number>> = {
  safe: 50,
  caution: 20,
  unknown: 20,
  defer: 0,
  freeze: 0,
};

/**
 * The error budget at a boundary: it passes where it is no worse than when the plan was made and no page-level burn
 * rate fires. Anything else holds; it never turns back, for the whole service is judged, of which the canary has a
 * share. A budget or burn rate that could be told for the plan and can't any more is worse. Pure, total.
 */
export function budgetGate({
  plan,
  sight,
  window,
}: {
  readonly plan: PlanBudget;
  readonly sight: BudgetSight;
  readonly window: BudgetWindow;
}): GateReading {
  const { budget, burn, errors } = sight;
  const fires = burn.find(isPageThatFires);
  if (fires !== undefined) return burnAlert(fires);
  const left = budget.band === "unknown" ? {} : { value: budget.remainingPercent };
  const base = { gate: "budget", limit: floors[plan.band], ...left } as const;
  const [error] = errors;
  if (error !== undefined) {
    const message = `the error budget can't be told: ${error}`;
    return { ...base, verdict: "error", reason: "SourceError", message };
  }
  const text = budgetText(budget, window);
  const now = planBudget(sight, {});
  const lost = now.burn === "unknown" && rankOf(plan) === 0;
  if (ranks[budget.band] <= ranks[plan.band] && !lost) {
    return { ...base, verdict: "pass", reason: "BudgetAsPlanned", message: text };
  }
  const untold = lost ? "; nobody knows how fast it burns" : "";
  const message = `${text}${untold}, and the plan was made at ${plan.band}`;
  return { ...base, verdict: "no-data", reason: "BudgetWorse", message };
}

/** A plan made while nobody knew how fast the budget burns was made under the terms of caution. */
function rankOf({ band, burn }: PlanBudget): number {
  return Math.max(ranks[band], burn === undefined ? 0 : 1);
}

function isPageThatFires({ window, state }: BurnReading): boolean {
  return window.severity === "page" && state === "fires";
}

function burnAlert({ message, threshold, longBurn }: BurnReading): GateReading {
  return {
    gate: "budget",
    verdict: "no-data",
    reason: "BurnRateAlert",
    message,
    limit: threshold,
    ...(longBurn === undefined ? {} : { value: longBurn }),
  };
}
