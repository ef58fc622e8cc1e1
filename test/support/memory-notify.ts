import type { Message, Notify } from "../../src/ports/notify.ts";

export interface MemoryNotify extends Notify {
  /** What was sent, in order. */
  readonly sent: readonly Message[];
  /** From now on sending fails with this error; undefined: it works again. */
  failWith(error: Error | undefined): void;
}

/** A channel in memory. */
export function createMemoryNotify(): MemoryNotify {
  const sent: Message[] = [];
  let failure: Error | undefined;
  return {
    name: "memory",
    sent,
    failWith: (error) => {
      failure = error;
    },
    send: async (message, signal) => {
      signal?.throwIfAborted();
      if (failure) throw failure;
      sent.push(message);
    },
  };
}
