import { type Item, queryTables } from "./azure-telemetry.ts";
import { runKql } from "./kql-engine.ts";

/** What of a scheduled query rule decides whether it fires. */
export interface ScheduledRule {
  readonly windowSize: string;
  readonly evaluationFrequency: string;
  readonly criteria: {
    readonly allOf: readonly {
      readonly query: string;
      readonly timeAggregation: string;
      readonly metricMeasureColumn: string;
      readonly operator: string;
      readonly threshold: number;
      readonly dimensions?: readonly { readonly name: string }[];
      readonly failingPeriods: {
        readonly numberOfEvaluationPeriods: number;
        readonly minFailingPeriodsToAlert: number;
      };
    }[];
  };
}

/** Minutes of an ISO duration as rules write it: `PT1M`, `PT6H`, `P1D`. */
export function isoToMinutes(iso: string): number {
  const [, days = 0, hours = 0, minutes = 0] = /^P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?)?$/.exec(iso) ?? [];
  return Number(days) * 1440 + Number(hours) * 60 + Number(minutes);
}

/**
 * Whom a rule fires for when it is evaluated at a time, by the documentation of log search alerts: the query reads
 * window × periods; its rows are aggregated by window and by dimension; a series with enough breaching windows fires. A
 * window without a row breaches nothing. Without dimensions: `*`.
 */
export function firesAt(
  rule: ScheduledRule,
  telemetry: readonly Item[],
  at: { readonly atMs: number; readonly workspace?: boolean },
): string[] {
  const [criterion] = rule.criteria.allOf;
  if (criterion === undefined) throw new Error("a rule without a criterion");
  const { numberOfEvaluationPeriods: periods, minFailingPeriodsToAlert } = criterion.failingPeriods;
  const windowMs = isoToMinutes(rule.windowSize) * 60_000;
  const fromMs = at.atMs - windowMs * periods;
  const seen = {
    fromMs,
    toMs: at.atMs - 1,
    nowMs: Number.POSITIVE_INFINITY,
    workspace: at.workspace ?? true,
  };
  const rows = runKql(criterion.query, queryTables(telemetry, seen), at.atMs);
  const series = new Map<string, Map<number, number[]>>();
  for (const row of rows) {
    const value = row[criterion.metricMeasureColumn];
    if (typeof value !== "number") continue;
    const key = (criterion.dimensions ?? []).map(({ name }) => String(row[name])).join(",") || "*";
    const time = row["TimeGenerated"];
    if (periods > 1 && !(time instanceof Date)) throw new Error("windows are counted by a datetime column");
    const period = periods === 1 ? 0 : Math.floor(((time as Date).getTime() - fromMs) / windowMs);
    const windows = series.get(key) ?? new Map<number, number[]>();
    windows.set(period, [...(windows.get(period) ?? []), value]);
    series.set(key, windows);
  }
  const failing = (windows: Map<number, number[]>) =>
    [...windows.values()].filter((values) =>
      breaches(criterion, aggregate(criterion.timeAggregation, values)),
    );
  return [...series].flatMap(([key, windows]) =>
    failing(windows).length >= minFailingPeriodsToAlert ? [key] : [],
  );
}

function aggregate(how: string, values: readonly number[]): number {
  if (how === "Maximum") return Math.max(...values);
  if (how === "Minimum") return Math.min(...values);
  if (how === "Total") return values.reduce((sum, value) => sum + value, 0);
  throw new Error(`no aggregation of these rules: ${how}`);
}

function breaches({ operator, threshold }: { operator: string; threshold: number }, value: number): boolean {
  if (operator === "GreaterThan") return value > threshold;
  if (operator === "LessThan") return value < threshold;
  throw new Error(`no operator of these rules: ${operator}`);
}
