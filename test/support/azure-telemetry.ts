import type { StoredRow } from "./kql-engine.ts";
import type { KqlValue } from "./kql-parser.ts";

/** One item of telemetry, in a workspace's columns. What is left out has the value of an ordinary request. */
export interface Item {
  /** Default: AppRequests. */
  readonly table?: keyof typeof classicTables;
  /** ms since the epoch. */
  readonly atMs: number;
  /** How much later the service has it, ms; default 20 s. */
  readonly lateMs?: number;
  readonly columns?: Readonly<Record<string, KqlValue | Readonly<Record<string, string>>>>;
}

/** One series of a platform metric. */
export interface MetricSeries {
  readonly metric: string;
  /** The filter that asks for it; absent: there is no dimension. */
  readonly filter?: string;
  /** Whole minutes by ms since the epoch; null where nothing was measured. */
  readonly points: readonly (readonly [atMs: number, value: unknown])[];
}

const ordinary: Readonly<Record<string, Item["columns"]>> = {
  AppRequests: { DurationMs: 20, ResultCode: "200", Success: true },
  AppExceptions: { ExceptionType: "System.Exception" },
  AppMetrics: { Name: "", Sum: 0, Min: 0, Max: 0 },
  AppAvailabilityResults: { Name: "", Success: true },
};
const shared = {
  ItemCount: 1,
  AppVersion: "",
  AppRoleName: "atp-ingestion",
  AppRoleInstance: "pod-1",
  SyntheticSource: "",
  Properties: {},
};

const classicTables = {
  AppRequests: "requests",
  AppExceptions: "exceptions",
  AppMetrics: "customMetrics",
  AppAvailabilityResults: "availabilityResults",
} as const;
const classicColumns: Readonly<Record<string, string>> = {
  TimeGenerated: "timestamp",
  ItemCount: "itemCount",
  AppVersion: "application_Version",
  AppRoleName: "cloud_RoleName",
  AppRoleInstance: "cloud_RoleInstance",
  SyntheticSource: "operation_SyntheticSource",
  Properties: "customDimensions",
  DurationMs: "duration",
  ResultCode: "resultCode",
  Success: "success",
  ExceptionType: "type",
  Name: "name",
  Sum: "valueSum",
  Min: "valueMin",
  Max: "valueMax",
};

/** What a query of a scope sees at a time: the tables of its schema, with the rows of its timespan that have come. */
export function queryTables(
  telemetry: readonly Item[],
  seen: {
    readonly fromMs: number;
    readonly toMs: number;
    readonly nowMs: number;
    readonly workspace: boolean;
  },
): Record<string, StoredRow[]> {
  const tables: Record<string, StoredRow[]> = {};
  for (const name of Object.keys(classicTables) as (keyof typeof classicTables)[]) {
    const rows = telemetry.filter(
      ({ table = "AppRequests", atMs, lateMs = 20_000 }) =>
        table === name && atMs >= seen.fromMs && atMs <= seen.toMs && atMs + lateMs <= seen.nowMs,
    );
    const stored = rows.map(({ atMs, lateMs = 20_000, columns }) => ({
      ingestedAt: new Date(atMs + lateMs),
      columns: { TimeGenerated: new Date(atMs), ...shared, ...ordinary[name], ...columns },
    }));
    if (seen.workspace) tables[name] = stored;
    else tables[classicTables[name]] = stored.map(classic);
  }
  return tables;
}

/** The same row in the classic schema, whose `success` is a text. */
function classic({ ingestedAt, columns }: StoredRow): StoredRow {
  const renamed = Object.entries(columns).map(([name, value]) => [
    classicColumns[name] ?? name,
    name === "Success" && typeof value === "boolean" ? (value ? "True" : "False") : value,
  ]);
  return { ingestedAt, columns: Object.fromEntries(renamed) };
}

/** ARM's answer for some series: a point for each minute, without the aggregation where nothing was measured. */
export function metricsOf(known: readonly MetricSeries[], ask: Readonly<Record<string, unknown>>): unknown {
  const [fromMs = 0, toMs = 0] = String(ask["timespan"])
    .split("/")
    .map((time) => Date.parse(time));
  const key = String(ask["aggregation"]).toLowerCase();
  const asked = known.filter(({ filter }) => filter === undefined || filter === ask["$filter"]);
  const timeseries = asked.map(({ points }) => {
    const data: unknown[] = [];
    for (let atMs = fromMs; atMs < Math.min(toMs, Number(ask["nowMs"])); atMs += 60_000) {
      const value = points.find(([at]) => at === atMs)?.[1] ?? null;
      const timeStamp = new Date(atMs).toISOString().replace(".000", "");
      data.push(value === null ? { timeStamp } : { timeStamp, [key]: value });
    }
    return { metadatavalues: [], data };
  });
  const name = { value: ask["metricnames"], localizedValue: ask["metricnames"] };
  return {
    cost: 59,
    timespan: ask["timespan"],
    interval: "PT1M",
    value: [{ type: "Microsoft.Insights/metrics", name, unit: "Count", timeseries, errorCode: "Success" }],
  };
}
