import type { Clock, Runtime } from "../../lib/runtime.ts";
import type { Talk } from "../world.ts";

/** Longest time that one timer of Node.js takes, ms; a longer one would fire at once. */
const longestTimerMs = 2 ** 31 - 1;

/** The machine's clock. */
export const wallClock: Clock = {
  now: () => Date.now(),
  sleep: async (ms, signal) => {
    const end = Date.now() + ms;
    for (let rest = ms; rest > 0 && !signal?.aborted; rest = end - Date.now()) {
      await timer(Math.min(rest, longestTimerMs), signal);
    }
  },
};

function timer(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(handle);
      signal?.removeEventListener("abort", done);
      resolve();
    };
    const handle = setTimeout(done, ms);
    signal?.addEventListener("abort", done, { once: true });
  });
}

/** Time, network and chance as they are; talk goes to the sink, which redacts. */
export function createRuntime(options: {
  readonly talk: Talk;
  readonly signal: AbortSignal;
  /** Whether `debug` is printed. */
  readonly debug: boolean;
}): Runtime {
  const { talk, signal, debug } = options;
  return {
    clock: wallClock,
    wall: wallClock,
    random: () => Math.random(),
    fetch: globalThis.fetch,
    logger: {
      info: (message) => talk.line(message),
      warn: (message) => talk.line(`warning: ${message}`),
      debug: (message) => {
        if (debug) talk.line(`debug: ${message}`);
      },
    },
    signal,
  };
}
