import type { TotalsAnswer } from "../types/gauge.ts";
import { type Counts, countsOf, type Fraction, fractionOf } from "./exact.ts";

/** What is left of an error budget: > 50 % safe, 20-50 % caution, 0-20 % defer, below freeze. `unknown` acts as caution. */
export type BudgetBand = "safe" | "caution" | "defer" | "freeze" | "unknown";

/** Requests of the window and those that failed. */
export interface BudgetCounts {
  readonly total: number;
  readonly bad: number;
}

/** A budget that can be computed. */
export interface KnownBudget {
  readonly band: Exclude<BudgetBand, "unknown">;
  /** Requests of the window. */
  readonly total: number;
  /** The objective, and what was reached: shares of the requests that did not fail. */
  readonly targetPercent: number;
  readonly actualPercent: number;
  /** The whole budget, what is used of it and what is left: shares of all requests. The last is below 0 when overdrawn. */
  readonly totalPercent: number;
  readonly usedPercent: number;
  readonly leftPercent: number;
  /** What is left of the budget: 100 untouched, 0 used up, below 0 overdrawn. The bands are of this number. */
  readonly remainingPercent: number;
  /** Requests that may fail, not always a whole number; and those that did. */
  readonly badAllowed: number;
  readonly badUsed: number;
}

/** No traffic, no answer, or an objective that leaves no budget. */
export interface UnknownBudget {
  readonly band: "unknown";
  readonly targetPercent: number;
  /** For people. */
  readonly why: string;
}

export type Budget = KnownBudget | UnknownBudget;

/**
 * The error budget of a window: `1 - bad / ((1 - SLO) · total)`, from counts and never from a mean of ratios. Its
 * band is found in whole numbers: exactly 50 % is caution, exactly 20 % still is, exactly 0 % is defer. Pure, total.
 */
export function budgetOf(of: Partial<BudgetCounts> & { readonly sloPercent: number }): Budget {
  const { total, bad, sloPercent } = of;
  const unknown = (why: string): UnknownBudget => ({ band: "unknown", targetPercent: sloPercent, why });
  const share = budgetShare(sloPercent);
  if (share === undefined) return unknown(`an objective of ${sloPercent} % leaves no error budget`);
  if (total === undefined || bad === undefined) return unknown("nobody has counted the requests");
  if (total === 0) return unknown("there was no traffic in the window");
  const counts = countsOf(total, bad);
  if (counts === undefined) return unknown(`${bad} failed of ${total} requests is no count`);
  // Both sides of every comparison are whole numbers, so that an edge is exactly an edge.
  const used = counts.bad * 100n * share.den;
  const whole = counts.total * share.num;
  return {
    band: bandOf(used, whole),
    total: Number(counts.total),
    targetPercent: sloPercent,
    actualPercent: percent(counts.total - counts.bad, counts.total),
    totalPercent: Number(share.num) / Number(share.den),
    usedPercent: percent(counts.bad, counts.total),
    leftPercent: Number(whole - used) / Number(counts.total * share.den),
    remainingPercent: percent(whole - used, whole),
    badAllowed: Number(whole) / Number(100n * share.den),
    badUsed: Number(counts.bad),
  };
}

/** The same of what a source says: silence and trouble are `unknown`, with the source's own words. */
export function budgetOfAnswer(answer: TotalsAnswer, sloPercent: number): Budget {
  if (answer.status === "value") return budgetOf({ total: answer.total, bad: answer.bad, sloPercent });
  return { band: "unknown", targetPercent: sloPercent, why: answer.message };
}

/** What an objective lets fail, percent of the requests, exactly: 99.9 gives 1/10. Undefined where it leaves none. */
export function budgetShare(sloPercent: number): Fraction | undefined {
  const slo = fractionOf(sloPercent);
  if (slo === undefined || slo.num <= 0n) return undefined;
  const num = 100n * slo.den - slo.num;
  return num > 0n ? { num, den: slo.den } : undefined;
}

function bandOf(used: Counts["bad"], whole: Counts["total"]): KnownBudget["band"] {
  if (used * 2n < whole) return "safe";
  if (used * 10n <= whole * 8n) return "caution";
  return used <= whole ? "defer" : "freeze";
}

function percent(part: bigint, whole: bigint): number {
  return (Number(part) * 100) / Number(whole);
}
