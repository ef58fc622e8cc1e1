/**
 * What has to hold of the place itself before a rollout touches it: that pods may be evicted, that the control plane is
 * new enough. Reads only. Throws (RolloutError) where the place does not answer: silence is no leave to go on.
 */
export interface Preflight {
  readonly name: string;
  /** What stands in the way of this version, for people; empty where nothing does. */
  run(of: { readonly version: string; readonly signal?: AbortSignal }): Promise<readonly string[]>;
}
