import { type BurnWindow, burnThreshold, thirtyDaysMs } from "../lib/burn-windows.ts";
import { formatDuration } from "../lib/duration.ts";
import type { TotalsAnswer } from "../types/gauge.ts";
import { budgetShare } from "./budget.ts";
import { countsOf, type Fraction, fractionOf } from "./exact.ts";

export { type BurnWindow, burnThreshold, burnWindows } from "../lib/burn-windows.ts";

/** How many times faster than the objective allows requests fail: (bad / total) / (1 - SLO). Undefined without data. */
export function burnRate(
  { total, bad }: { readonly total: number; readonly bad: number },
  sloPercent: number,
): number | undefined {
  const counts = countsOf(total, bad);
  const share = budgetShare(sloPercent);
  if (counts === undefined || share === undefined) return undefined;
  return Number(counts.bad * 100n * share.den) / Number(counts.total * share.num);
}

/** What a source says of the two windows. */
interface BurnCounts {
  readonly window: BurnWindow;
  readonly long: TotalsAnswer;
  readonly short: TotalsAnswer;
}

/** One pair of windows. `unknown`: one of them has no data, which is never a pass. */
export interface BurnReading {
  readonly window: BurnWindow;
  readonly state: "fires" | "quiet" | "unknown";
  readonly threshold: number;
  readonly longBurn?: number;
  readonly shortBurn?: number;
  /** For people. */
  readonly message: string;
}

/** Fires where both windows burn strictly faster than the threshold, in whole counts. Pure, total. */
export function readBurn(
  { window, long, short }: BurnCounts,
  { sloPercent, periodMs = thirtyDaysMs }: { readonly sloPercent: number; readonly periodMs?: number },
): BurnReading {
  const threshold = burnThreshold(window, periodMs);
  const limits = { window, sloPercent, periodMs };
  const [inLong, inShort] = [burnIn(long, limits), burnIn(short, limits)];
  const base = {
    window,
    threshold,
    ...("rate" in inLong ? { longBurn: inLong.rate } : {}),
    ...("rate" in inShort ? { shortBurn: inShort.rate } : {}),
  };
  const [longText, shortText] = [window.longMs, window.shortMs].map((ms) => formatDuration(ms / 1000));
  const why = [
    ...("why" in inLong ? [`${longText}: ${inLong.why}`] : []),
    ...("why" in inShort ? [`${shortText}: ${inShort.why}`] : []),
  ];
  if (!("rate" in inLong && "rate" in inShort)) {
    return { ...base, state: "unknown", message: `no burn rate: ${why.join("; ")}` };
  }
  const fires = inLong.over && inShort.over;
  const rates = `burn rate ${format(inLong.rate)} in ${longText} and ${format(inShort.rate)} in ${shortText}`;
  const limit = `${format(threshold)} in both fires a ${window.severity}`;
  return { ...base, state: fires ? "fires" : "quiet", message: `${rates}; more than ${limit}` };
}

type Burn = { readonly rate: number; readonly over: boolean } | { readonly why: string };

function burnIn(
  answer: TotalsAnswer,
  limits: { readonly window: BurnWindow; readonly sloPercent: number; readonly periodMs: number },
): Burn {
  if (answer.status !== "value") return { why: answer.message };
  const { window, sloPercent, periodMs } = limits;
  const counts = countsOf(answer.total, answer.bad);
  const share = budgetShare(sloPercent);
  const rate = burnRate(answer, sloPercent);
  if (share === undefined) return { why: `an objective of ${sloPercent} % leaves no error budget` };
  if (counts === undefined || rate === undefined) {
    return { why: answer.total === 0 ? "no traffic" : `${answer.bad} failed of ${answer.total} is no count` };
  }
  const [budget, period, long] = [window.sharePercent, periodMs, window.longMs].map(fractionOf);
  if (budget === undefined || period === undefined || long === undefined) return { why: "no such window" };
  const allowed = product(product(budget, period), share);
  const burned = product({ num: counts.bad * 10_000n, den: counts.total }, long);
  return { rate, over: burned.num * allowed.den > allowed.num * burned.den };
}

function product(a: Fraction, b: Fraction): Fraction {
  return { num: a.num * b.num, den: a.den * b.den };
}

function format(rate: number): string {
  return String(Math.round(rate * 100) / 100);
}

/** Whether burn rates let a rollout start. */
export interface BurnVerdict {
  /** `blocked`: a page fires. `unknown`: none is known to, but a page's windows have no data. Tickets block nothing. */
  readonly start: "clear" | "blocked" | "unknown";
  /** For people: what fires and what nobody knows; empty where all is quiet. */
  readonly reasons: readonly string[];
}

/** No rollout begins while a page-level burn rate fires; where nobody can tell, that is said. Pure, total. */
export function burnVerdict(readings: readonly BurnReading[]): BurnVerdict {
  const pages = readings.filter(({ window }) => window.severity === "page");
  const reasons = readings.filter(({ state }) => state !== "quiet").map(({ message }) => message);
  if (pages.some(({ state }) => state === "fires")) return { start: "blocked", reasons };
  if (pages.length === 0) return { start: "unknown", reasons: ["no burn rate was read", ...reasons] };
  return { start: pages.some(({ state }) => state === "unknown") ? "unknown" : "clear", reasons };
}
