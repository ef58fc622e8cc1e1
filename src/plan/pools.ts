import type { Release, StepId } from "../types/release.ts";

const prefix = "pool-";

/** The step that moves a node pool. */
export function poolStep(pool: string): StepId {
  return `${prefix}${pool}`;
}

/** Whether a step moves a node pool. */
export function isPoolStep(step: StepId): boolean {
  return step.startsWith(prefix);
}

/** Share of the pools that have moved, a whole percentage. Up to 100 pools it can be counted back from. */
export function shareOf(moved: number, pools: number): number {
  return Math.round((100 * moved) / pools);
}

/** How far a release has come with its pools, which move in their order. */
export interface PoolsAt {
  /** Pools whose new nodes are there. */
  readonly made: number;
  /** Pools whose pods run on them; fewer than `made` only on the way back. */
  readonly moved: number;
}

/** How many of the pools a release has made and moved. Pure. */
export function poolsAt({ candidate, exposure, previousExposure, step }: Release, pools: number): PoolsAt {
  if (candidate === undefined) return { made: 0, moved: 0 };
  const count = (share: number) => Math.round((share * pools) / 100);
  const moved = count(exposure);
  // On the way back the new nodes stay until the old ones have everything again.
  return { made: step === "revert" ? Math.max(moved, count(previousExposure)) : moved, moved };
}
