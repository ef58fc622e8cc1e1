import type { Timeline } from "../timeline.ts";
import { type FlagStore, type KeyValue, type KeyValueId, placeOf } from "./store.ts";

/** One write of the flag, and when every application showed it. Times in ms since the epoch. */
export interface FlagWritten {
  readonly atMs: number;
  /** Undefined: it was deleted. */
  readonly keyValue: KeyValue | undefined;
  /** When the last application had read this write, or one after it; absent: not yet. */
  readonly shownAtMs?: number;
}

export interface FlagClients {
  /** What each application has read last; undefined: no flag. */
  readonly shown: readonly (KeyValue | undefined)[];
  /** Every write since the beginning, in order. */
  readonly history: readonly FlagWritten[];
}

export interface FlagClientsOptions {
  readonly store: FlagStore;
  readonly id: KeyValueId;
  readonly count: number;
  /** At which interval each of them reads the flag, ms. */
  readonly refreshMs: number;
  readonly startMs: number;
  readonly timeline: Timeline;
  /** Whether the store refuses a read just now: then it goes on with what it has. */
  readonly throttled: () => boolean;
  /** Called after a read that has found something else. */
  readonly changed: () => void;
}

/**
 * Applications that read a flag at moments of their own: their intervals are one as long as the other, and spread evenly.
 * A read that finds nothing new does nothing, so only those after a write are played.
 */
export function createFlagClients(options: FlagClientsOptions): FlagClients {
  const { store, id, count, refreshMs, timeline, throttled, changed } = options;
  const writes: { atMs: number; keyValue: KeyValue | undefined; shownAtMs?: number }[] = [
    { atMs: options.startMs, keyValue: store.get(id), shownAtMs: options.startMs },
  ];
  /** Index of the write that each has read. */
  const read = Array.from({ length: count }, () => 0);
  const latest = (): number => writes.findLastIndex(({ atMs }) => atMs <= timeline.now());
  const refresh = (client: number): void => {
    if (throttled()) {
      timeline.at(timeline.now() + refreshMs, () => refresh(client));
      return;
    }
    const found = latest();
    if (read[client] === found) return;
    read[client] = found;
    noteShown();
    changed();
  };
  const noteShown = (): void => {
    const all = Math.min(...read);
    for (const write of writes.slice(0, all + 1)) write.shownAtMs ??= timeline.now();
  };
  store.hear((which, keyValue) => {
    if (placeOf(which) !== placeOf(id)) return;
    const atMs = timeline.now();
    writes.push({ atMs, keyValue });
    for (const client of read.keys()) {
      const dueMs = nextRead({ ...options, client, atMs });
      timeline.at(dueMs, () => refresh(client));
    }
  });
  return {
    get shown() {
      return read.map((index) => writes[index]?.keyValue);
    },
    history: writes,
  };
}

/** The first read of a client from some moment on. */
function nextRead({
  startMs,
  refreshMs,
  count,
  client,
  atMs,
}: Pick<FlagClientsOptions, "startMs" | "refreshMs" | "count"> & {
  readonly client: number;
  readonly atMs: number;
}): number {
  // In the middle of its part of the interval: on no moment at which the driver looks.
  const firstMs = startMs + Math.round(((client + 0.5) * refreshMs) / count);
  return firstMs + Math.max(0, Math.ceil((atMs - firstMs) / refreshMs)) * refreshMs;
}
