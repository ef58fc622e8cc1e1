/** A candidate's share, and the pods of stable that it is counted from. */
interface Share {
  /** 0-100 %. */
  readonly exposure: number;
  readonly stableReplicas: number;
}

/**
 * Replicas of the candidate at an exposure: as large a share of stable's replicas as it gets of the traffic,
 * rounded up and at least 1, so that capacity always comes before weight. Exposure 0-100 %.
 */
export function candidateReplicas(share: Share): number {
  return Math.max(1, Math.ceil((share.exposure * share.stableReplicas) / 100));
}

/**
 * The same where requests spread evenly over the pods of both sides: the fewest that, beside stable's, are at least the
 * exposure's share of all pods. At 100 % stable's pods are left out of the count, so it takes as many as stable has.
 */
export function ratioReplicas(share: Share): number {
  const { exposure, stableReplicas } = share;
  if (exposure >= 100) return candidateReplicas(share);
  return Math.max(1, Math.ceil((exposure * stableReplicas) / (100 - exposure)));
}
