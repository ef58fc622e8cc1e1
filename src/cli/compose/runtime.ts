import type { Runtime } from "../../lib/runtime.ts";
import { wallClock } from "../../lib/wall-clock.ts";
import type { Talk } from "../world.ts";

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
