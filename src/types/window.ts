/** A part of every week in which nothing starts: from a moment of the zone's wall clock, `Fri 16:00`, up to another. */
export interface ClosedPeriod {
  readonly from: string;
  readonly to: string;
  readonly reason: string;
}

/**
 * A freeze of the calendar. `2026-12-20T16:00` is the zone's wall clock, with `Z` or an offset an instant; a date
 * alone means the whole day, at both ends. It ends by itself.
 */
export interface Freeze {
  readonly from: string;
  readonly to: string;
  readonly reason: string;
}

/** When a rollout may start. */
export interface WindowRules {
  readonly rules: readonly ClosedPeriod[];
  readonly freezes: readonly Freeze[];
  /** IANA name: `Europe/Berlin`. */
  readonly zone: string;
}
