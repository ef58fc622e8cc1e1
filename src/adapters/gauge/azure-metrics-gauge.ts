import * as z from "zod";
import { RolloutError } from "../../errors/errors.ts";
import { messageOf } from "../../lib/error-message.ts";
import { fetchSigned } from "../../lib/fetch-signed.ts";
import { jsonOf } from "../../lib/json-of.ts";
import type { Runtime } from "../../lib/runtime.ts";
import type { TokenCredential } from "../../lib/token-credential.ts";
import type { Gauge } from "../../ports/gauge.ts";
import type { GaugeAnswer, GaugeConfig } from "../../types/gauge.ts";

type AzureMetricsConfig = Extract<GaugeConfig, { kind: "azure-metrics" }>;

export interface AzureMetricsGaugeOptions {
  readonly config: AzureMetricsConfig;
  readonly runtime: Runtime;
  readonly credential: TokenCredential;
  /** Time limit of the whole exchange, the token included, ms; default 10 s. */
  readonly timeoutMs?: number;
}

/** The finest grain of platform metrics. */
const everyMs = 60_000;
/** Platform metrics are there in less than a minute after theirs. */
const lagMs = 60_000;
const publicCloud = "https://management.azure.com";

const point = z.looseObject({ timeStamp: z.iso.datetime() });
const answerSchema = z.object({
  value: z.array(
    z.object({
      errorCode: z.string().optional(),
      errorMessage: z.string().optional(),
      timeseries: z.array(z.object({ data: z.array(point) })),
    }),
  ),
});
/** With the envelope of ARM's errors, or without as the metrics API has it. */
const refusal = z.union([
  z.object({ error: z.object({ code: z.string(), message: z.string() }) }).transform(({ error }) => error),
  z.object({ code: z.string(), message: z.string() }),
]);

/**
 * The level that a platform metric of an Azure resource has, minute by minute, the highest where a filter gives several
 * series. Minutes without a value are left out. `of` turns a number into percent. Never throws.
 */
export function createAzureMetricsGauge(options: AzureMetricsGaugeOptions): Gauge {
  const { config, timeoutMs = 10_000 } = options;
  return {
    name: "azure-metrics",
    read: async ({ sinceMs, nowMs, signal }) => {
      const fromMs = Math.ceil(sinceMs / everyMs) * everyMs;
      const toMs = Math.floor((nowMs - lagMs) / everyMs) * everyMs;
      if (toMs <= fromMs) return { status: "empty", message: "no minute is complete yet" };
      try {
        const body = await get({ ...options, timeoutMs }, addressOf(config, fromMs, toMs), signal);
        return gaugeAnswer(config, body, toMs);
      } catch (error) {
        return { status: "error", message: messageOf(error) };
      }
    },
  };
}

function addressOf(config: AzureMetricsConfig, fromMs: number, toMs: number): URL {
  const { endpoint = publicCloud, resourceId, metric, aggregation, filter } = config;
  if (!URL.canParse(endpoint)) throw sourceError("endpoint is not a valid URL");
  const path = resourceId.split("/").filter(Boolean).map(encodeURIComponent).join("/");
  const url = new URL(`/${path}/providers/Microsoft.Insights/metrics`, endpoint);
  const time = (ms: number) => new Date(ms).toISOString();
  const parameters = {
    "api-version": "2023-10-01",
    metricnames: metric,
    timespan: `${time(fromMs)}/${time(toMs)}`,
    interval: "PT1M",
    aggregation,
    ...(filter === undefined ? {} : { $filter: filter }),
  };
  for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value);
  return url;
}

/** One GET as the credential. */
async function get(
  { config, runtime, credential, timeoutMs }: Required<AzureMetricsGaugeOptions>,
  url: URL,
  signal: AbortSignal | undefined,
): Promise<unknown> {
  const scope = `${config.endpoint === undefined ? publicCloud : url.origin}/.default`;
  const answer = await fetchSigned(runtime, { url, timeoutMs, signal }, { credential, scope });
  if (!answer.ok) throw sourceError(answer.message);
  const body = jsonOf(answer.text);
  const refused = refusal.safeParse(body);
  if (refused.success)
    throw sourceError(`${refused.data.code}: ${refused.data.message.slice(0, 300)} (HTTP ${answer.status})`);
  if (answer.status !== 200) throw sourceError(`HTTP ${answer.status}`);
  return body;
}

function gaugeAnswer(config: AzureMetricsConfig, body: unknown, toMs: number): GaugeAnswer {
  const parsed = answerSchema.safeParse(body);
  if (!parsed.success) throw sourceError(`its answer has another form: ${z.prettifyError(parsed.error)}`);
  const failed = parsed.data.value.find(({ errorCode = "Success" }) => errorCode !== "Success");
  if (failed) throw sourceError(`${failed.errorCode}: ${failed.errorMessage ?? "no reason given"}`);
  const key = config.aggregation.toLowerCase();
  const highest = new Map<number, number>();
  for (const { data } of parsed.data.value.flatMap(({ timeseries }) => timeseries)) {
    for (const one of data) {
      const value = one[key] ?? undefined;
      const atMs = Date.parse(one.timeStamp);
      if (value === undefined || atMs >= toMs) continue;
      if (typeof value !== "number" || !Number.isFinite(value)) {
        throw sourceError(`${key} at ${one.timeStamp} is ${JSON.stringify(value)}, which is no number`);
      }
      highest.set(atMs, Math.max(value, highest.get(atMs) ?? value));
    }
  }
  if (highest.size === 0) {
    return { status: "empty", message: `no values of ${config.metric} in the span that was asked for` };
  }
  const scale = config.of === undefined ? 1 : 100 / config.of;
  const samples = [...highest].map(([atMs, value]) => ({ atMs, value: value * scale }));
  // A point stands for the minute that it begins, so the last complete one is a minute before the end.
  const watermarkMs = toMs - everyMs;
  return { status: "value", everyMs, watermarkMs, samples: samples.sort((a, b) => a.atMs - b.atMs) };
}

function sourceError(why: string): RolloutError {
  return new RolloutError(`Azure Monitor gave no usable answer: ${why}.`, {
    code: "metrics-source",
    exit: "error",
  });
}
