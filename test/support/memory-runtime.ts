import type { Clock, Logger, Runtime } from "../../src/lib/runtime.ts";

/** A clock that moves only when told. `sleep` ends when `advance` passes its end, or on abort. */
export interface ManualClock extends Clock {
  /** Moves on by `ms`, waking sleepers in the order of their ends. */
  advance(ms: number): Promise<void>;
  /**
   * How many sleeps are under way: a test waits for a sleeper before it advances. `ms`: of those that were asked for just
   * that long, as the time limit of an exchange sleeps too.
   */
  sleepers(ms?: number): number;
}

interface Sleeper {
  readonly ms: number;
  readonly endsAt: number;
  readonly wake: () => void;
}

/** A manual clock that starts at `start` (ms since the epoch). */
export function manualClock(start: number): ManualClock {
  let now = start;
  const sleeping = new Set<Sleeper>();
  const sleep = (ms: number, signal?: AbortSignal) =>
    new Promise<void>((resolve) => {
      if (signal?.aborted || ms <= 0) return resolve();
      const sleeper: Sleeper = { ms, endsAt: now + ms, wake: () => done() };
      const done = () => {
        sleeping.delete(sleeper);
        signal?.removeEventListener("abort", done);
        resolve();
      };
      signal?.addEventListener("abort", done, { once: true });
      sleeping.add(sleeper);
    });
  const advance = async (ms: number) => {
    const target = now + ms;
    for (;;) {
      const next = [...sleeping].filter((one) => one.endsAt <= target).sort((a, b) => a.endsAt - b.endsAt)[0];
      if (!next) break;
      now = next.endsAt;
      next.wake();
      await new Promise((resolve) => setImmediate(resolve));
    }
    now = target;
  };
  const sleepers = (ms?: number) => [...sleeping].filter((one) => ms === undefined || one.ms === ms).length;
  return { now: () => now, sleep, advance, sleepers };
}

export interface MemoryRuntime {
  readonly runtime: Runtime;
  readonly clock: ManualClock;
  readonly wall: ManualClock;
  /** What was logged, `level message` a line. */
  readonly lines: readonly string[];
}

/** A runtime of manual clocks, real `fetch` (for servers on loopback), fixed chance and a log in memory. */
export function createMemoryRuntime(
  options: { readonly start?: number; readonly fetch?: typeof fetch } = {},
): MemoryRuntime {
  const start = options.start ?? Date.UTC(2026, 0, 15, 10, 0, 0);
  const clock = manualClock(start);
  const wall = manualClock(start);
  const lines: string[] = [];
  const logger: Logger = {
    info: (message) => lines.push(`info ${message}`),
    warn: (message) => lines.push(`warn ${message}`),
    debug: (message) => lines.push(`debug ${message}`),
  };
  const runtime: Runtime = {
    clock,
    wall,
    random: () => 0.5,
    fetch: options.fetch ?? globalThis.fetch,
    logger,
    signal: new AbortController().signal,
  };
  return { runtime, clock, wall, lines };
}

/** Polls `condition` on real time until it holds; fails after `limitMs`. Only for what another process or the kernel does. */
export async function until(condition: () => boolean | Promise<boolean>, limitMs = 15_000): Promise<void> {
  const end = Date.now() + limitMs;
  while (!(await condition())) {
    if (Date.now() > end) throw new Error(`the condition did not hold within ${limitMs} ms: ${condition}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
