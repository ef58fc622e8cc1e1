import { type BudgetCounts, budgetOf } from "./budget.ts";

/** `rolling-30d`: the last 30 days. `calendar-month`: since the 1st, UTC; then the budget jumps back on the 1st. */
export const budgetWindows = ["rolling-30d", "calendar-month"] as const;
export type BudgetWindow = (typeof budgetWindows)[number];

/** What one day counted. */
export interface DayCount extends BudgetCounts {
  /** ms since the epoch. */
  readonly dayStartMs: number;
}

const dayMs = 86_400_000;
const rollingDays = 30;

/** The span that a budget is of, ms since the epoch. */
export function budgetSpan(window: BudgetWindow, nowMs: number): { fromMs: number; toMs: number } {
  if (window === "rolling-30d") return { fromMs: nowMs - rollingDays * dayMs, toMs: nowMs };
  return { fromMs: monthStart(nowMs, 0), toMs: nowMs };
}

/** The 30 days of the rolling window, each of 24 h, oldest first: what `recoversAt` has to know. */
export function daysToCount(nowMs: number): readonly { readonly fromMs: number; readonly toMs: number }[] {
  return Array.from({ length: rollingDays }, (_, index) => {
    const fromMs = nowMs - (rollingDays - index) * dayMs;
    return { fromMs, toMs: fromMs + dayMs };
  });
}

export interface Recovery {
  readonly window: BudgetWindow;
  readonly nowMs: number;
  readonly sloPercent: number;
  /** Of a rolling window: the days of `daysToCount`, in any order. */
  readonly days: readonly DayCount[];
}

/**
 * When a budget below 20 % is at 20 % again, ms since the epoch. A rolling window recovers as its bad days leave it:
 * looked at day by day, if from now on nothing fails and the traffic is that of a mean day; so the earliest moment,
 * and no promise. Undefined where a day isn't known, or there is no traffic to reckon with. A calendar month begins
 * anew on the 1st, UTC. Pure, total.
 */
export function recoversAt({ window, nowMs, sloPercent, days }: Recovery): number | undefined {
  if (window === "calendar-month") return monthStart(nowMs, 1);
  const known = new Map(days.map((day) => [day.dayStartMs, day]));
  const past = daysToCount(nowMs).map(({ fromMs }) => known.get(fromMs));
  if (!past.every(isCount)) return undefined;
  const meanDay = Math.round(sumOf(past).total / past.length);
  const future = Array.from({ length: rollingDays }, () => ({ total: meanDay, bad: 0 }));
  const all = [...past, ...future];
  for (let after = 0; after <= rollingDays; after += 1) {
    const { band } = budgetOf({ ...sumOf(all.slice(after, after + rollingDays)), sloPercent });
    if (band === "safe" || band === "caution") return nowMs + after * dayMs;
  }
  return undefined;
}

function isCount(day: DayCount | undefined): day is DayCount {
  if (day === undefined) return false;
  const { total, bad } = day;
  return Number.isFinite(total) && bad >= 0 && bad <= total;
}

function sumOf(days: readonly BudgetCounts[]): BudgetCounts {
  return days.reduce((sum, day) => ({ total: sum.total + day.total, bad: sum.bad + day.bad }), {
    total: 0,
    bad: 0,
  });
}

function monthStart(ms: number, later: number): number {
  const date = new Date(ms);
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + later, 1);
}
