import { rtoOf } from "../plan/matrix.ts";

/** What the matrix asks of a flag's way back, s: until nobody meets the feature any more. */
export const flagObjectiveSeconds = rtoOf("feature-flag");

/** How long the store's own caches may answer with what was before, s: "a few seconds". */
const cacheSeconds = 5;
/** Requests an hour that the store takes before it answers 429. */
const standardPerHour = 30_000;

/** What a refresh interval makes of the objective. Seconds. */
export interface RefreshView {
  readonly refreshSeconds: number;
  readonly objectiveSeconds: number;
  /** From the write until the last application has read it, at the worst. */
  readonly worstSeconds: number;
  readonly met: boolean;
  /** The longest interval that meets it. */
  readonly neededSeconds: number;
  /** How many instances use up the store's requests at that interval (Standard). */
  readonly instancesAtNeeded: number;
}

/** Pure. */
export function refreshView(refreshSeconds: number): RefreshView {
  const neededSeconds = flagObjectiveSeconds - cacheSeconds;
  return {
    refreshSeconds,
    objectiveSeconds: flagObjectiveSeconds,
    worstSeconds: refreshSeconds + cacheSeconds,
    met: refreshSeconds <= neededSeconds,
    neededSeconds,
    instancesAtNeeded: Math.floor((standardPerHour * neededSeconds) / 3600),
  };
}

/** For people, a sentence each. */
export function refreshTexts(view: RefreshView): readonly string[] {
  const { refreshSeconds, objectiveSeconds, worstSeconds, met, neededSeconds, instancesAtNeeded } = view;
  const reads = `applications read it every ${refreshSeconds} s, and the store's caches take a few more: ${worstSeconds} s at the worst`;
  if (met) return [`${reads}, objective ${objectiveSeconds} s`];
  return [
    `${reads}; the objective of < ${objectiveSeconds} s is missed`,
    `a refresh of ${neededSeconds} s or less meets it; an instance asks ${3600 / neededSeconds} times an hour then, and ${instancesAtNeeded} of them take all of Standard's ${standardPerHour.toLocaleString("en-US")} an hour (8.3/s)`,
  ];
}
