import { by, groups, growth, type PromScope, ranged, refused } from "./scope.ts";
import { promqlProblem } from "./whole.ts";

// Checks as PromQL for alert rules and by hand, as `kql/checks.ts` has them in KQL: a value for each side. Sums
// are taken after increase() or rate(), and shares of sums, never means of shares. Too few requests give no series,
// rather than a 0 or a NaN, so a rule stays quiet. Values and names are escaped, whatever stands in them. increase() loses
// what a series counted before its second scrape (prometheus#1673): a rule hears of a first burst of failures late. The
// judge reads raw counters for that reason; these are beside it, never in its place.

/** A window with fewer requests says nothing. Default 100, at least 1. */
export interface PromVolume {
  readonly minRequests?: number;
}

/** The counter of requests. Default: `http_requests_total`, its status in the label `code`. */
export interface PromRequests {
  readonly metric?: string;
  readonly codeLabel?: string;
}

/** Failed requests (5xx), percent. A side that has no series of failures has failed none: 0. */
export function errorRate(
  scope: PromScope,
  { metric = usualRequests, codeLabel = "code", minRequests }: PromRequests & PromVolume = {},
): string {
  const all = growth(scope, metric);
  const failed = growth(scope, metric, [{ label: codeLabel, value: { like: "5.." } }]);
  const share = `100 * (${failed} or 0 * ${all}) / ${all}`;
  return `${share}\n${enough(scope, { metric, minRequests })}`;
}

/**
 * A percentile of the requests' durations in the histogram's own unit, over all of its targets together. `metric`: its
 * name with or without `_bucket`; default `http_request_duration_seconds`. `percentile`: above 0 and below 100, default
 * 95. Beyond the highest finite bound Prometheus answers that bound: an alert's limit has to be below it.
 */
export function latency(
  scope: PromScope,
  {
    metric = "http_request_duration_seconds",
    percentile = 95,
    minRequests,
  }: PromVolume & { readonly metric?: string; readonly percentile?: number } = {},
): string {
  if (!(percentile > 0 && percentile < 100)) throw refused("percentile", "a number above 0 and below 100");
  const name = metric.replace(/_bucket$/, "");
  const buckets = `sum by (${[...groups(scope), "le"].join(", ")}) (rate(${ranged(scope, `${name}_bucket`)}))`;
  return `histogram_quantile(${shareOf(percentile)}, ${buckets})\n${enough(scope, { metric: `${name}_count`, minRequests })}`;
}

/** Exceptions, a count that increase() extrapolates to the window. Default: `exceptions_total`. No series, no value. */
export function exceptions(
  scope: PromScope,
  { metric = "exceptions_total" }: Pick<PromRequests, "metric"> = {},
): string {
  return growth(scope, metric);
}

/** The highest value of a gauge in the window, of all targets; percent where `of` says what 100 % is. */
export function saturation(
  scope: PromScope,
  { metric, of }: { readonly metric: string; readonly of?: number },
): string {
  if (of !== undefined && !(of > 0 && Number.isFinite(of))) throw refused("of", "a number above 0");
  const highest = `max${by(scope)} (max_over_time(${ranged(scope, metric)}))`;
  return of === undefined ? highest : `100 * ${highest} / ${of}`;
}

/**
 * A query of one's own that gives series, without those that are NaN or infinite, and quiet while there are too few
 * requests: with a cohort of its side, so that its series need the sides' label; else of all together. Throws a config
 * error where it can't be put into brackets as it is.
 */
export function custom(
  scope: PromScope,
  {
    query,
    metric = usualRequests,
    minRequests,
  }: PromVolume & Pick<PromRequests, "metric"> & { readonly query: string },
): string {
  const problem = promqlProblem(query);
  if (problem !== undefined) throw refused("query", `PromQL that is whole: ${problem}`);
  // On lines of its own, so that a comment at its end takes nothing with it.
  return `((\n${query.trim()}\n) > -Inf) < +Inf\n${enough(scope, { metric, minRequests })}`;
}

const usualRequests = "http_requests_total";

/** The guard of a check: a comparison with 0 requests would let 0 / 0 through. */
function enough(
  scope: PromScope,
  { metric, minRequests = 100 }: { readonly metric: string; readonly minRequests: number | undefined },
): string {
  if (!(minRequests >= 1 && Number.isFinite(minRequests)))
    throw refused("minRequests", "a number from 1, as no request proves nothing");
  return `and on(${groups(scope).join(", ")}) (${growth(scope, metric)} >= ${minRequests})`;
}

/** 99.9 as 0.999: by its digits, as 99.9 / 100 isn't exactly that for every number. */
function shareOf(percent: number): number {
  return Number((percent / 100).toPrecision(12));
}
