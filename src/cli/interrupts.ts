import type { Io } from "./sink.ts";
import type { EngineGuard, Talk } from "./world.ts";

/**
 * What a stop of the process does. SIGTERM and SIGHUP, and SIGINT off a terminal, abort at once: the driver asks a
 * running engine to stop, with one SIGINT, and leaves a record that `run` takes up. Ctrl-C on a terminal has
 * reached the engine already, and a second SIGINT would kill it in the middle: the engine is waited for, then it
 * stops. A revert is never stopped by any of them.
 */
export function createInterrupts(io: Io, talk: Talk): EngineGuard {
  const controller = new AbortController();
  let working = 0;
  let asked = false;
  const stop = (name: string) => {
    if (controller.signal.aborted)
      return talk.line(`${name} again: already stopping; a revert is finished first.`);
    talk.line(`${name}: stopping where it can be taken up again; a revert is finished first.`);
    controller.abort();
  };
  const onTerminal = () => {
    if (working === 0) return stop("Ctrl-C");
    const text = asked
      ? "Ctrl-C again: the engine breaks off now; `rollouts run` cleans up after it."
      : "Ctrl-C: the engine got it too and finishes the resource at hand; waiting. Again: it breaks off.";
    asked = true;
    talk.line(text);
  };
  io.onSignal("SIGTERM", () => stop("SIGTERM"));
  io.onSignal("SIGHUP", () => stop("SIGHUP"));
  io.onSignal("SIGINT", io.stdinIsTTY ? onTerminal : () => stop("SIGINT"));
  return {
    signal: controller.signal,
    track: async (work) => {
      working += 1;
      try {
        return await work;
      } finally {
        working -= 1;
        // Before whoever waits for the engine goes on, so that no next step is begun.
        if (asked && working === 0) controller.abort();
      }
    },
  };
}
