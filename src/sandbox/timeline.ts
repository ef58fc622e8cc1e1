import type { Clock } from "../lib/runtime.ts";

/** What is going to happen in the cloud by itself, in order of time. */
export interface Timeline {
  /** ms since the epoch; while an event runs, the event's own time. */
  now(): number;
  /** Runs `happen` at `atMs`; what is due already runs at the next `settle`. */
  at(atMs: number, happen: () => void): void;
  /** Runs everything that is due by the clock, in order. Every question to the cloud begins with it. */
  settle(): void;
  /** Time of the next event that is still to come. */
  nextAt(): number | undefined;
}

interface Event {
  readonly atMs: number;
  readonly happen: () => void;
}

/** A timeline that follows a clock. It moves no time itself. */
export function createTimeline(clock: Pick<Clock, "now">): Timeline {
  // Sorted by time; equal times in the order in which they were planned.
  const events: Event[] = [];
  let eventMs: number | undefined;
  const settle = (): void => {
    if (eventMs !== undefined) return;
    for (let next = events[0]; next !== undefined && next.atMs <= clock.now(); next = events[0]) {
      events.shift();
      eventMs = next.atMs;
      try {
        next.happen();
      } finally {
        eventMs = undefined;
      }
    }
  };
  return {
    now: () => eventMs ?? clock.now(),
    at: (atMs, happen) => {
      const index = events.findIndex((event) => event.atMs > atMs);
      events.splice(index === -1 ? events.length : index, 0, { atMs, happen });
    },
    settle,
    nextAt: () => events[0]?.atMs,
  };
}
