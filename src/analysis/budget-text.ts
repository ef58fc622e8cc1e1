import type { PlanBudget } from "../types/plan.ts";
import type { Budget } from "./budget.ts";
import { type BudgetSight, isUntouched } from "./budget-sight.ts";
import type { BudgetTerms } from "./budget-terms.ts";
import type { BudgetWindow } from "./budget-window.ts";
import type { BurnReading } from "./burn.ts";
import { grouped } from "./figures.ts";

/** What approvers have to know of a plan that doesn't go as its policy says; nothing of the others. */
export function budgetNotes(budget: PlanBudget | undefined): readonly string[] {
  if (budget === undefined || isUntouched(budget)) return [];
  const { band, burn, priority, incident } = budget;
  const parts = [
    `The error budget is at ${band}`,
    ...(burn === undefined
      ? []
      : [burn === "fires" ? "and burns fast" : "and nobody knows how fast it burns"]),
    ...(priority === undefined ? [] : [`asked for as ${priority}`]),
    ...(incident === undefined ? [] : [`for the incident ${incident}`]),
  ];
  return [`${parts.join(", ")}.`];
}

const windowWords: Readonly<Record<BudgetWindow, string>> = {
  "rolling-30d": "of the last 30 days",
  "calendar-month": "of this month (UTC)",
};

/** The numbers of a budget in one line, with its band. Without times of day. */
export function budgetText(budget: Budget, window: BudgetWindow): string {
  const { band } = budget;
  const whole = `error budget ${windowWords[window]}`;
  if (budget.band === "unknown") return `${whole}: unknown (${budget.why})`;
  const { remainingPercent, badUsed, badAllowed } = budget;
  const counts = `${grouped(badUsed)} failed, ${grouped(badAllowed)} may`;
  const left =
    remainingPercent < 0
      ? `overdrawn by ${tenths(Math.ceil, -remainingPercent)} %`
      : `${tenths(Math.floor, remainingPercent)} % is left`;
  return `${whole}: ${left} (${band}; ${counts})`;
}

/**
 * What the budget means for a start, in one line: the numbers, what burns, the terms and, of a budget that blocks, until
 * when.
 */
export function startText(
  { budget, burn, recoversAtMs }: BudgetSight,
  { reasons, refusal }: BudgetTerms,
  window: BudgetWindow,
): string {
  const [, ...more] = reasons;
  const until =
    refusal === undefined || refusal === "BurnRateAlert"
      ? []
      : [recoversAtMs === undefined ? "nobody knows until when" : recoveryText(recoversAtMs, window)];
  return [budgetText(budget, window), ...burnTexts(budget, burn), ...more, ...until].join("; ");
}

/** What fires, tickets too; and why nobody knows, unless the budget has said that already. */
function burnTexts(budget: Budget, burn: readonly BurnReading[]): readonly string[] {
  const fires = burn.filter(({ state }) => state === "fires");
  const untold = budget.band === "unknown" ? undefined : burn.find(({ state }) => state === "unknown");
  return [...fires, ...(untold === undefined ? [] : [untold])].map(({ message }) => message);
}

function recoveryText(atMs: number, window: BudgetWindow): string {
  const at = `${new Date(atMs).toISOString().slice(0, 16)}Z`;
  return window === "calendar-month"
    ? `until ${at}, when a new month begins`
    : `at 20 % again by ${at} at the earliest, if nothing fails from now on`;
}

/** At most four decimals, thousands apart: 26,000,000. */
/** With one decimal, to the worse side: a band's edge never reads as reached where it isn't. */
function tenths(round: (value: number) => number, percent: number): string {
  const value = round(percent * 10 - (round === Math.ceil ? 1e-9 : -1e-9)) / 10;
  return value.toLocaleString("en-US", { maximumFractionDigits: 1 });
}
