import { openDeploymentLever, openHealth, openLever, openMetrics } from "../../adapters/registry.ts";
import type { DriverDeps } from "../../driver/session.ts";
import type { Runtime } from "../../lib/runtime.ts";
import { isInPlace, stepsOf } from "../../plan/steps.ts";
import type { Lever } from "../../ports/lever.ts";
import type { Health, Metrics } from "../../ports/metrics.ts";
import type { EnvironmentPolicy, HealthConfig } from "../../types/policy.ts";

/** What a driver watches and moves traffic with. */
export interface WatchPorts extends Pick<DriverDeps, "lever" | "leverFor"> {
  readonly metrics: Metrics;
  readonly health: Health;
}

/** The ports that a policy names; for a policy that watches nothing and names none, ones that do nothing. */
export async function openPorts(policy: EnvironmentPolicy, runtime: Runtime): Promise<WatchPorts> {
  if (watchesNothing(policy)) return { lever: noLever, metrics: noMetrics, health: noHealth };
  const [lever, metrics, health] = await Promise.all([
    openLevers(policy, runtime),
    openMetrics({ config: policy.metrics, runtime }),
    openHealth({ config: healthOf(policy), runtime }),
  ]);
  return { ...lever, metrics, health };
}

/** A strategy that puts the new version in stable's place moves the Deployment, every other one the route. */
async function openLevers(
  policy: EnvironmentPolicy,
  runtime: Runtime,
): Promise<Pick<WatchPorts, "lever" | "leverFor">> {
  const { service, lever: config } = policy;
  if (!comesInPlace(policy)) {
    return {
      lever: await openLever({ config, runtime, names: { stable: service, candidate: `${service}-canary` } }),
    };
  }
  const leverFor = await openDeploymentLever({ config, runtime, deployment: service });
  return { lever: leverFor({}), leverFor };
}

/** In place there is no candidate to ask: its Service isn't there, and three tries of each look would wait for it. */
function healthOf(policy: EnvironmentPolicy): HealthConfig {
  const { health } = policy;
  return health.kind === "http" && comesInPlace(policy) ? { ...health, candidate: [] } : health;
}

/** Whether a policy's new version takes stable's place: after its first install. */
export function comesInPlace(policy: EnvironmentPolicy): boolean {
  return isInPlace(stepsOf(policy, { installed: true }));
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
