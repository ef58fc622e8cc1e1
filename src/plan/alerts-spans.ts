/** How often a log rule runs, minutes; the same spans, and two days, are its windows. */
export const logFrequencies = [1, 5, 10, 15, 30, 45, 60, 120, 180, 240, 300, 360, 1440] as const;
export const logWindows: readonly number[] = [...logFrequencies, 2880];
/** Windows of a rule on a platform metric, minutes. */
export const metricWindows: readonly number[] = [1, 5, 15, 30, 60, 360, 720, 1440];
/** Windows in a row that a log rule can look back at. */
const maxPeriods = 6;

/** Whole minutes that a span takes. */
export function minutesOf(seconds: number): number {
  return Math.max(1, Math.ceil(seconds / 60));
}

/** The shortest of some spans that is not shorter; the longest where all are. */
export function atLeast(minutes: number, spans: readonly number[]): number {
  return spans.find((span) => span >= minutes) ?? Math.max(...spans);
}

/**
 * Windows in a row of a log rule for a breach that has to last: of the length that is asked for where a rule can have
 * it, else as few longer ones as cover the span. `seconds`: of the whole breach.
 */
export function sustained(
  seconds: number,
  windowSeconds: number,
): { readonly windowMinutes: number; readonly periods: number } {
  const least = minutesOf(windowSeconds);
  const periods = (windowMinutes: number) => Math.max(1, Math.ceil(seconds / 60 / windowMinutes));
  const windowMinutes =
    logFrequencies.find((span) => span >= least && periods(span) <= maxPeriods) ?? logFrequencies[12];
  return { windowMinutes, periods: Math.min(periods(windowMinutes), maxPeriods) };
}
