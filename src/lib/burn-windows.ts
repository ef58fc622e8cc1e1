/** A pair of windows that a burn rate has to exceed its threshold in, both at once. */
export interface BurnWindow {
  /** A page wakes somebody up, and blocks a start; a ticket waits for the morning. */
  readonly severity: "page" | "ticket";
  readonly longMs: number;
  /** A twelfth of the long one: it says that the burning goes on. */
  readonly shortMs: number;
  /** Share of the whole budget that is gone when it fires, percent. */
  readonly sharePercent: number;
}

const hourMs = 3_600_000;
export const thirtyDaysMs = 30 * 24 * hourMs;

/** The four windows of the SRE workbook. */
export const burnWindows: readonly BurnWindow[] = [
  { severity: "page", longMs: hourMs, shortMs: hourMs / 12, sharePercent: 2 },
  { severity: "page", longMs: 6 * hourMs, shortMs: hourMs / 2, sharePercent: 5 },
  { severity: "ticket", longMs: 24 * hourMs, shortMs: 2 * hourMs, sharePercent: 10 },
  { severity: "ticket", longMs: 72 * hourMs, shortMs: 6 * hourMs, sharePercent: 10 },
];

/**
 * The burn rate that uses up a share of the budget within the long window: share × period / long. Of a period of 30
 * days: 14.4, 6, 3 and 1; of 28 days 13.44, 5.6, 2.8 and 0.93.
 */
export function burnThreshold(
  { sharePercent, longMs }: Pick<BurnWindow, "sharePercent" | "longMs">,
  periodMs = thirtyDaysMs,
): number {
  return (sharePercent * periodMs) / (100 * longMs);
}
