import type { MetricsSeen } from "../analysis/message-metrics.ts";
import type { SeenCounts } from "../types/counts.ts";
import type { IncidentRef } from "../types/message.ts";
import type { RolloutState } from "../types/state.ts";
import type { MessageSource } from "./message-base.ts";

/** Counts of a look: its time in ms, and whether it is the one that turned back. */
export interface Counted {
  readonly counts: SeenCounts;
  readonly atMs: number;
  readonly turnedBack: boolean;
}

/** What a message knows at its entry. */
export interface Told extends MessageSource {
  /** As the entry leaves it. */
  readonly state: RolloutState;
  /** Of the entry's own look. */
  readonly seen: MetricsSeen;
  /** Newest counts, maybe of an earlier look. */
  readonly counted?: Counted;
  readonly incident?: IncidentRef;
  /** What a revert has read of the error rate afterwards. */
  readonly errorRate?: string;
}
