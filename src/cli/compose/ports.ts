import { openHealth, openLever, openMetrics } from "../../adapters/registry.ts";
import type { Runtime } from "../../lib/runtime.ts";
import type { Lever } from "../../ports/lever.ts";
import type { Health, Metrics } from "../../ports/metrics.ts";
import type { EnvironmentPolicy } from "../../types/policy.ts";

/** What a driver watches and moves traffic with. */
export interface WatchPorts {
  readonly lever: Lever;
  readonly metrics: Metrics;
  readonly health: Health;
}

/** The ports that a policy names; for a policy that watches nothing and names none, ones that do nothing. */
export async function openPorts(policy: EnvironmentPolicy, runtime: Runtime): Promise<WatchPorts> {
  if (watchesNothing(policy)) return { lever: noLever, metrics: noMetrics, health: noHealth };
  const { service } = policy;
  const names = { stable: service, candidate: `${service}-canary` };
  const [lever, metrics, health] = await Promise.all([
    openLever({ config: policy.lever, runtime, names }),
    openMetrics({ config: policy.metrics, runtime }),
    openHealth({ config: policy.health, runtime }),
  ]);
  return { lever, metrics, health };
}

/** A direct rollout without a watch (development), whose config names none of the three. */
function watchesNothing({ strategy, increments, origins }: EnvironmentPolicy): boolean {
  const named = ["lever.kind", "metrics.kind", "health.kind"].some((path) => origins[path] === "config");
  return strategy === "direct" && !named && increments.every(({ soakSeconds }) => soakSeconds === 0);
}

/** There is no candidate in a direct rollout: what the engine made is in force. */
const noLever: Lever = {
  name: "none",
  setExposure: async (exposure) => {
    if (exposure !== 0) throw new Error(`a direct rollout has no candidate to give ${exposure} % to`);
  },
  read: async () => ({ exposure: 0, accepted: true, hasCandidate: false }),
};

const noMetrics: Metrics = {
  name: "none",
  observe: async () => ({ status: "empty", message: "this stack has no metrics source" }),
};

const noHealth: Health = {
  name: "none",
  probe: async () => {
    const status = { status: "no-answer", message: "this stack has no health source" } as const;
    return { candidate: status, stable: status };
  },
};
