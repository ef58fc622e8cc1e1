import type { Health } from "../../src/ports/metrics.ts";
import type { HealthAnswer, HealthStatus } from "../../src/types/observation.ts";

export interface MemoryHealth extends Health {
  /** Sets what a side says from now on; a function is asked at each probe. */
  set(side: keyof HealthAnswer, status: HealthStatus | (() => HealthStatus)): void;
  /** How often it was probed. */
  readonly probes: number;
}

/** Health in memory: both sides are well until told otherwise. */
export function createMemoryHealth(): MemoryHealth {
  const sides: Record<keyof HealthAnswer, HealthStatus | (() => HealthStatus)> = {
    candidate: { status: "ok" },
    stable: { status: "ok" },
  };
  const now = (side: keyof HealthAnswer) => {
    const status = sides[side];
    return typeof status === "function" ? status() : status;
  };
  let probes = 0;
  return {
    name: "memory",
    get probes() {
      return probes;
    },
    set: (side, status) => {
      sides[side] = status;
    },
    probe: async ({ signal }) => {
      probes += 1;
      const cancelled: HealthStatus = { status: "no-answer", message: "the request was cancelled" };
      if (signal?.aborted) return { candidate: cancelled, stable: cancelled };
      return { candidate: now("candidate"), stable: now("stable") };
    },
  };
}
