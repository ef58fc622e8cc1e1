/** Times of a move in ms. */
export interface MoveLimits {
  /** Between two looks at nodes and pods; an eviction that a budget holds is tried again after it. */
  readonly pollMs: number;
  /** How long new nodes may take to be Ready. */
  readonly readyMs: number;
  /** How long a budget may be without room for want of healthy pods before a drain begins. */
  readonly roomMs: number;
}

/** As `kubectl drain` tries again, and with time for a machine to start. */
export const defaultMoveLimits: MoveLimits = { pollMs: 5_000, readyMs: 600_000, roomMs: 60_000 };
