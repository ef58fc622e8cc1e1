import * as z from "zod";
import { logsError } from "../../../lib/kql/tables.ts";
import { slowColumn } from "../../../lib/kql/text.ts";
import type { AzureMonitorConfig } from "../../../types/azure-monitor.ts";
import type { CohortBin, CohortSeries, MetricsAnswer } from "../../../types/observation.ts";
import type { LogsRow } from "./logs-api.ts";

export interface LookOptions {
  readonly cohort: AzureMonitorConfig["cohort"];
  readonly binMs: number;
  readonly thresholdsMs: readonly number[];
  /** Bins start here at the earliest. */
  readonly fromMs: number;
  readonly nowMs: number;
  /** Least age of a complete bin, ms. */
  readonly lagMs: number;
}

/** NaN comes as the text "NaN", and what is missing as null: both fail here. */
const count = z.number().int().nonnegative();
const row = z.discriminatedUnion("Kind", [
  z.object({
    Kind: z.literal("requests"),
    Cohort: z.string(),
    StartMs: count,
    Requests: count,
    Weight2: count,
    Errors: count,
  }),
  z.object({ Kind: z.literal("exceptions"), Cohort: z.string(), StartMs: count, Exceptions: count }),
  z.object({ Kind: z.literal("freshness"), Cohort: z.string(), LagSeconds: z.number(), NewestMs: count }),
]);
type Row = z.infer<typeof row>;
type Freshness = Extract<Row, { Kind: "freshness" }>;

/** The answer that the rows of a look mean. Throws `metrics-source` where they aren't what was asked for. */
export function lookAnswer(rows: readonly LogsRow[], options: LookOptions): MetricsAnswer {
  const { binMs, cohort } = options;
  const parsed = rows.map((raw) => ({ raw, row: rowOf(raw, cohort) }));
  const freshness = parsed.flatMap(({ row }) => (row.Kind === "freshness" ? [row] : []));
  const bins = { candidate: binsOf("candidate", parsed, options), stable: binsOf("stable", parsed, options) };
  const sides = [...bins.candidate, ...bins.stable];
  const names = `${cohort.by} ${JSON.stringify(cohort.stable)} or ${JSON.stringify(cohort.candidate)}`;
  const newestBin = Math.max(...sides.map(({ startMs }) => startMs + binMs));
  if (sides.length === 0) {
    return { status: "empty", message: `no telemetry of ${names} in the span that was asked for` };
  }
  const watermarkMs = watermark(freshness, { ...options, newestBin });
  const complete = (all: readonly CohortBin[]): CohortSeries => ({
    bins: all.filter(({ startMs }) => startMs + binMs <= watermarkMs),
  });
  const answer = { candidate: complete(bins.candidate), stable: complete(bins.stable) };
  if (answer.candidate.bins.length + answer.stable.bins.length === 0) {
    const age = Math.round((options.nowMs - watermarkMs) / 1000);
    return { status: "empty", message: `no bin is complete yet: telemetry of ${names} is ${age} s behind` };
  }
  return { status: "value", binMs, watermarkMs, ...answer };
}

/**
 * Complete is what is older than telemetry's usual lateness, and not newer than the newest row of stable, which shows
 * that the pipeline has come that far. Where stable has fallen behind the candidate by more than that lateness it has
 * no traffic (at 100 % it has none), and the candidate's newest row is what shows it.
 */
function watermark(
  freshness: readonly Freshness[],
  { cohort, nowMs, lagMs, binMs, newestBin }: LookOptions & { readonly newestBin: number },
): number {
  const lag = Math.max(lagMs, ...freshness.map(({ LagSeconds }) => Math.ceil(LagSeconds * 1000)));
  const newest = (side: string) => freshness.find(({ Cohort }) => Cohort === side)?.NewestMs;
  const stable = newest(cohort.stable);
  const candidate = newest(cohort.candidate);
  const silent = stable === undefined || (candidate !== undefined && candidate - stable > lag);
  // Nothing within the hour over which freshness is measured: there is nothing newer than the newest bin.
  const reached = (silent ? candidate : stable) ?? newestBin;
  return Math.floor(Math.min(nowMs - lag, reached) / binMs) * binMs;
}

function binsOf(
  side: "candidate" | "stable",
  rows: readonly { readonly raw: LogsRow; readonly row: Row }[],
  { cohort, thresholdsMs, fromMs }: LookOptions,
): CohortBin[] {
  const bins = new Map<number, CohortBin>();
  for (const { raw, row } of rows) {
    if (row.Kind === "freshness" || row.Cohort !== cohort[side] || row.StartMs < fromMs) continue;
    const before = bins.get(row.StartMs) ?? noRequests(row.StartMs, thresholdsMs);
    const more =
      row.Kind === "requests"
        ? { n: row.Requests, weightSquared: row.Weight2, errors: row.Errors, slow: slowOf(raw, thresholdsMs) }
        : { exceptions: row.Exceptions };
    bins.set(row.StartMs, { ...before, ...more });
  }
  return [...bins.values()].sort((a, b) => a.startMs - b.startMs);
}

/** A bin that was heard of: what has no row of its own in it did not happen. */
function noRequests(startMs: number, thresholdsMs: readonly number[]): CohortBin {
  const slow = Object.fromEntries(thresholdsMs.map((threshold) => [threshold, 0]));
  return { startMs, n: 0, errors: 0, slow, exceptions: 0, weightSquared: 0 };
}

function slowOf(raw: LogsRow, thresholdsMs: readonly number[]): Record<number, number> {
  const values = thresholdsMs.map((threshold) => {
    const name = slowColumn(threshold);
    const parsed = count.safeParse(raw[name]);
    if (!parsed.success) throw logsError(`${name} is ${JSON.stringify(raw[name])}, where a count belongs`);
    return [threshold, parsed.data] as const;
  });
  return Object.fromEntries(values);
}

function rowOf(raw: LogsRow, { stable, candidate }: AzureMonitorConfig["cohort"]): Row {
  const parsed = row.safeParse(raw);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    const column = issue?.path.join(".") ?? "";
    const value = JSON.stringify(raw[column]) ?? "missing";
    throw logsError(`${column} of a row is ${value}: ${issue?.message ?? "not what was asked for"}`);
  }
  if (parsed.data.Cohort !== stable && parsed.data.Cohort !== candidate) {
    throw logsError(`a row is of ${JSON.stringify(parsed.data.Cohort)}, which is neither side`);
  }
  return parsed.data;
}
