import { openNodePools } from "../../adapters/node-pools/open-node-pools.ts";
import type { Sides } from "../../driver/session.ts";
import { RolloutError } from "../../errors/errors.ts";
import { nodeBuildOf } from "../../plan/identity.ts";
import type { FaultSpec } from "../../sandbox/faults.ts";
import { startNodePools } from "../../sandbox/node-pools.ts";
import { compareVersions } from "../../sandbox/nodes/agent-pool.ts";
import type { NodePoolLeverConfig } from "../../types/node-pools.ts";
import { followed, held, modulesFolder, still } from "./held.ts";
import { nodePoolProviderFile } from "./program.ts";
import type { RehearsedCloud, RehearsedCloudOptions } from "./rehearsed-cloud.ts";

/** Faults of pods that a version brings, of routes, of slots: a rollout of nodes has none of these. */
const elsewhere: ReadonlySet<FaultSpec["kind"]> = new Set([
  "crashloop",
  "image-pull",
  "slow-router",
  "engine-crash",
  "stuck-swap",
  "validation",
]);

/** Times of a move on nodes that are ready and pods that go at once, ms. */
const limits = { pollMs: 20, readyMs: 2000 };

/**
 * A cluster of node pools on loopback: the real lever, the real preflight and the real resource that moves pods talk to
 * its Kubernetes API. Real waiting takes no virtual time. `baseline` is the version that is installed first.
 *
 * @throws RolloutError `fault-unknown` (exit 2) for a fault that would never act
 */
export async function openNodePoolsCloud(
  options: RehearsedCloudOptions & { readonly baseline: string },
  config: NodePoolLeverConfig,
): Promise<RehearsedCloud> {
  const { sandbox, faults, runtime, baseline } = options;
  assertFaultsAct(faults);
  const before = partsOf(baseline);
  // Of the versions that are rehearsed; other nodes are the baseline's, which is installed before a rollout names it.
  const dates = new Map<string, string | undefined>();
  const cluster = await startNodePools({
    ...options,
    pools: config.pools,
    controlPlane: before.kubernetes,
    images: (build) => (dates.has(build) ? dates.get(build) : before.date),
  });
  const { model, endpoint, follow } = cluster;
  const pools = openNodePools({ config, clock: runtime.wall, server: endpoint, limits });
  const leverFor = (sides: Sides) => {
    for (const identity of [sides.stable, sides.candidate]) {
      if (identity === undefined) continue;
      const { kubernetes, date } = partsOf(identity);
      dates.set(nodeBuildOf(identity), date);
      // As it has to be before its nodes: upgraded, if need be.
      if (compareVersions(kubernetes, model.controlPlane) > 0) model.controlPlane = kubernetes;
    }
    cluster.rollsOut(sides);
    return still(sandbox, pools.leverFor(sides), follow);
  };
  const { preflight } = pools;
  return {
    env: {
      ...cluster.providers,
      PULUMI_ROLLOUTS_KUBE_SERVER: endpoint,
      PULUMI_ROLLOUTS_DRAIN_LIMITS: JSON.stringify(limits),
      PULUMI_ROLLOUTS_NODE_POOL_PROVIDER: nodePoolProviderFile,
      NODE_PATH: modulesFolder(),
    },
    ports: {
      lever: leverFor({}),
      leverFor,
      health: cluster.health,
      preflight: { name: preflight.name, run: (of) => held(sandbox, () => preflight.run(of)) },
    },
    nodes: model,
    wrap: (engine) => followed(engine, follow),
    close: cluster.close,
  };
}

/** Of `1.34.2-202511.06.0`, or of an identity that begins with it. A text that is no such version is older than all. */
function partsOf(version: string): { readonly kubernetes: string; readonly date: string | undefined } {
  const { kubernetes, date } =
    /^v?(?<kubernetes>\d+\.\d+\.\d+)(?:-(?<date>\d{6}\.\d+\.\d+))?(?![\w.])/.exec(version)?.groups ?? {};
  return { kubernetes: kubernetes ?? "0.0.0", date };
}

function assertFaultsAct(faults: readonly FaultSpec[]): void {
  const inert = faults.find(({ kind }) => elsewhere.has(kind));
  if (inert === undefined) return;
  throw new RolloutError(`The fault ${inert.text} never acts on a rollout of node pools.`, {
    code: "fault-unknown",
    exit: "config",
    path: "fault",
    hint: "Of node pools can be rehearsed: errors, environment-errors, latency, exceptions, health, metrics-outage, silent-canary, stuck-drain.",
  });
}
