/** One revision of a Deployment: a ReplicaSet that it made and still keeps. */
export interface Revision {
  /** As `kubectl rollout history` counts: the highest is the present one; one that comes back gets a new number. */
  readonly number: number;
  /** Identity of the version that its pods run; absent where nobody wrote one on the pod template. */
  readonly identity?: string;
  /** `atp-ingestion 1.2.4`; absent where the Deployment carried none at that time. */
  readonly changeCause?: string;
  /** Image of the service's own container. */
  readonly image: string;
  readonly ready: number;
  /** Pods that the Deployment wants of this revision: 0 for all but the present one, once an update is over. */
  readonly desired: number;
}

/** What a Deployment has run and could run again. Reads only. Throws (RolloutError) when the API does not answer. */
export interface Revisions {
  /** In no particular order; those beyond the Deployment's `revisionHistoryLimit` are gone. */
  list(signal?: AbortSignal): Promise<readonly Revision[]>;
}
