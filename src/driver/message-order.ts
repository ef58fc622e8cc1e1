import type { IncidentRef } from "../types/message.ts";
import type { MadeMessage } from "./messages.ts";

/**
 * Messages in the order in which they were made. One that opens an incident waits for its number, and what comes after it
 * stays behind it, of whatever rollout.
 */
export interface MessageOrder {
  /** What can be told now. `opens`: it waits for an incident of its rollout. */
  push(made: MadeMessage, opens: boolean): readonly MadeMessage[];
  /** A rollout's incident is there, or there is none: what can be told now. */
  answered(rolloutId: string, incident: IncidentRef | undefined): readonly MadeMessage[];
  /** The message that each incident is to be opened for. */
  openers(): readonly MadeMessage[];
  /** All that waits, oldest first. */
  waiting(): readonly MadeMessage[];
}

export function messageOrder(): MessageOrder {
  let line: readonly MadeMessage[] = [];
  const open = new Map<string, MadeMessage>();
  const release = () => {
    const first = line.findIndex(({ message }) => open.has(message.rolloutId));
    const free = first < 0 ? line : line.slice(0, first);
    line = line.slice(free.length);
    return free;
  };
  return {
    push: (made, opens) => {
      const { rolloutId } = made.message;
      if (opens && !open.has(rolloutId)) open.set(rolloutId, made);
      line = [...line, made];
      return release();
    },
    answered: (rolloutId, incident) => {
      open.delete(rolloutId);
      if (incident !== undefined)
        line = line.map((made) =>
          made.message.rolloutId === rolloutId ? { ...made, message: { ...made.message, incident } } : made,
        );
      return release();
    },
    openers: () => [...open.values()],
    waiting: () => line,
  };
}
