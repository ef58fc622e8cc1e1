import type { Clock } from "../lib/runtime.ts";

/** Writes the newest of what comes, and drops what was overtaken meanwhile. */
export interface NewestWriter<T> {
  push(value: T): void;
  /** Writes what still waits. Never throws: a failed write was told already. */
  close(): Promise<void>;
}

/** The first value is written at once, then one every `everyMs` at most. After a failed write none is written any more. */
export function newestWriter<T>(options: {
  readonly write: (value: T) => Promise<void>;
  readonly failed: (error: unknown) => void;
  readonly everyMs: number;
  readonly wall: Clock;
}): NewestWriter<T> {
  const closed = new AbortController();
  let waiting: { readonly value: T } | undefined;
  let writing: Promise<void> | undefined;
  const drain = async () => {
    while (waiting !== undefined) {
      const { value } = waiting;
      waiting = undefined;
      await options.write(value);
      await options.wall.sleep(options.everyMs, closed.signal);
    }
    writing = undefined;
  };
  return {
    push: (value) => {
      waiting = { value };
      writing ??= drain().catch(options.failed);
    },
    close: async () => {
      closed.abort();
      await writing;
    },
  };
}
