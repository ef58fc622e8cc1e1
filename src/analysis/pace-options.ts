import { RolloutError } from "../errors/errors.ts";

/** One judged metric: a share of bad requests, held against a hard limit and against stable. */
export interface PaceMetric {
  readonly metric: string;
  /** What a bad request is called after a count: "failed", "slower than 500 ms". */
  readonly label: { readonly absolute: string; readonly relative: string };
  /** Share of bad requests (0-1) that the absolute part lets pass. */
  readonly limitShare: number;
  /** Share (0-1) within the SLO: however much worse than stable, it is no evidence. */
  readonly sloShare: number;
  /** Where bad means slow: the thresholds in ms of the two parts. Absent: failed requests. */
  readonly slow?: { readonly absoluteMs: number; readonly relativeMs: number };
}

export interface PaceOptions {
  readonly metrics: readonly PaceMetric[];
  /** Length of a bin, ms. Default 10,000. */
  readonly binMs: number;
  /** Chance of a revert while all is well, over the whole rollout. Evidence reverts at 1 / alpha. */
  readonly alpha: number;
  /** How many times stable's share the canary may have. */
  readonly tolerance: number;
  /** Real per-minute standard deviation of log(canary/stable) that is noise; 0 where requests are independent. */
  readonly tau: number;
  /** Alternatives that are tried: odds of a bad request, as multiples of the limit. */
  readonly grid: readonly number[];
  /** Share of the prior that starts with the rollout; the rest waits for a defect that comes later. */
  readonly start: number;
  /** Share of the waiting prior that starts each minute. */
  readonly hazardPerMinute: number;
  /** Weight of the absolute part. 1 for a rollout that never has a stable version beside it. */
  readonly absoluteWeight: number;
  /** Requests that stable's share is assumed from before it has any, at the SLO's share. */
  readonly priorRequests: number;
  /** Latency of bins that begin before this is left out (ms since the epoch): a new pod set is cold. Errors never are. */
  readonly latencySkipUntilMs: number;
}

/** Errors: hard limit 1 %, SLO 99.9 % (gates.md 2.4, `L` and `SLO`). */
export const errorsMetric: PaceMetric = {
  metric: "errors",
  label: { absolute: "failed", relative: "failed" },
  limitShare: 0.01,
  sloShare: 0.001,
};

/**
 * P95 at most T is exactly: at most 5 % of the requests are slower than T (gates.md 2.4). The hard limit of the
 * guide is 1000 ms, its SLO 500 ms.
 */
export function latencyMetric(absoluteMs = 1000, relativeMs = 500): PaceMetric {
  return {
    metric: "latency",
    label: { absolute: `slower than ${absoluteMs} ms`, relative: `slower than ${relativeMs} ms` },
    limitShare: 0.05,
    sloShare: 0.05,
    slow: { absoluteMs, relativeMs },
  };
}

/** How long latency of a new pod set is left out, ms: gates.md 2.4, cold start. */
export const coldStartMs = 120_000;

/** The constants of gates.md 2.4, `gates_sim.py`: chosen on its seeds, confirmed on hold-out seeds (2.1). */
export const paceDefaults: PaceOptions = {
  metrics: [errorsMetric, latencyMetric()],
  binMs: 10_000,
  // 20:1, by Ville's inequality.
  alpha: 0.05,
  // Finds 0.5 % at 100 requests/s in 7.9 min; 1.25 in 6.2, 2 in 12.2, 3 in 26 (2.4).
  tolerance: 1.5,
  // Keeps noise of CV 50 % a minute at <= 3.2 false reverts per 1,000; without it 259-972 (2.3).
  tau: 0.5,
  grid: [1.5, 2.5, 5, 10, 25, 60],
  start: 0.6,
  hazardPerMinute: 1 / 60,
  absoluteWeight: 0.4,
  priorRequests: 1000,
  latencySkipUntilMs: Number.NEGATIVE_INFINITY,
};

/** Fills in the defaults. @throws RolloutError `pace-options-invalid` (exit 2) with the first option that can't work. */
export function paceOptions(given: Partial<PaceOptions> = {}): PaceOptions {
  const options = { ...paceDefaults, ...given };
  const share = (value: number) => value > 0 && value < 1;
  const rules: readonly (readonly [boolean, string])[] = [
    [options.metrics.length > 0, "metrics: at least one"],
    [
      options.metrics.every((one) => share(one.limitShare) && share(one.sloShare)),
      "shares: above 0, below 1",
    ],
    [options.binMs > 0 && Number.isFinite(options.binMs), "binMs: above 0"],
    [share(options.alpha), "alpha: above 0, below 1"],
    [options.tolerance >= 1 && Number.isFinite(options.tolerance), "tolerance: at least 1"],
    [options.tau >= 0 && Number.isFinite(options.tau), "tau: at least 0"],
    [
      options.grid.length > 0 && options.grid.every((odds) => odds > 1 && Number.isFinite(odds)),
      "grid: multiples above 1",
    ],
    [options.start > 0 && options.start <= 1, "start: above 0, at most 1"],
    [options.hazardPerMinute >= 0 && options.hazardPerMinute < 1, "hazardPerMinute: at least 0, below 1"],
    [options.absoluteWeight >= 0 && options.absoluteWeight <= 1, "absoluteWeight: 0 to 1"],
    [options.priorRequests > 0, "priorRequests: above 0"],
  ];
  const broken = rules.find(([holds]) => !holds);
  if (!broken) return options;
  throw new RolloutError(`The evidence can't be computed with these options: ${broken[1]}.`, {
    code: "pace-options-invalid",
    exit: "config",
    hint: "Leave the option out to get the default of the documentation.",
  });
}
