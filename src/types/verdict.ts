import type { GateName } from "./gates.ts";

/**
 * What a look at a gate says. `fail` reverts; only `pass` advances; the rest hold:
 * `no-data` is silence or too little to prove anything, `error` is a source that could not answer,
 * `cancelled` a gate that was cut short, `review` a gate that waits for a person.
 */
export type Verdict = "pass" | "fail" | "no-data" | "error" | "cancelled" | "review";

/** One gate at one look. */
export interface GateReading {
  readonly gate: GateName;
  readonly verdict: Verdict;
  /** For machines, CamelCase: `LimitBreached`, `BelowMinRequests`, `SourceError`, … */
  readonly reason: string;
  /** For people: value, limit, window, sample size. Deterministic, without times of day. */
  readonly message: string;
  /** The value in the unit of the limit; absent where there is none. Never 0 for want of data. */
  readonly value?: number;
  readonly limit: number;
  /** Requests of the candidate that the value stands on. */
  readonly samples?: number;
  /** `environment` where stable breaches the same limit: a revert all the same, but worth a retry. */
  readonly cause?: "canary" | "environment";
}
