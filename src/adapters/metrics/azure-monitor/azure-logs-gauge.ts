import * as z from "zod";
import { messageOf } from "../../../lib/error-message.ts";
import { bare } from "../../../lib/kql/scope.ts";
import { logsError, tablesOf } from "../../../lib/kql/tables.ts";
import { timeLiteral } from "../../../lib/kql/text.ts";
import type { Runtime } from "../../../lib/runtime.ts";
import type { TokenCredential } from "../../../lib/token-credential.ts";
import type { Gauge } from "../../../ports/gauge.ts";
import type { GaugeAnswer, GaugeConfig } from "../../../types/gauge.ts";
import { createLogsApi, type LogsRow } from "./logs-api.ts";

type AzureLogsConfig = Extract<GaugeConfig, { kind: "azure-logs" }>;

export interface AzureLogsGaugeOptions {
  readonly config: AzureLogsConfig;
  readonly runtime: Runtime;
  readonly credential: TokenCredential;
  /** Time limit of a query, ms; default 20 s. */
  readonly timeoutMs?: number;
}

/** A row a minute is expected: `bin(TimeGenerated, 1m)`. */
const everyMs = 60_000;
/** Age at which a minute counts as complete, as for requests. */
const lagMs = 120_000;

/**
 * The level that a KQL query of the user's gives: a row a minute with `at` (datetime) and `value` (real), the highest
 * where a minute has several. `t0` and `t1` are defined before it, whole minutes, t1 at least 2 min ago. Rows whose value
 * is no finite number are left out; where no others are, the answer is `error`. Never throws.
 */
export function createAzureLogsGauge(options: AzureLogsGaugeOptions): Gauge {
  const { config, runtime, credential, timeoutMs = 20_000 } = options;
  const api = createLogsApi({ scope: config, endpoint: config.endpoint, credential, runtime, timeoutMs });
  return {
    name: "azure-logs",
    read: async ({ sinceMs, nowMs, signal }) => {
      try {
        tablesOf(config);
        const fromMs = Math.ceil(sinceMs / everyMs) * everyMs;
        const toMs = Math.floor((nowMs - lagMs) / everyMs) * everyMs;
        if (toMs <= fromMs) return { status: "empty", message: "no minute is complete yet" };
        const kql = gaugeQuery({ query: config.query, fromMs, toMs });
        return gaugeAnswer(await api.query({ kql, fromMs, toMs, signal }), toMs);
      } catch (error) {
        return { status: "error", message: messageOf(error) };
      }
    },
  };
}

/** The user's query between what defines its span and what reads its columns; on lines of their own, so that a comment ends. */
export function gaugeQuery(options: {
  readonly query: string;
  readonly fromMs: number;
  readonly toMs: number;
}): string {
  return `let t0 = ${timeLiteral(options.fromMs)};
let t1 = ${timeLiteral(options.toMs)};
${bare(options.query)}
| project AtMs = tolong((at - datetime(1970-01-01)) / 1ms), Value = toreal(value)`;
}

const row = z.object({
  AtMs: z.number().int().nonnegative(),
  Value: z.union([z.number(), z.enum(["NaN", "Infinity", "-Infinity"]), z.null()]),
});

function gaugeAnswer(raw: readonly LogsRow[], toMs: number): GaugeAnswer {
  const rows = raw.map((one) => {
    const parsed = row.safeParse(one);
    if (!parsed.success) throw logsError(`a row is no sample: ${z.prettifyError(parsed.error)}`);
    return parsed.data;
  });
  const complete = rows.filter(({ AtMs }) => AtMs < toMs);
  if (complete.length === 0) return { status: "empty", message: "the query gives no rows for this span" };
  const highest = new Map<number, number>();
  for (const { AtMs, Value } of complete) {
    // One a minute, whatever the query's own bins are: samples in a row must not pass for a window that is full.
    const minute = Math.floor(AtMs / everyMs) * everyMs;
    if (typeof Value === "number") highest.set(minute, Math.max(Value, highest.get(minute) ?? Value));
  }
  if (highest.size === 0) throw logsError(`none of its ${complete.length} rows has a number as value`);
  const samples = [...highest].map(([atMs, value]) => ({ atMs, value })).sort((a, b) => a.atMs - b.atMs);
  // A sample stands for the minute that it begins, so the last complete one is a minute before the end.
  return { status: "value", everyMs, watermarkMs: toMs - everyMs, samples };
}
