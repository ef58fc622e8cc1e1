import * as containerservice from "@pulumi/azure-native/containerservice/index.js";
import { ComponentResource, type ComponentResourceOptions } from "@pulumi/pulumi";
import { configError, RolloutError } from "../errors/errors.ts";
import { shareOf } from "../plan/pools.ts";
import { assertSamePools, type NodePoolRolloutArgs, nodeSpecOf } from "./node-pool-args.ts";
import { NodePoolRelease } from "./node-pool-release.ts";
import { recordedSides } from "./recorded.ts";
import { namedTwice, type RenderedPool, renderPools, unknownPools } from "./render/node-pools.ts";
import type { ClaimedRollout } from "./rollout.ts";

/**
 * Node pools of an AKS cluster: a new version (Kubernetes, node image, machine size) comes as new pools beside the old
 * ones, and their pods are moved pool by pool. The old pools stay, emptied, until the last watch has passed: a pool
 * can't be put back to an older Kubernetes version, so they are the way back.
 *
 * The cluster itself is not its own: upgrade the control plane first.
 *
 * @throws RolloutError `config-invalid` (every problem at once), `step-refused` and what else `rollout.claim`
 * refuses; always before a resource is registered
 */
export class NodePoolRollout extends ComponentResource {
  constructor(name: string, args: NodePoolRolloutArgs, opts?: ComponentResourceOptions) {
    const workload = nodeSpecOf(name, args);
    // Before super(): a refused step must not register anything, the component itself included.
    const claimed = args.rollout.claim({
      component: name,
      workload,
      replicas: Object.values(args.pools).reduce((total, { nodes }) => total + nodes, 0),
      strategies: ["rolling"],
    });
    const pools = rendered(name, args, claimed);
    super("rollouts:index:NodePoolRollout", name, recorded(name, args, claimed), opts);
    args.rollout.track(pools.map((pool) => this.register(name, pool)));
    this.registerOutputs({});
  }

  /** New nodes first, then their pods; what is gone from the program is deleted after both. */
  private register(name: string, { name: pool, agentPools, serving }: RenderedPool): NodePoolRelease {
    const dependsOn = agentPools.map(
      ({ azureName, args, ignoreChanges }) =>
        new containerservice.AgentPool(`${name}-${azureName}`, args, {
          parent: this,
          ignoreChanges: [...ignoreChanges],
        }),
    );
    return new NodePoolRelease(`${name}-${pool}`, serving, { parent: this, dependsOn });
  }
}

function rendered(
  name: string,
  args: NodePoolRolloutArgs,
  { release, nodePools }: ClaimedRollout,
): readonly RenderedPool[] {
  if (nodePools === undefined) throw noPools(name);
  assertSamePools(name, Object.keys(args.pools), nodePools.pools);
  const issues = [
    ...unknownPools(release, nodePools.pools).map(({ pool, version }) => ({
      path: `${name}.pools.${pool}`,
      rule: `must be a pool of ${version}, which is deployed`,
      hint: "A rollout moves the pools that are there: make a further one by a component of its own.",
    })),
    ...namedTwice(release, nodePools.pools).map((pool) => ({
      path: `${name}.pools.${pool}.azureName`,
      rule: `must not be that of ${release.stable.version}, which stays beside ${release.candidate?.version}`,
      hint: "Leave azureName out: a version's pools get names of their own.",
    })),
  ];
  if (issues.length > 0) throw configError(issues);
  return renderPools({ args, release, policy: nodePools });
}

function noPools(name: string): RolloutError {
  return new RolloutError(`${name} rolls out node pools, and the policy's lever moves something else.`, {
    code: "config-invalid",
    exit: "config",
    path: "rollout.lever",
    hint: "Write lever: { kind: node-pools, pools: [system, work] }.",
  });
}

/** What the component records of itself, as plain values: what policies see of a rollout. */
function recorded(
  service: string,
  { pools }: NodePoolRolloutArgs,
  { release, intent, nodePools }: ClaimedRollout,
): Record<string, unknown> {
  const moved = nodePools?.pools ?? [];
  return {
    service,
    // Exposure is the share of the pools: it grows pool by pool, whatever the strategy's increments are.
    intent: { ...intent, increments: moved.map((_, at) => shareOf(at + 1, moved.length)) },
    pools: Object.keys(pools),
    ...recordedSides(release),
  };
}
