import type { ChangeKind } from "../types/change.ts";
import type { PlanBudget } from "../types/plan.ts";
import type { Budget } from "./budget.ts";
import { type BudgetQuestion, type Priority, priorities } from "./budget-terms.ts";
import { type BurnReading, burnVerdict } from "./burn.ts";

/** What was read of a service's error budget at one moment. */
export interface BudgetSight {
  readonly budget: Budget;
  readonly burn: readonly BurnReading[];
  /** What the source said where it could not answer. */
  readonly errors: readonly string[];
  /** When a budget below 20 % is there again at the earliest, ms since the epoch; absent where nobody knows. */
  readonly recoversAtMs?: number;
}

/** What was asked for with a rollout. */
export interface BudgetAsked {
  readonly priority?: Priority;
  readonly incident?: string;
}

/** The part of a sight that a plan is made on: without numbers, so that the plan is the same as long as the band is. */
export function planBudget({ budget, burn }: BudgetSight, { priority, incident }: BudgetAsked): PlanBudget {
  const { start } = burnVerdict(burn);
  const named = incident?.trim() ?? "";
  return {
    band: budget.band,
    ...(start === "clear" ? {} : { burn: start === "blocked" ? "fires" : "unknown" }),
    ...(priority === undefined || priority === "normal" ? {} : { priority }),
    ...(named === "" ? {} : { incident: named }),
  };
}

/** What a plan asks of `budgetTerms`. */
export function questionOf(
  { band, burn, priority, incident }: PlanBudget,
  change: ChangeKind | undefined,
): BudgetQuestion {
  const known = priorities.find((one) => one === priority);
  return {
    band,
    ...(burn === undefined ? {} : { burn }),
    ...(known === undefined ? {} : { priority: known }),
    ...(incident === undefined ? {} : { incident }),
    ...(change === undefined ? {} : { change }),
  };
}

/** Whether a plan on this budget goes exactly as its policy says. */
export function isUntouched(budget: PlanBudget | undefined): boolean {
  return budget === undefined || (budget.band === "safe" && budget.burn === undefined);
}
