import { nodeBuildLabel } from "../../plan/identity.ts";
import type { Manifest } from "../manifest.ts";
import {
  type AgentPool,
  agentPoolOf,
  checkChange,
  checkRemoval,
  defaultImageDate,
  imageOf,
  type PoolFacts,
} from "./agent-pool.ts";
import { type Budget, type ClusterNode, type ClusterPod, labelsOf } from "./cluster.ts";
import { type Eviction, type PodAt, Workloads } from "./workloads.ts";

export interface NodesOptions {
  readonly now: () => number;
  /**
   * Version of the control plane, `1.34.2`. The sandbox has no cluster resource that would say it, so whoever makes the
   * model does: no pool may be newer.
   */
  readonly controlPlane: string;
  /** Date of the node image that new nodes of a build get, `202511.06.0`; undefined: the default one. */
  readonly images?: (build: string) => string | undefined;
  /** The lasting pool whose budget lets nobody go, once there are nodes of a second build. */
  readonly stuck?: string;
}

/** What may be changed of a node. */
export interface NodeChange {
  readonly unschedulable: boolean;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

/** A cluster of AKS whose nodes come from agent pools, with the pods that live on them. */
export interface NodesModel {
  controlPlane: string;
  /** As the option; may be set later. */
  stuck: string | undefined;
  /** What went away with its nodes instead of being moved, in words: a careful rollout has none. */
  readonly violations: readonly string[];
  pools(): readonly AgentPool[];
  nodes(): readonly ClusterNode[];
  pods(): readonly ClusterPod[];
  budgets(): readonly Budget[];
  /** Makes or changes a pool, from azure-native's inputs. Throws (RolloutError) what AKS refuses. */
  put(inputs: Manifest): PoolFacts;
  /** Deletes a pool with its nodes; does nothing where there is none. Throws for the last system pool. */
  remove(name: string): void;
  change(node: ClusterNode, to: NodeChange): void;
  evict(pod: PodAt): Eviction;
}

/** A cluster without a pool. */
export function createNodesModel(options: NodesOptions): NodesModel {
  return new Cluster(options);
}

class Cluster implements NodesModel {
  controlPlane: string;
  stuck: string | undefined;
  readonly violations: string[] = [];
  readonly #options: NodesOptions;
  readonly #workloads: Workloads;
  readonly #pools = new Map<string, AgentPool & PoolFacts>();
  #nodes: ClusterNode[] = [];
  #made = 0;

  constructor(options: NodesOptions) {
    this.#options = options;
    this.controlPlane = options.controlPlane;
    this.stuck = options.stuck;
    this.#workloads = new Workloads({ nodes: () => this.#nodes, now: options.now });
  }

  pools(): readonly AgentPool[] {
    return [...this.#pools.values()];
  }

  nodes(): readonly ClusterNode[] {
    return this.#nodes;
  }

  pods(): readonly ClusterPod[] {
    return this.#workloads.pods();
  }

  budgets(): readonly Budget[] {
    return this.#workloads.budgets();
  }

  put(inputs: Manifest): PoolFacts {
    const pool = agentPoolOf(inputs, this.controlPlane);
    checkChange(pool, this.pools());
    const before = this.#pools.get(pool.name);
    const image = before?.version === pool.version ? before.nodeImageVersion : this.#imageFor(pool);
    const facts = { currentOrchestratorVersion: pool.version, nodeImageVersion: image };
    this.#pools.set(pool.name, { ...pool, ...facts });
    const present = this.#of(pool.name);
    for (const node of present.slice(pool.count)) this.#drop(node);
    for (const node of present.slice(0, pool.count)) refit(node, pool, image);
    for (let ordinal = present.length; ordinal < pool.count; ordinal += 1) this.#add(pool, ordinal, image);
    if (new Set(this.#nodes.map(buildOf)).size > 1) this.#workloads.blocked ??= this.stuck;
    this.#workloads.settle();
    return facts;
  }

  remove(name: string): void {
    const pool = this.#pools.get(name);
    if (pool === undefined) return;
    checkRemoval(pool, this.pools());
    this.#pools.delete(name);
    for (const node of this.#of(name)) this.#drop(node);
    this.#workloads.settle();
  }

  change(node: ClusterNode, { unschedulable, labels, annotations }: NodeChange): void {
    Object.assign(node, { unschedulable, labels, annotations, resourceVersion: node.resourceVersion + 1 });
    this.#workloads.settle();
  }

  evict(pod: PodAt): Eviction {
    return this.#workloads.evict(pod);
  }

  #of(pool: string): readonly ClusterNode[] {
    return this.#nodes.filter((node) => node.pool === pool);
  }

  #imageFor(pool: AgentPool): string {
    return imageOf(pool, this.#options.images?.(buildOf(pool)) ?? defaultImageDate);
  }

  #add(pool: AgentPool, ordinal: number, image: string): void {
    this.#made += 1;
    const name = `aks-${pool.name}-vmss${ordinal.toString(36).padStart(6, "0")}`;
    this.#nodes.push({
      name,
      uid: `00000000-0000-4000-9000-${String(this.#made).padStart(12, "0")}`,
      pool: pool.name,
      createdMs: this.#options.now(),
      vmSize: pool.vmSize,
      version: pool.version,
      labels: labelsOf(pool, { name, image }),
      annotations: {},
      taints: pool.taints,
      unschedulable: false,
      resourceVersion: this.#made,
    });
  }

  /** Its machine goes at once, whatever a budget says. */
  #drop(node: ClusterNode): void {
    const lost = this.pods().filter((pod) => pod.node === node.name && pod.lasting !== undefined);
    if (lost.length > 0) this.violations.push(`${node.name} was deleted with ${lost.length} pods on it`);
    this.#nodes = this.#nodes.filter((one) => one !== node);
  }
}

function buildOf({ labels }: Pick<AgentPool, "labels">): string {
  return labels[nodeBuildLabel] ?? "";
}

/** A node of a pool that was changed: labels of the pool come, others' stay. */
function refit(node: ClusterNode, pool: AgentPool, image: string): void {
  Object.assign(node, {
    version: pool.version,
    labels: { ...node.labels, ...labelsOf(pool, { name: node.name, image }) },
    taints: pool.taints,
    resourceVersion: node.resourceVersion + 1,
  });
}
