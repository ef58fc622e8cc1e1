import { messageOf } from "../lib/error-message.ts";
import type { Notify } from "../ports/notify.ts";
import type { ChannelRef } from "../types/communication.ts";
import type { JournalEntry } from "../types/journal.ts";
import { append } from "./append.ts";
import type { LeaseKeeper } from "./lease-keeper.ts";
import { type MadeMessage, messageFold } from "./messages.ts";
import { openIncident } from "./outbox-incident.ts";
import { channelsOf, owedIn } from "./outbox-owed.ts";
import { type ChannelQueue, channelQueue, type Mark } from "./outbox-queue.ts";
import type { DriverDeps } from "./session.ts";

/** How long a driver waits at its end for what is not sent yet, ms of wall time. */
const patienceMs = 10_000;

/**
 * Sends what the journal owes people: at least once, in order for each channel, beside everything else. What is left when
 * the driver ends stays in the journal, and the next one sends it first.
 */
export interface Outbox {
  /** Looks at an entry as it was written. Returns at once. */
  saw(entry: JournalEntry): void;
  /** Waits for what can still be sent, at most 10 s in all. */
  flush(): Promise<void>;
  /** Flushes, then sends nothing more. */
  close(): Promise<void>;
}

/** Everything that an outbox sends with. */
type OutboxDeps = Pick<DriverDeps, "notify" | "incidents" | "record" | "runtime" | "secrets" | "observer">;

/** The outbox of a driver with its lease. `entries`: the journal so far, whose messages it sends first. */
export function openOutbox(deps: OutboxDeps, lease: LeaseKeeper, entries: readonly JournalEntry[]): Outbox {
  const { wall, logger } = deps.runtime;
  const stop = new AbortController();
  const listeners = new Set<() => void>();
  const changed = () => {
    for (const listener of [...listeners]) listener();
  };
  const queues = new Map<string, ChannelQueue>();
  for (const channel of deps.notify) {
    const mark = async (made: MadeMessage, result: Mark) => {
      await writeMark(deps, lease, { channel, made, mark: result }).catch((error: unknown) => {
        logger.warn(`a message could not be journaled, and no more are sent: ${messageOf(error)}`);
        stop.abort();
        throw error;
      });
    };
    const held = () => lease.held().catch(() => false);
    queues.set(channel.name, channelQueue(channel, { wall, stopped: stop.signal, held, mark, changed }));
  }
  const fold = messageFold();
  const opening = new Map<string, Promise<void>>();
  const saw = (entry: JournalEntry) => {
    for (const made of fold.next(entry)) for (const name of channelsOf(made)) queues.get(name)?.push(made);
    openAsked();
  };
  const openAsked = () => {
    for (const made of fold.openers()) {
      const { rolloutId } = made.message;
      if (opening.has(rolloutId) || stop.signal.aborted) continue;
      const opened = writeIncident(deps, lease, made)
        .then(saw, (error: unknown) => logger.warn(`an incident could not be journaled: ${messageOf(error)}`))
        .finally(changed);
      opening.set(rolloutId, opened);
    }
  };
  for (const entry of entries) fold.next(entry);
  for (const { channel, made } of owedIn(entries)) queues.get(channel)?.push(made);
  openAsked();
  let deadlineMs: number | undefined;
  const flush = async () => {
    deadlineMs ??= wall.now() + patienceMs;
    // A rollout turns back once: what waits for its incident is pushed when that is there.
    const opened = Promise.all(opening.values());
    await Promise.race([opened, wall.sleep(Math.max(0, deadlineMs - wall.now()), stop.signal)]);
    await quiet({ queues: [...queues.values()], listeners, deps, deadlineMs });
  };
  return {
    saw,
    flush,
    close: async () => {
      await flush();
      stop.abort();
      await Promise.all([...queues.values()].map((queue) => queue.ended()));
    },
  };
}

async function writeIncident(deps: OutboxDeps, lease: LeaseKeeper, made: MadeMessage): Promise<JournalEntry> {
  const data = await openIncident(deps, made);
  const { rolloutId } = made.message;
  return await append(deps, { rolloutId, leaseToken: lease.token, kind: "effect", ...made.entry, data });
}

/** What the journal keeps of channels: never where they lead. */
export function channelRefs(notify: readonly Notify[]): readonly ChannelRef[] {
  return notify.map(({ name, kind, for: which }) => ({ name, kind, for: which }));
}

async function quiet(at: {
  readonly queues: readonly ChannelQueue[];
  readonly listeners: Set<() => void>;
  readonly deps: OutboxDeps;
  readonly deadlineMs: number;
}): Promise<void> {
  const { queues, listeners, deps, deadlineMs } = at;
  const { wall } = deps.runtime;
  const over = new AbortController();
  await new Promise<void>((resolve) => {
    const check = () => {
      if (queues.every((queue) => queue.isQuietUntil(deadlineMs))) resolve();
    };
    listeners.add(check);
    over.signal.addEventListener("abort", () => listeners.delete(check), { once: true });
    void wall.sleep(Math.max(0, deadlineMs - wall.now()), over.signal).then(resolve);
    check();
  });
  over.abort();
}

async function writeMark(
  deps: OutboxDeps,
  lease: LeaseKeeper,
  { channel, made, mark }: { readonly channel: Notify; readonly made: MadeMessage; readonly mark: Mark },
): Promise<void> {
  const { message, entry } = made;
  const { id, kind, phase, title, rolloutId } = message;
  const data = { effect: "message", id, channel: channel.name, kind, phase, title, ...mark };
  await append(deps, { rolloutId, leaseToken: lease.token, kind: "effect", ...entry, data });
}
