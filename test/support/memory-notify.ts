import type { Delivery, Notify } from "../../src/ports/notify.ts";
import type { ChannelRef } from "../../src/types/communication.ts";
import type { RolloutMessage } from "../../src/types/message.ts";

/** What a channel does with a message: an answer of the port's, or what breaks its word. */
export type ChannelAnswer = Delivery | "hang" | "throw";

export interface MemoryNotify extends Notify {
  /** What was taken, in order. */
  readonly sent: readonly RolloutMessage[];
  /** How often something was tried. */
  readonly tries: number;
  /** From now on sending comes to this; a function is asked each time. Undefined: everything is taken again. */
  answerWith(answer: ChannelAnswer | (() => ChannelAnswer) | undefined): void;
}

/** A channel in memory. */
export function createMemoryNotify(
  ref: ChannelRef = { name: "memory", kind: "memory", for: "all" },
): MemoryNotify {
  const sent: RolloutMessage[] = [];
  let tries = 0;
  let wanted: ChannelAnswer | (() => ChannelAnswer) | undefined;
  return {
    ...ref,
    sent,
    get tries() {
      return tries;
    },
    answerWith: (answer) => {
      wanted = answer;
    },
    send: async (message, signal) => {
      tries += 1;
      if (signal?.aborted) return { status: "later", reason: "stopped" };
      const answer = (typeof wanted === "function" ? wanted() : wanted) ?? { status: "sent" };
      if (answer === "throw") throw new Error("broken");
      if (answer === "hang") return await new Promise(() => {});
      if (answer.status === "sent") sent.push(message);
      return answer;
    },
  };
}
