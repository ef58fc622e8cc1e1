/** Time as a rollout sees it; virtual in a rehearsal and in tests. */
export interface Clock {
  /** ms since the epoch. */
  now(): number;
  /** Resolves after `ms` of this clock, or early (without an error) when `signal` aborts. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** Talk, never data: goes to stderr. The sink redacts. */
export interface Logger {
  info(message: string): void;
  warn(message: string): void;
  debug(message: string): void;
}

/** Everything ambient that our code needs, injected: no module reads the clock, the network or chance itself. */
export interface Runtime {
  readonly clock: Clock;
  /** Wall clock, for the journal's `wallAt`, lease terms and measured durations. */
  readonly wall: Clock;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  readonly fetch: typeof globalThis.fetch;
  readonly logger: Logger;
  /** Aborts when the process is asked to stop (SIGTERM, or SIGINT off a TTY). Never stops a revert. */
  readonly signal: AbortSignal;
}
