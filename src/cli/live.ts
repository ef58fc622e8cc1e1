import { judge, thresholdsOf } from "../analysis/judge.ts";
import { readWatched } from "../driver/observe-watched.ts";
import type { DriverDeps } from "../driver/session.ts";
import { RolloutError } from "../errors/errors.ts";
import type { Runtime } from "../lib/runtime.ts";
import type { GateLimits } from "../types/gates.ts";
import type { GateReading } from "../types/verdict.ts";
import { type Decision, verdictOf } from "./decision.ts";

/** What a live watch asks. Nothing in it can move traffic. */
export type LivePorts = Pick<
  DriverDeps,
  "metrics" | "health" | "gauges" | "reviews" | "integrity" | "queueLag"
>;

export interface LiveOptions {
  readonly gates: GateLimits;
  readonly durationMs: number;
  readonly intervalMs: number;
  /** Hears each look. `leftMs`: until the watch ends. */
  readonly heard: (look: Look) => void;
}

/** One look at everything since the watch began. */
export interface Look {
  /** ISO 8601. */
  readonly at: string;
  readonly leftMs: number;
  readonly readings: readonly GateReading[];
}

export interface Watched {
  readonly fromMs: number;
  readonly decision: Decision;
  readonly looks: readonly Look[];
}

/**
 * Watches canary and stable side by side from now on: a look at once, then one each interval and one at the end. A
 * breach ends it at once; at the end every gate has to pass, else nothing is proved. Throws `cancelled` (exit 8) where
 * the process is asked to stop: that is no verdict.
 */
export async function watchLive(ports: LivePorts, options: LiveOptions, runtime: Runtime): Promise<Watched> {
  const { clock, signal } = runtime;
  const fromMs = clock.now();
  const endMs = fromMs + options.durationMs;
  const looks: Look[] = [];
  for (;;) {
    const nowMs = clock.now();
    const readings = await lookAt(ports, options.gates, { sinceMs: fromMs, nowMs, signal });
    if (signal.aborted) throw cancelled(looks.length);
    const look = { at: new Date(nowMs).toISOString(), leftMs: Math.max(0, endMs - nowMs), readings };
    looks.push(look);
    options.heard(look);
    const decision = verdictOf(readings, look.at);
    if (decision.kind === "revert" || nowMs >= endMs) return { fromMs, decision, looks };
    const nextMs = Math.min(fromMs + looks.length * options.intervalMs, endMs);
    // A look that took longer than the interval is followed by the next one.
    await clock.sleep(Math.max(nextMs - clock.now(), 1), signal);
    if (signal.aborted) throw cancelled(looks.length);
  }
}

interface Span {
  readonly sinceMs: number;
  readonly nowMs: number;
  readonly signal: AbortSignal;
}

/** Both cohorts since the start, and the levels that the stack watches. */
async function lookAt(ports: LivePorts, gates: GateLimits, span: Span): Promise<readonly GateReading[]> {
  const { tries, timeoutSeconds } = gates.health;
  const [metrics, health, watched] = await Promise.all([
    ports.metrics.observe({ ...span, ...thresholdsOf(gates) }),
    ports.health.probe({ tries, timeoutMs: timeoutSeconds * 1000, signal: span.signal }),
    readWatched(ports, gates, span),
  ]);
  const { sinceMs, nowMs } = span;
  return judge({
    gates,
    metrics,
    health,
    ...watched,
    exposedSinceMs: sinceMs,
    confirmedAtMs: sinceMs,
    nowMs,
  });
}

function cancelled(looks: number): RolloutError {
  return new RolloutError(`The watch was stopped after ${looks} looks: it proves nothing.`, {
    code: "cancelled",
    exit: "cancelled",
    hint: "Run it again: it looks at what comes from then on.",
  });
}
