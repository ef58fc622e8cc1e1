import { nodePoolLabel } from "../../plan/identity.ts";
import type { AgentPool } from "./agent-pool.ts";

/** A node, as the cluster keeps it; always ready. */
export interface ClusterNode {
  readonly name: string;
  readonly uid: string;
  /** The pool in Azure that it belongs to. */
  readonly pool: string;
  readonly createdMs: number;
  readonly vmSize: string;
  version: string;
  labels: Readonly<Record<string, string>>;
  annotations: Readonly<Record<string, string>>;
  taints: readonly string[];
  unschedulable: boolean;
  resourceVersion: number;
}

/** A pod: of the Deployment that lives on a lasting pool, or of the DaemonSet that is on every node. */
export interface ClusterPod {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  /** Name of what made it. */
  readonly app: string;
  /** The lasting pool whose nodes it may run on; absent: a DaemonSet's pod, bound to its node. */
  readonly lasting?: string;
  readonly createdMs: number;
  /** Absent: pending. */
  node?: string;
  resourceVersion: number;
}

/** A disruption budget with its status as computed now. */
export interface Budget {
  readonly namespace: string;
  readonly name: string;
  readonly app: string;
  readonly expectedPods: number;
  readonly desiredHealthy: number;
  readonly currentHealthy: number;
  readonly disruptionsAllowed: number;
}

/** Namespace of the pods that live on the pools. */
export const appNamespace = "apps";

/** Labels that AKS itself puts on the nodes of a pool, with those that were asked for. */
export function labelsOf(
  pool: AgentPool,
  { name, image }: { readonly name: string; readonly image: string },
) {
  return {
    agentpool: pool.name,
    "kubernetes.azure.com/agentpool": pool.name,
    "kubernetes.azure.com/mode": pool.mode.toLowerCase(),
    "kubernetes.azure.com/node-image-version": image,
    "kubernetes.azure.com/os-sku": pool.osSku,
    "kubernetes.io/arch": "amd64",
    "kubernetes.io/hostname": name,
    "kubernetes.io/os": "linux",
    "node.kubernetes.io/instance-type": pool.vmSize,
    ...pool.labels,
  };
}

/** The lasting pool that a node stands for; undefined where its label does not say. */
export function lastingOf(node: ClusterNode): string | undefined {
  return node.labels[nodePoolLabel];
}
