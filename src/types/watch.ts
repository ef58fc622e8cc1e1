import type { GaugeConfig, GaugeName } from "./gauge.ts";

/** Why nothing watches a trigger: said by `plan`, and the only way to leave one out in production. */
export interface NotWatched {
  readonly kind: "none";
  readonly reason: string;
}

/** A business metric: past its limit it holds for a person, whatever else passes; it never reverts by itself. */
export interface ReviewMetric {
  /** As people call it: `checkout-rate`. */
  readonly name: string;
  readonly source: GaugeConfig;
  readonly limit: number;
  /** `above`: a value above the limit is to be looked at; `below`: one below it. */
  readonly worse: "above" | "below";
}

/** What checks that the candidate's data is whole: one failure reverts. Exit 0, or HTTP 200, is whole. */
export type IntegrityConfig =
  | { readonly kind: "command"; readonly run: readonly string[] }
  | { readonly kind: "http"; readonly url: string };

/** What an integrity check says. `broken` is a finding; `error` is a check that could not be made. */
export type IntegrityAnswer =
  | { readonly status: "whole"; readonly message: string }
  | { readonly status: "broken"; readonly message: string }
  | { readonly status: "error"; readonly message: string };

/** What levels and data are watched by, beside the counts. */
export interface WatchConfig {
  readonly gauges: Readonly<Record<GaugeName, GaugeConfig | NotWatched>>;
  readonly reviews: readonly ReviewMetric[];
  /** How long an event waits to be processed, s: a row of the SLO table. Absent: not judged. */
  readonly queueLag?: GaugeConfig;
  /** Absent: nothing checks the data. */
  readonly integrity?: IntegrityConfig;
}
