/** A mark on the timeline of a service's telemetry: facts only. */
export interface Annotation {
  readonly rolloutId: string;
  /** What happened: a plan step, or how it ended. `20`, `revert`. */
  readonly step: string;
  /** For people: `atp-ingestion 1.2.4: 20 %`. */
  readonly title: string;
  /** When, ms since the epoch. */
  readonly atMs: number;
  /** More of it, shown with the mark. */
  readonly facts: Readonly<Record<string, string>>;
}

/**
 * Marks a timeline. One mark for a rollout and a step: the same again replaces it, so a repeat after a crash is none.
 * Throws RolloutError `annotation-failed` where the mark was not taken, or nobody knows; the driver journals it and goes
 * on: a mark never holds a rollout up. No token stands in a message.
 */
export interface Annotations {
  readonly name: string;
  mark(annotation: Annotation, signal?: AbortSignal): Promise<void>;
}
