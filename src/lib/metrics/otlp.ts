import type { MetricFamily, MetricSample } from "../../types/own-metrics.ts";

export interface OtlpOptions {
  /** Attributes of the resource, `service.name` among them. */
  readonly resource: Readonly<Record<string, string>>;
  /** Since when counters count, and when this was read; ms since the epoch. */
  readonly startMs: number;
  readonly nowMs: number;
  /** Version of the package. */
  readonly version?: string;
}

/** `AGGREGATION_TEMPORALITY_CUMULATIVE`: enums are numbers in OTLP's JSON. */
const cumulative = 2;

/** An `ExportMetricsServiceRequest` of OTLP/HTTP in JSON: camel case, 64-bit integers as texts. */
export function otlpMetrics(families: readonly MetricFamily[], options: OtlpOptions): object {
  const { resource, version } = options;
  const scope = { name: "pulumi-rollouts", ...(version === undefined ? {} : { version }) };
  const metrics = families.map((family) => metricOf(family, options));
  return {
    resourceMetrics: [
      { resource: { attributes: attributesOf(resource) }, scopeMetrics: [{ scope, metrics }] },
    ],
  };
}

function metricOf(
  { name, help, unit, type, samples }: MetricFamily,
  { startMs, nowMs }: OtlpOptions,
): object {
  const point = ({ labels, value }: MetricSample) => ({
    attributes: attributesOf(labels),
    ...(type === "counter" ? { startTimeUnixNano: nanos(startMs) } : {}),
    timeUnixNano: nanos(nowMs),
    asDouble: doubleOf(value),
  });
  const dataPoints = samples.map(point);
  return {
    name,
    description: help,
    ...(unit === undefined ? {} : { unit }),
    ...(type === "gauge"
      ? { gauge: { dataPoints } }
      : { sum: { dataPoints, aggregationTemporality: cumulative, isMonotonic: true } }),
  };
}

function attributesOf(labels: Readonly<Record<string, string>>): readonly object[] {
  return Object.entries(labels).map(([key, stringValue]) => ({ key, value: { stringValue } }));
}

function nanos(ms: number): string {
  return String(BigInt(Math.round(ms)) * 1_000_000n);
}

/** What JSON has no number for is a text, as in every JSON of protocol buffers. */
function doubleOf(value: number): number | string {
  if (Number.isFinite(value)) return value;
  return Number.isNaN(value) ? "NaN" : value > 0 ? "Infinity" : "-Infinity";
}
