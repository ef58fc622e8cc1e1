import type * as containerservice from "@pulumi/azure-native/containerservice/index.js";
import { nodeBuildLabel, nodeBuildOf, nodePoolLabel } from "../../plan/identity.ts";
import { poolsAt } from "../../plan/pools.ts";
import { nodeSpec } from "../../plan/snapshots.ts";
import type { NodePoolLeverConfig, NodePoolSpec, NodeSpec } from "../../types/node-pools.ts";
import type { Release } from "../../types/release.ts";
import type { WorkloadSnapshot } from "../../types/workload.ts";
import type { NodePoolArgs, NodePoolRolloutArgs } from "../node-pool-args.ts";
import type { NodePoolReleaseArgs } from "../node-pool-release.ts";

/** What pools are rendered from; the release alone says which version stands where. */
export interface PoolsInput {
  readonly args: NodePoolRolloutArgs;
  readonly release: Release;
  /** The order in which pools move, and how. */
  readonly policy: NodePoolLeverConfig;
}

/** One lasting pool at a release. */
export interface RenderedPool {
  readonly name: string;
  /** Its pools in Azure: stable's, and beside it the candidate's once it is the pool's turn. */
  readonly agentPools: readonly RenderedAgentPool[];
  /** Whose nodes carry the pods. */
  readonly serving: NodePoolReleaseArgs;
}

export interface RenderedAgentPool {
  readonly azureName: string;
  readonly args: containerservice.AgentPoolArgs;
  /** The autoscaler moves the count. */
  readonly ignoreChanges: readonly string[];
}

/** All pools of a release. Pure: equal inputs give equal objects. */
export function renderPools(input: PoolsInput): readonly RenderedPool[] {
  const { release, policy } = input;
  const { made, moved } = poolsAt(release, policy.pools.length);
  return policy.pools.map((name, index) => {
    const { stable, candidate } = release;
    const beside = index < made ? candidate : undefined;
    const sides = beside === undefined ? [stable] : [stable, beside];
    const serves = index < moved && beside !== undefined ? beside : stable;
    return {
      name,
      agentPools: sides.map((snapshot) => agentPoolOf(input, name, { snapshot, rolling: sides.length > 1 })),
      serving: servingOf(input, name, { serves, back: release.step === "revert" }),
    };
  });
}

/** Pools that a version of the release doesn't have, though the policy names them. Pure. */
export function unknownPools(
  { stable, candidate }: Release,
  pools: readonly string[],
): readonly { readonly pool: string; readonly version: string }[] {
  const sides = candidate === undefined ? [stable] : [stable, candidate];
  return sides.flatMap((snapshot) =>
    pools
      .filter((pool) => nodeSpec(snapshot).pools[pool] === undefined)
      .map((pool) => ({ pool, version: snapshot.version })),
  );
}

/** Pools that a candidate would put in the place of stable's own instead of beside it. Pure. */
export function namedTwice({ stable, candidate }: Release, pools: readonly string[]): readonly string[] {
  if (candidate === undefined) return [];
  const nameIn = (snapshot: WorkloadSnapshot, pool: string) => nodeSpec(snapshot).pools[pool]?.azureName;
  return pools.filter((pool) => nameIn(stable, pool) === nameIn(candidate, pool));
}

function agentPoolOf(
  { args, policy }: PoolsInput,
  name: string,
  { snapshot, rolling }: { readonly snapshot: WorkloadSnapshot; readonly rolling: boolean },
): RenderedAgentPool {
  const spec = nodeSpec(snapshot);
  const { azureName, vmSize, osSku } = poolIn(spec, name);
  const pool = shapeOf(args, name);
  const { autoscale, nodes, mode = "User", labels, taints, zones } = pool;
  const rendered: containerservice.AgentPoolArgs = {
    agentPoolName: azureName,
    resourceGroupName: args.resourceGroup,
    resourceName: args.cluster,
    mode,
    type: "VirtualMachineScaleSets",
    osType: "Linux",
    osSKU: osSku,
    vmSize,
    orchestratorVersion: spec.kubernetesVersion,
    count: nodes,
    ...(autoscale === undefined ? {} : scalerOf(autoscale, nodes, rolling)),
    nodeLabels: {
      ...labels,
      [nodePoolLabel]: name,
      [nodeBuildLabel]: nodeBuildOf(snapshot.identity),
    },
    ...(taints === undefined ? {} : { nodeTaints: [...taints] }),
    ...(zones === undefined ? {} : { availabilityZones: [...zones] }),
    ...(args.subnetId === undefined ? {} : { vnetSubnetID: args.subnetId }),
    upgradeSettings: {
      maxSurge: policy.maxSurge,
      drainTimeoutInMinutes: Math.ceil(policy.drainTimeoutSeconds / 60),
    },
  };
  const change = args.transform?.agentPool;
  return {
    azureName,
    args: change === undefined ? rendered : change(rendered, name),
    ignoreChanges: autoscale === undefined ? [] : ["count"],
  };
}

/** An emptied pool would be scaled away, and a new one start at its least: both keep what the load needs. */
function scalerOf(
  { min, max }: NonNullable<NodePoolArgs["autoscale"]>,
  nodes: number,
  rolling: boolean,
): Pick<containerservice.AgentPoolArgs, "enableAutoScaling" | "minCount" | "maxCount"> {
  return {
    enableAutoScaling: true,
    minCount: rolling ? Math.max(min, nodes) : min,
    maxCount: Math.max(max, nodes),
  };
}

function servingOf(
  { args, policy }: PoolsInput,
  name: string,
  { serves, back }: { readonly serves: WorkloadSnapshot; readonly back: boolean },
): NodePoolReleaseArgs {
  const { kubernetesVersion, nodeImage } = nodeSpec(serves);
  const { maxSurge, drainTimeoutSeconds, kubeconfig, context } = policy;
  return {
    pool: name,
    build: nodeBuildOf(serves.identity),
    kubernetesVersion,
    ...(nodeImage === undefined ? {} : { nodeImage }),
    nodes: shapeOf(args, name).nodes,
    maxSurge,
    drainTimeoutSeconds,
    ...(kubeconfig === undefined ? {} : { kubeconfig }),
    ...(context === undefined ? {} : { context }),
    ...(back ? { back: true } : {}),
  };
}

function poolIn({ pools }: NodeSpec, name: string): NodePoolSpec {
  const pool = pools[name];
  if (pool === undefined) throw new Error(`the version has no pool ${name}`);
  return pool;
}

function shapeOf({ pools }: NodePoolRolloutArgs, name: string): NodePoolArgs {
  const pool = pools[name];
  if (pool === undefined) throw new Error(`there is no pool ${name}`);
  return pool;
}
