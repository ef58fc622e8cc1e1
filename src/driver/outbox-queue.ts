import { messageOf } from "../lib/error-message.ts";
import type { Clock } from "../lib/runtime.ts";
import type { Delivery, Notify } from "../ports/notify.ts";
import type { RolloutMessage } from "../types/message.ts";
import type { MadeMessage } from "./messages.ts";

/** How long one try may take, ms of wall time; a channel's own limits are shorter. */
const tryMs = 15_000;
/** How long one message is tried by one driver, ms of wall time. */
const giveUpMs = 30 * 60_000;
const longestPauseMs = 60_000;

/** What is written of a try. */
export type Mark =
  | { readonly ok: true }
  /** The first try that failed; more come. */
  | { readonly ok: false; readonly message: string }
  | { readonly ok: false; readonly gaveUp: true; readonly message: string };

export interface QueueIo {
  readonly wall: Clock;
  /** Aborts when nothing may be sent any more. */
  readonly stopped: AbortSignal;
  /** Whether this driver may still begin an effect. */
  held(): Promise<boolean>;
  /** Writes what became of a message. A failure ends all sending: nobody could tell what was sent. */
  mark(made: MadeMessage, mark: Mark): Promise<void>;
  /** Called whenever a queue gets shorter, waits or ends. */
  changed(): void;
}

/** The messages of one channel, one after another: each until it is sent, refused or given up. */
export interface ChannelQueue {
  push(made: MadeMessage): void;
  /** Whether nothing more can happen before a moment of the wall clock. */
  isQuietUntil(ms: number): boolean;
  /** Resolves once no try is under way. Never rejects. */
  ended(): Promise<void>;
}

export function channelQueue(channel: Notify, io: QueueIo): ChannelQueue {
  const waiting: MadeMessage[] = [];
  const pause = { untilMs: 0 };
  let running: Promise<void> | undefined;
  const drain = async () => {
    for (let made = waiting[0]; made !== undefined && !io.stopped.aborted; made = waiting[0]) {
      if (!(await deliver(channel, made, { io, pause }))) {
        waiting.length = 0;
        return;
      }
      waiting.shift();
    }
  };
  const run = () => {
    running ??= drain()
      // Without a journal nobody could tell what was sent: what is left is the next driver's.
      .catch(() => {
        waiting.length = 0;
      })
      .finally(() => {
        running = undefined;
        if (waiting.length > 0 && !io.stopped.aborted) run();
        io.changed();
      });
  };
  return {
    push: (made) => {
      waiting.push(made);
      run();
    },
    isQuietUntil: (ms) => running === undefined || pause.untilMs > ms,
    ended: async () => await running,
  };
}

/** True: it is settled. False: the driver stops, and what is left stays in the journal. */
async function deliver(
  channel: Notify,
  made: MadeMessage,
  { io, pause }: { readonly io: QueueIo; readonly pause: { untilMs: number } },
): Promise<boolean> {
  const { wall } = io;
  const firstMs = wall.now();
  for (let tries = 1; ; tries += 1) {
    if (io.stopped.aborted || !(await io.held())) return false;
    const delivery = await tryOnce(channel, made.message, io);
    if (delivery.status === "sent") {
      await io.mark(made, { ok: true });
      return true;
    }
    if (delivery.status === "refused") {
      await io.mark(made, { ok: false, gaveUp: true, message: delivery.reason });
      return true;
    }
    if (io.stopped.aborted) return false;
    const { reason, afterMs = Math.min(1000 * 2 ** (tries - 1), longestPauseMs) } = delivery;
    const lasting = wall.now() + afterMs - firstMs;
    if (lasting > giveUpMs) {
      const message = `${reason}; given up after ${tries} tries`;
      await io.mark(made, { ok: false, gaveUp: true, message });
      return true;
    }
    if (tries === 1) await io.mark(made, { ok: false, message: `${reason}; it is tried again` });
    pause.untilMs = wall.now() + afterMs;
    io.changed();
    await wall.sleep(afterMs, io.stopped);
    pause.untilMs = 0;
  }
}

/** A channel that breaks its word and throws, or hangs, is one that is tried again. */
async function tryOnce(channel: Notify, message: RolloutMessage, io: QueueIo): Promise<Delivery> {
  const over = new AbortController();
  const late = io.wall.sleep(tryMs, over.signal).then((): Delivery => {
    return { status: "later", reason: `no answer within ${tryMs / 1000} s` };
  });
  const stopped = new Promise<Delivery>((resolve) => {
    const stop = () => resolve({ status: "later", reason: "stopped" });
    io.stopped.addEventListener("abort", stop, { once: true, signal: over.signal });
  });
  try {
    const signal = AbortSignal.any([io.stopped, over.signal]);
    const sent = channel
      .send(message, signal)
      .catch((error: unknown): Delivery => ({ status: "later", reason: messageOf(error) }));
    return await Promise.race([sent, late, stopped]);
  } finally {
    over.abort();
  }
}
