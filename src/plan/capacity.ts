/**
 * Replicas of the candidate at an exposure: as large a share of stable's replicas as it gets of the traffic,
 * rounded up and at least 1, so that capacity always comes before weight. Exposure 0-100 %.
 */
export function candidateReplicas(share: {
  readonly exposure: number;
  readonly stableReplicas: number;
}): number {
  return Math.max(1, Math.ceil((share.exposure * share.stableReplicas) / 100));
}
