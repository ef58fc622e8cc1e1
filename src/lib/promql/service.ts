import { errorRate, type PromRequests, type PromVolume } from "./checks.ts";
import { type PromScope, ranged, refused } from "./scope.ts";
import { selector } from "./selector.ts";
import { promqlProblem } from "./whole.ts";

// What alert rules ask beside the checks of versions. Each gives a value, or the series that breach.

/** Requests a second; 0 where nothing counts any, so that silence is below every limit. */
export function throughput(scope: PromScope, { metric }: { readonly metric: string }): string {
  return `(sum (rate(${ranged(scope, metric)})) or on() vector(0))`;
}

/** Series where more than a share of the requests failed in both windows, percent. */
export function burning(
  scope: PromScope,
  options: PromRequests &
    PromVolume & {
      readonly longMinutes: number;
      readonly shortMinutes: number;
      readonly abovePercent: number;
    },
): string {
  const { longMinutes, shortMinutes, abovePercent, ...requests } = options;
  const within = (windowMinutes: number) =>
    `(\n${errorRate({ ...scope, windowMinutes }, requests)}\n) > ${abovePercent}`;
  return `${within(longMinutes)}\nand on()\n${within(shortMinutes)}`;
}

/** Endpoints that Prometheus' Blackbox exporter could not get a good answer from; `instance` is the URL that it asked. */
export function probesFailed(urls: readonly string[]): string {
  return `min by (instance) (${selector("probe_success", [{ label: "instance", value: { oneOf: urls } }])}) < 1`;
}

/** Whether a side has targets at all: between rollouts the candidate has none. */
export function present(scope: PromScope, metric: string): string {
  const { match = {}, cohort } = scope;
  const fixed = Object.entries(match).map(([label, value]) => ({ label, value }));
  const sides = cohort === undefined ? [] : [{ label: cohort.label, value: { oneOf: cohort.values } }];
  return `count(${selector(metric, [...fixed, ...sides])}) > 0`;
}

/** The highest finite value of a query of one's own. Throws a config error where it can't be put into brackets as it is. */
export function level(query: string): string {
  const problem = promqlProblem(query);
  if (problem !== undefined) throw refused("query", `PromQL that is whole: ${problem}`);
  return `max((\n${query.trim()}\n) < +Inf)`;
}
