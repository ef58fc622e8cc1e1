import type { Lever } from "../../ports/lever.ts";
import type { Health, Metrics } from "../../ports/metrics.ts";
import type { EnvironmentPolicy } from "../../types/policy.ts";

/** A direct rollout without a watch (development), whose config names none of the three. */
export function watchesNothing({ strategy, increments, origins }: EnvironmentPolicy): boolean {
  const named = ["lever.kind", "metrics.kind", "health.kind"].some((path) => origins[path] === "config");
  return strategy === "direct" && !named && increments.every(({ soakSeconds }) => soakSeconds === 0);
}

/** There is no candidate in a direct rollout: what the engine made is in force. */
export const noLever: Lever = {
  name: "none",
  setExposure: async (exposure) => {
    if (exposure !== 0) throw new Error(`a direct rollout has no candidate to give ${exposure} % to`);
  },
  read: async () => ({ exposure: 0, accepted: true, hasCandidate: false }),
};

export const noMetrics: Metrics = {
  name: "none",
  observe: async () => ({ status: "empty", message: "this stack has no metrics source" }),
};

export const noHealth: Health = {
  name: "none",
  probe: async () => {
    const status = { status: "no-answer", message: "this stack has no health source" } as const;
    return { candidate: status, stable: status };
  },
};
