import type { LogsQueryClient, LogsTable } from "@azure/monitor-query";
import { logsError, type Scope } from "../../../lib/kql/tables.ts";
import { redact } from "../../../lib/redact.ts";
import type { Runtime } from "../../../lib/runtime.ts";
import type { TokenCredential } from "../../../lib/token-credential.ts";
import { whatIsMissing, whatTheServiceSaid } from "./refusal.ts";

/** One row, by column. */
export type LogsRow = Readonly<Record<string, unknown>>;

export interface LogsQuery {
  readonly kql: string;
  /** The whole span that the text looks at, ms since the epoch: the service intersects both. */
  readonly fromMs: number;
  readonly toMs: number;
  readonly signal?: AbortSignal | undefined;
}

export interface LogsApi {
  /** The rows of a query; none where there is nothing. Throws `metrics-source` on anything but a whole answer. */
  query(query: LogsQuery): Promise<readonly LogsRow[]>;
}

export interface LogsApiOptions {
  readonly scope: Scope;
  /** Base URL in another cloud; default: the public cloud's. */
  readonly endpoint?: string | undefined;
  readonly credential: TokenCredential;
  readonly runtime: Runtime;
  /** Over the whole exchange, the token included; ms. */
  readonly timeoutMs: number;
}

/**
 * Log Analytics' query API. The only file that knows `@azure/monitor-query`. Never retried here: the driver looks again
 * in seconds, and a retry would answer late to a question about now.
 */
export function createLogsApi(options: LogsApiOptions): LogsApi {
  const tokens: string[] = [];
  const credential = remembering(options.credential, tokens);
  let client: Promise<LogsQueryClient> | undefined;
  return {
    query: async (query) => {
      try {
        client ??= openClient(options, credential);
        return await within(options, query, await client);
      } catch (error) {
        throw logsError(redact(whatTheServiceSaid(error), tokens));
      }
    },
  };
}

async function openClient({ endpoint }: LogsApiOptions, credential: TokenCredential) {
  const { KnownMonitorLogsQueryAudience, LogsQueryClient: Client } = await import("@azure/monitor-query");
  if (endpoint !== undefined && !URL.canParse(endpoint)) throw new Error("endpoint is not a valid URL");
  // Another cloud's tokens are for another audience; an endpoint that is none of theirs takes the public cloud's.
  const origin = endpoint === undefined ? undefined : new URL(endpoint).origin;
  const audience = Object.values(KnownMonitorLogsQueryAudience).find((known) => known === origin);
  return new Client(credential, {
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(audience === undefined ? {} : { audience }),
    retryOptions: { maxRetries: 0 },
  });
}

/** One exchange with a time limit on the wall clock, which the SDK doesn't know. */
async function within(
  { scope, runtime, timeoutMs }: LogsApiOptions,
  query: LogsQuery,
  client: LogsQueryClient,
): Promise<readonly LogsRow[]> {
  if (query.signal?.aborted) throw new Error(cancelled);
  const ended = new AbortController();
  const late = new AbortController();
  void runtime.wall.sleep(timeoutMs, ended.signal).then(() => {
    if (!ended.signal.aborted) late.abort();
  });
  try {
    const abortSignal = query.signal ? AbortSignal.any([query.signal, late.signal]) : late.signal;
    const asked = ask(client, scope, { ...query, abortSignal, waitSeconds: Math.ceil(timeoutMs / 1000) });
    // A credential that hangs doesn't hear the signal.
    return await Promise.race([asked, aborted(abortSignal)]);
  } catch (error) {
    if (query.signal?.aborted) throw new Error(cancelled);
    if (late.signal.aborted) throw new Error(`no answer within ${timeoutMs / 1000} s`);
    throw error;
  } finally {
    ended.abort();
  }
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener("abort", () => reject(new Error(cancelled)), { once: true });
  });
}

const cancelled = "the request was cancelled";

async function ask(
  client: LogsQueryClient,
  { workspaceId, resourceId = "" }: Scope,
  query: LogsQuery & { readonly abortSignal: AbortSignal; readonly waitSeconds: number },
): Promise<readonly LogsRow[]> {
  const { kql, abortSignal } = query;
  const timespan = { startTime: new Date(query.fromMs), endTime: new Date(query.toMs) };
  const limits = { abortSignal, serverTimeoutInSeconds: query.waitSeconds };
  try {
    const result =
      workspaceId === undefined
        ? await client.queryResource(resourceId, kql, timespan, limits)
        : await client.queryWorkspace(workspaceId, kql, timespan, limits);
    if (result.status === "Success") return rowsOf(result.tables);
    // A part doesn't throw, and must not pass for the whole.
    throw new Error(whatIsMissing(result.partialError));
  } catch (error) {
    // A workspace without any data.
    if (Object(error).statusCode === 204) return [];
    throw error;
  }
}

function rowsOf(tables: readonly LogsTable[]): readonly LogsRow[] {
  const table = tables.find(({ name }) => name === "PrimaryResult") ?? tables[0];
  if (table === undefined) return [];
  const names = table.columnDescriptors.map(({ name }) => name ?? "");
  return table.rows.map((row) => Object.fromEntries(names.map((name, index) => [name, row[index]])));
}

/** A token that was used is a secret that no message may hold, whoever quotes it. */
function remembering(credential: TokenCredential, tokens: string[]): TokenCredential {
  return {
    getToken: async (scopes, options) => {
      const token = await credential.getToken(scopes, options);
      if (token !== null && !tokens.includes(token.token)) tokens.push(token.token);
      return token;
    },
  };
}
