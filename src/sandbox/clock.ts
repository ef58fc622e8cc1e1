import type { Clock } from "../lib/runtime.ts";

/** A clock whose time moves by sleeping and by `advance` alone: an hour of soak takes milliseconds. */
export interface VirtualClock extends Clock {
  /**
   * Moves time on by `ms` (≥ 0), waking the sleepers that fall due in order of time; each of them runs on
   * at its own instant before the next is woken. Concurrent calls add up, one after the other.
   */
  advance(ms: number): Promise<void>;
  /**
   * Until the returned function is called (once counts, further calls do nothing), sleeping no longer
   * moves time: only `advance` does. For the span of a real process, whose work takes no virtual time
   * but what it says itself.
   */
  hold(): () => void;
}

interface Sleeper {
  readonly dueMs: number;
  wake(): void;
}

/** Quiet turns of the event loop before time may jump. */
const QUIET_TURNS = 2;
/** Turns of 1 ms that a file operation may keep time standing: a stuck one must not stop the world. */
const FILE_PATIENCE = 5_000;

/** A virtual clock that starts at `startMs` (ms since the epoch). */
export function createVirtualClock(options: { readonly startMs: number }): VirtualClock {
  return new VirtualTime(options.startMs);
}

class VirtualTime implements VirtualClock {
  #nowMs: number;
  /** In the order of their calls, which decides between equal times. */
  readonly #sleepers = new Set<Sleeper>();
  #holds = 0;
  /** Grows with each call: a turn in which it grew was not a quiet one. */
  #activity = 0;
  #running = false;
  #walks = Promise.resolve();

  constructor(startMs: number) {
    this.#nowMs = startMs;
  }

  now(): number {
    return this.#nowMs;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    checkSpan(ms);
    this.#activity += 1;
    if (signal?.aborted === true || ms === 0) return Promise.resolve();
    return new Promise((resolve) => {
      const sleeper: Sleeper = {
        dueMs: this.#nowMs + ms,
        wake: () => {
          this.#activity += 1;
          this.#sleepers.delete(sleeper);
          signal?.removeEventListener("abort", sleeper.wake);
          resolve();
        },
      };
      signal?.addEventListener("abort", sleeper.wake, { once: true });
      this.#sleepers.add(sleeper);
      void this.#run();
    });
  }

  advance(ms: number): Promise<void> {
    checkSpan(ms);
    this.#activity += 1;
    this.#walks = this.#walks.then(() => this.#walk(ms));
    return this.#walks;
  }

  hold(): () => void {
    this.#activity += 1;
    this.#holds += 1;
    let released = false;
    return () => {
      if (released) return;
      released = true;
      this.#activity += 1;
      this.#holds -= 1;
      void this.#run();
    };
  }

  async #walk(ms: number): Promise<void> {
    const endMs = this.#nowMs + ms;
    for (let next = this.#earliest(); next !== undefined && next.dueMs <= endMs; next = this.#earliest()) {
      this.#nowMs = Math.max(this.#nowMs, next.dueMs);
      next.wake();
      await this.#quiet();
    }
    this.#nowMs = Math.max(this.#nowMs, endMs);
  }

  /** Jumps from sleeper to sleeper while nothing else is going on. One loop at a time. */
  async #run(): Promise<void> {
    if (this.#running) return;
    this.#running = true;
    while (this.#holds === 0 && this.#sleepers.size > 0) {
      await this.#walks;
      await this.#quiet();
      const next = this.#earliest();
      if (this.#holds > 0 || next === undefined) continue;
      this.#nowMs = Math.max(this.#nowMs, next.dueMs);
      next.wake();
    }
    this.#running = false;
  }

  /** Waits until turns have passed in which nobody called the clock and no file operation was under way. */
  async #quiet(): Promise<void> {
    let patience = FILE_PATIENCE;
    for (let turns = 0; turns < QUIET_TURNS; ) {
      const before = this.#activity;
      await turn();
      if (patience > 0 && fileWorkUnderWay()) {
        patience -= 1;
        turns = 0;
        await pause();
      } else {
        turns = this.#activity === before ? turns + 1 : 0;
      }
    }
  }

  #earliest(): Sleeper | undefined {
    let first: Sleeper | undefined;
    for (const sleeper of this.#sleepers)
      if (first === undefined || sleeper.dueMs < first.dueMs) first = sleeper;
    return first;
  }
}

function checkSpan(ms: number): void {
  if (!(ms >= 0)) throw new RangeError(`A span of time is 0 ms or more; received ${ms}.`);
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 1));
}

/** A journal that is being written is work of this very instant: time must not pass under it. */
function fileWorkUnderWay(): boolean {
  return process
    .getActiveResourcesInfo()
    .some((resource) => resource.startsWith("FSReq") || resource === "CloseReq");
}
