/** Times of a swap in ms, and how often it is tried. */
export interface SwapLimits {
  /** Between two looks at a swap under way. */
  readonly pollMs: number;
  /** A swap that is not over by then is stuck and is taken back. */
  readonly stuckMs: number;
  /** How long an operation that is over, or was reset, gets to show on the site. */
  readonly settleMs: number;
  /** A swap whose answer was lost and of which nothing shows by then was never begun. */
  readonly unseenMs: number;
  /** Tries after the first, each only where ARM says that nothing was begun. */
  readonly retries: number;
  /** Pause before the first of them; doubles each time, up to a minute, with up to a quarter of chance on top. */
  readonly backoffMs: number;
}

/** A swap is stuck after 5 min; the rest keeps within that. */
export const defaultSwapLimits: SwapLimits = {
  pollMs: 2000,
  stuckMs: 300_000,
  settleMs: 60_000,
  unseenMs: 30_000,
  retries: 5,
  backoffMs: 5000,
};
