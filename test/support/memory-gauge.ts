import type { Gauge } from "../../src/ports/gauge.ts";
import type { GaugeAnswer, GaugeSample } from "../../src/types/gauge.ts";

/** The level at a time, ms since the epoch; undefined: nothing was measured. */
export type Level = (atMs: number) => number | undefined;

export interface MemoryGauge extends Gauge {
  /** Replaces the level, also of times that have passed. */
  setLevel(level: Level): void;
  /** From now on every answer is this error; undefined: it works again. */
  setOutage(message: string | undefined): void;
}

/** A gauge in memory: its level is a function of time, sampled once a minute, complete at once. */
export function createMemoryGauge(initial: Level = () => undefined): MemoryGauge {
  const everyMs = 60_000;
  let level = initial;
  let outage: string | undefined;
  return {
    name: "memory",
    setLevel: (next) => {
      level = next;
    },
    setOutage: (message) => {
      outage = message;
    },
    read: async ({ sinceMs, nowMs, signal }): Promise<GaugeAnswer> => {
      if (signal?.aborted) return { status: "error", message: "the request was cancelled" };
      if (outage !== undefined) return { status: "error", message: outage };
      const samples: GaugeSample[] = [];
      for (let atMs = Math.ceil(sinceMs / everyMs) * everyMs; atMs <= nowMs; atMs += everyMs) {
        const value = level(atMs);
        if (value !== undefined) samples.push({ atMs, value });
      }
      if (samples.length === 0) return { status: "empty", message: "nothing was measured" };
      const watermarkMs = Math.floor(nowMs / everyMs) * everyMs;
      return { status: "value", everyMs, watermarkMs, samples };
    },
  };
}
