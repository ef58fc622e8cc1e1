import type { GateReading } from "./verdict.ts";

/** One series of a family now. */
export interface MetricSample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** A metric of the driver itself, as Prometheus and OpenTelemetry know them. */
export interface MetricFamily {
  /** `rollouts_<what>_<unit>`. */
  readonly name: string;
  /** A counter counts over the whole journal. */
  readonly type: "gauge" | "counter";
  readonly help: string;
  /** UCUM: `%`, `s`; absent: a number of things, or none. */
  readonly unit?: string;
  readonly samples: readonly MetricSample[];
}

/** What a driver that is alive has seen last: the journal keeps only what changes. */
export interface LastLook {
  /** Wall time, ms. */
  readonly atMs: number;
  readonly readings: readonly GateReading[];
}

/** What is exported at one moment. */
export interface MetricsNow {
  readonly families: readonly MetricFamily[];
  /** Since when counters count, ms of wall time. */
  readonly sinceMs: number;
}
