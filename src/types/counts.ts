/** Requests of one side, counted. */
export interface Counts {
  readonly requests: number;
  readonly failed: number;
  readonly exceptions: number;
  /** Requests slower than a threshold, by the threshold in ms. */
  readonly slow: Readonly<Record<string, number>>;
}

/** What was counted at a look. Times in ms since the epoch, by the metrics' clock. */
export interface SeenCounts {
  /** When the candidate first had an exposure, and up to when counts are complete. */
  readonly sinceMs: number;
  readonly untilMs: number;
  readonly candidate: Counts;
  readonly stable: Counts;
  /** The candidate's last part of it: at most 15 min. */
  readonly recent: Counts & { readonly seconds: number };
}
