import type { BudgetBand } from "../../analysis/budget.ts";
import type { BudgetTerms } from "../../analysis/budget-terms.ts";
import type { BudgetWindow } from "../../analysis/budget-window.ts";
import { columns, type Paint, painter, type Style } from "./human.ts";

/** `data` of `budget --json`. What nobody knows is absent, never a 0. Percentages are of all requests but for one. */
export interface BudgetView {
  readonly stack: string;
  readonly service: string;
  /** Where the counts come from. */
  readonly source: string;
  readonly window: BudgetWindow;
  /** ISO 8601. */
  readonly from: string;
  readonly to: string;
  /** The objective, and what was reached. */
  readonly target: number;
  readonly actual?: number;
  /** The whole budget, what is used of it, what is left of it. */
  readonly total?: number;
  readonly used?: number;
  readonly remaining?: number;
  /** What is left, in percent of the budget: the bands are of this number. */
  readonly remainingPercent?: number;
  readonly requests?: number;
  readonly badAllowed?: number;
  readonly badUsed?: number;
  readonly band: BudgetBand;
  /** Of the band `unknown`. */
  readonly why?: string;
  /** What the band means for a rollout of this change and priority. */
  readonly means: BudgetTerms & { readonly firstWeight?: FirstWeight };
  /** When it is at 20 % again, ISO 8601, where it is below and that can be known. */
  readonly recoversAt?: string;
}

/** The first increment's weight, as planned and halved. */
export interface FirstWeight {
  readonly planned: number;
  readonly halved: number;
}

const bandStyles: Readonly<Record<BudgetBand, Style>> = {
  safe: "green",
  caution: "yellow",
  unknown: "yellow",
  defer: "red",
  freeze: "red",
};

const verdictWords: Readonly<Record<BudgetTerms["verdict"], string>> = {
  "as-planned": "a rollout goes as planned",
  caution: "a rollout goes with caution",
  blocked: "a rollout is blocked",
};

const windowWords: Readonly<Record<BudgetWindow, string>> = {
  "rolling-30d": "last 30 days",
  "calendar-month": "this month (UTC)",
};

/** A stack's error budget for people. */
export function renderBudget(view: BudgetView, { color }: { readonly color: boolean }): string {
  const paint = painter(color);
  const { service, stack, source, means } = view;
  const [first = "", ...more] = means.reasons;
  return [
    `${paint("bold", service)} on ${stack}: ${headline(view, paint)}`,
    "",
    columns([
      ["  ", "objective", `${number(view.target)} % of the requests, ${windowWords[view.window]}`],
      ...numberRows(view),
      ["  ", "source", source],
      ["  ", "means", `${verdictWords[means.verdict]}: ${first}`],
      ...more.map((reason) => ["  ", "", reason]),
      ...weightRows(view),
      ...recoveryRows(view),
    ]),
  ].join("\n");
}

function headline({ band, remainingPercent, why }: BudgetView, paint: Paint): string {
  const painted = paint(bandStyles[band], band);
  if (remainingPercent === undefined) return `${painted}, ${why ?? "nobody knows the budget"}`;
  if (remainingPercent < 0)
    return `${painted}, overdrawn by ${number(-remainingPercent)} % of the error budget`;
  return `${painted}, ${number(remainingPercent)} % of the error budget is left`;
}

function numberRows(view: BudgetView): readonly (readonly string[])[] {
  const { actual, total, used, remaining, remainingPercent, requests, badAllowed, badUsed } = view;
  if (actual === undefined || total === undefined || used === undefined || remaining === undefined) return [];
  const allowed = `${number(badAllowed ?? 0)} of ${number(requests ?? 0)} requests may fail`;
  return [
    ["  ", "reached", `${number(actual)} %`],
    ["  ", "budget", `${number(total)} %: ${allowed}`],
    ["  ", "used", `${number(used)} %: ${number(badUsed ?? 0)} failed`],
    ["  ", "left", `${number(remaining)} %, which is ${number(remainingPercent ?? 0)} % of the budget`],
  ];
}

function weightRows({ means: { firstWeight, halveFirst } }: BudgetView): readonly (readonly string[])[] {
  if (firstWeight === undefined || !halveFirst) return [];
  return [["  ", "first step", `${firstWeight.halved} % instead of ${firstWeight.planned} %`]];
}

function recoveryRows({ recoversAt, band, window }: BudgetView): readonly (readonly string[])[] {
  if (band !== "defer" && band !== "freeze") return [];
  if (recoversAt === undefined) return [["  ", "recovers", "nobody knows when: not every day was counted"]];
  const how =
    window === "calendar-month"
      ? "a new month begins"
      : "at the earliest, to 20 %, if nothing fails from now on";
  return [["  ", "recovers", `${recoversAt.slice(0, 10)}: ${how}`]];
}

/** At most four decimals, thousands apart: 26,000,000. */
function number(value: number): string {
  return value.toLocaleString("en-US", { maximumFractionDigits: 4 });
}
