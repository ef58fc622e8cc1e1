import { type Item, type MetricSeries, metricsOf, queryTables } from "./azure-telemetry.ts";
import { type FakeAnswer, type HttpFake, json, type SeenRequest, startHttpFake } from "./http-fake.ts";
import { runKql } from "./kql-engine.ts";

export const monitorToken = "planted-monitor-token";

export const monitorCredential = {
  getToken: async () => ({ token: monitorToken, expiresOnTimestamp: Date.now() + 3_600_000 }),
};

export interface AzureMonitorFake extends HttpFake {
  /** Replace at will. */
  telemetry: readonly Item[];
  metrics: readonly MetricSeries[];
  /** The service's clock, ms since the epoch: what is ingested later isn't there yet. */
  nowMs: number;
  /** Answers instead of the data, where it returns something. */
  override: (request: SeenRequest) => FakeAnswer | undefined;
}

/** What is served, without where. */
type Served = Omit<AzureMonitorFake, keyof HttpFake>;

/**
 * Log Analytics' query API (workspaces and resources) and ARM's metrics over HTTPS. Queries are run, not matched: for
 * them rows outside the request's timespan don't exist, as in the real service.
 */
export async function startAzureMonitorFake(): Promise<AzureMonitorFake> {
  const fake: Served = {
    telemetry: [],
    metrics: [],
    nowMs: Number.POSITIVE_INFINITY,
    override: () => undefined,
  };
  const server = await startHttpFake((request) => fake.override(request) ?? answerTo(fake, request), {
    tls: true,
  });
  return Object.assign(fake, server);
}

/** The error form of Azure's APIs, with what is within it. */
export function azureError(
  status: number,
  ...chain: readonly (readonly [code: string, message: string])[]
): FakeAnswer {
  const nested = chain.reduceRight<unknown>(
    (innererror, [code, message]) => ({ code, message, ...(innererror === undefined ? {} : { innererror }) }),
    undefined,
  );
  return json({ error: nested }, status);
}

/** A whole answer of the query API: one table of the given columns, `name:type`. */
export function logsTable(
  columns: readonly string[],
  rows: readonly (readonly unknown[])[],
  more = {},
): FakeAnswer {
  const described = columns.map((column) => {
    const [name, type] = column.split(":");
    return { name, type };
  });
  return json({ tables: [{ name: "PrimaryResult", columns: described, rows }], ...more });
}

function answerTo(fake: Served, request: SeenRequest): FakeAnswer {
  const { method, url, headers } = request;
  if (headers.authorization !== `Bearer ${monitorToken}`) {
    return azureError(401, ["InvalidTokenError", "The provided authentication is not valid"]);
  }
  const query = /^\/v1\/(workspaces|subscriptions)\/.+\/query$/.exec(decodeURIComponent(url.pathname));
  if (query !== null && method === "POST") return answerQuery(fake, request.body, query[1] === "workspaces");
  if (/\/providers\/microsoft\.insights\/metrics$/i.test(url.pathname)) return answerMetrics(fake, url);
  return azureError(404, ["PathNotFoundError", `The requested path does not exist: ${url.pathname}`]);
}

function answerQuery({ telemetry, nowMs }: Served, body: string, workspace: boolean): FakeAnswer {
  const { query, timespan } = JSON.parse(body) as { query: string; timespan: string };
  const [fromMs = Number.NaN, toMs = Number.NaN] = timespan.split("/").map((time) => Date.parse(time));
  try {
    const rows = runKql(query, queryTables(telemetry, { fromMs, toMs, nowMs, workspace }));
    const names = Object.keys(rows[0] ?? {});
    const columns = names.map((name) => `${name}:${typeOf(rows.map((row) => row[name] ?? null))}`);
    return logsTable(
      columns,
      rows.map((row) => names.map((name) => wire(row[name] ?? null))),
    );
  } catch (error) {
    const [, code = "SEM0100", message = ""] = /^(\w+): (.*)$/.exec((error as Error).message) ?? [];
    const kind = code.startsWith("SYN") ? "SyntaxError" : "SemanticError";
    return azureError(
      400,
      ["BadArgumentError", "The request had some invalid properties"],
      [kind, "A recognition error occurred in the query."],
      [code, message],
    );
  }
}

function typeOf(values: readonly unknown[]): string {
  const value = values.find((one) => one !== null);
  if (value instanceof Date) return "datetime";
  if (typeof value === "number")
    return values.every((one) => one === null || Number.isInteger(one)) ? "long" : "real";
  return typeof value === "boolean" ? "bool" : "string";
}

/** JSON has no NaN: the service sends the text. */
function wire(value: unknown): unknown {
  return typeof value === "number" && !Number.isFinite(value) ? String(value) : value;
}

function answerMetrics({ metrics, nowMs }: Served, url: URL): FakeAnswer {
  const ask = Object.fromEntries(url.searchParams);
  const known = metrics.filter(({ metric }) => metric === ask["metricnames"]);
  if (ask["api-version"] !== "2023-10-01" || ask["interval"] !== "PT1M") {
    return azureError(400, ["BadRequest", `not an interval or version of this fake: ${url.search}`]);
  }
  // ARM's metrics say it without the envelope of its other errors.
  if (known.length === 0) {
    const message = `Failed to find metric configuration for metric: ${ask["metricnames"]}`;
    return json({ code: "BadRequest", message }, 400);
  }
  return json(metricsOf(known, { ...ask, nowMs }));
}
