import { messageOf } from "../../lib/error-message.ts";
import type { Runtime } from "../../lib/runtime.ts";
import type { Gauge } from "../../ports/gauge.ts";
import type { GaugeAnswer, GaugeConfig, GaugeSample } from "../../types/gauge.ts";
import { createPrometheusApi, type Grid, type Series, sourceError } from "./prometheus-api.ts";

type PrometheusGaugeConfig = Extract<GaugeConfig, { kind: "prometheus" }>;

export interface PrometheusGaugeOptions {
  readonly config: PrometheusGaugeConfig;
  readonly runtime: Runtime;
  /** Time limit of an HTTP exchange, ms; default 10 s. */
  readonly timeoutMs?: number;
}

/** A usual scrape interval: closer samples would be the same ones. */
const stepMs = 15_000;
/** Two scrapes, as for counts. */
const lagMs = 30_000;
/** Prometheus refuses more than 11,000 steps in an answer. */
const maxSteps = 10_000;

/**
 * The level that a PromQL expression gives, the highest of its series at each step of 15 s (wider only over days).
 * A sample that is NaN or infinite is left out; where there are no others, the answer is `error`. Prometheus repeats a
 * sample for up to 5 min unless its target went away. Never throws.
 */
export function createPrometheusGauge(options: PrometheusGaugeOptions): Gauge {
  const { config, runtime, timeoutMs = 10_000 } = options;
  return {
    name: "prometheus",
    read: async (query) => {
      try {
        return await read({ config, runtime, timeoutMs }, query);
      } catch (error) {
        return { status: "error", message: messageOf(error) };
      }
    },
  };
}

async function read(
  { config, runtime, timeoutMs }: Required<PrometheusGaugeOptions>,
  { sinceMs, nowMs, signal }: Parameters<Gauge["read"]>[0],
): Promise<GaugeAnswer> {
  const everyMs = stepMs * Math.max(1, Math.ceil((nowMs - sinceMs) / (stepMs * maxSteps)));
  const closed = (now: number) => Math.floor((now - lagMs) / everyMs) * everyMs;
  const grid: Grid = {
    startMs: Math.ceil(sinceMs / everyMs) * everyMs,
    endMs: closed(nowMs),
    stepMs: everyMs,
  };
  if (grid.endMs < grid.startMs) return { status: "empty", message: "no sample is complete yet" };
  const api = createPrometheusApi({ url: config.url, runtime, timeoutMs });
  const series = await api.levels(config.query, grid, signal);
  // A clock of ours that runs ahead of the server's would take samples for complete that aren't.
  const watermarkMs = Math.min(grid.endMs, closed(api.serverNowMs() ?? nowMs));
  const complete = { ...grid, endMs: watermarkMs };
  const samples = highest(series, complete);
  if (samples.length > 0) return { status: "value", everyMs, watermarkMs, samples };
  const steps = (watermarkMs - grid.startMs) / everyMs + 1;
  if (series.some(({ track }) => track.slice(0, Math.max(0, steps)).some((value) => value !== undefined))) {
    throw sourceError(`no sample of ${config.query} is a finite number`);
  }
  return { status: "empty", message: `no samples of ${config.query} in the span that was asked for` };
}

function highest(series: readonly Series[], { startMs, endMs, stepMs: step }: Grid): GaugeSample[] {
  const samples: GaugeSample[] = [];
  for (let atMs = startMs, index = 0; atMs <= endMs; atMs += step, index++) {
    const values = series.map(({ track }) => track[index]).filter((value) => Number.isFinite(value));
    if (values.length > 0) samples.push({ atMs, value: Math.max(...(values as number[])) });
  }
  return samples;
}
