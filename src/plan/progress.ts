/** How far a Deployment is with its present template, in pods. */
export interface Progress {
  readonly desired: number;
  /** Pods of the present template. */
  readonly updated: number;
  /** Of any template, ready for long enough. */
  readonly available: number;
  /** Of any template; pods that are already ending don't count. */
  readonly total: number;
  readonly paused?: boolean;
  /** Its controller has given up: no progress within its deadline. */
  readonly late?: boolean;
}

/** Nothing is left to do: as `kubectl rollout status` waits for it, once the controller has seen the present generation. */
export function isComplete({ desired, updated, available, total }: Progress): boolean {
  return updated >= desired && available >= desired && total === updated;
}

/** Progress for people: `3 of 6 updated, 1 old pending`. */
export function progressText({ desired, updated, available, total, paused, late }: Progress): string {
  const old = total - updated;
  return [
    `${updated} of ${desired} updated`,
    ...(old > 0 ? [`${old} old pending`] : []),
    ...(available < desired ? [`${available} available`] : []),
    ...(paused ? ["paused"] : []),
    ...(late ? ["no progress within its deadline"] : []),
  ].join(", ");
}

/**
 * Share of a Deployment's pods that are ready and of one version, in whole percent, rounded down: 100 only where
 * nothing is left to do, and never 0 while one of them is ready. `over`: all are of it and available.
 */
export function shareInPlace(pods: {
  readonly ready: number;
  readonly total: number;
  readonly over: boolean;
}): number {
  if (pods.over) return 100;
  if (pods.ready === 0 || pods.total === 0) return 0;
  return Math.min(99, Math.max(1, Math.floor((pods.ready * 100) / pods.total)));
}
