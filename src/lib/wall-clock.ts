import type { Clock } from "./runtime.ts";

/** Longest time that one timer of Node.js takes, ms; a longer one would fire at once. */
const longestTimerMs = 2 ** 31 - 1;

/** The machine's clock. For composition roots alone: everything else is handed one. */
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
