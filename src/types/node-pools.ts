/** Node pools of one cluster that a stack owns, in the order in which they move, and how their pods are moved. */
export interface NodePoolLeverConfig {
  readonly kind: "node-pools";
  /** Names that stay while pools of Azure come and go: `system`, `work`. */
  readonly pools: readonly string[];
  /** Nodes that are emptied at a time, as AKS writes it: a number, or a share of the pool rounded up. `1`, `33%`. */
  readonly maxSurge: string;
  /** How long the pods of one node may take to go, within their disruption budgets. */
  readonly drainTimeoutSeconds: number;
  /** Kubeconfig path; default: the client's usual places. */
  readonly kubeconfig?: string;
  readonly context?: string;
}

/** One pool as a version has it: what can't be changed in a pool that is there. */
export interface NodePoolSpec {
  /** Name of the pool in Azure, which is the version's own. */
  readonly azureName: string;
  readonly vmSize: string;
  readonly osSku: string;
}

/** What the nodes of one version run as, in our own schema: the counterpart of `WorkloadSpec`. */
export interface NodeSpec {
  readonly schemaVersion: 1;
  readonly kind: "nodes";
  /** Version of the kubelet, whole: `1.34.2`. */
  readonly kubernetesVersion: string;
  /** The date that Azure gives a node image: `202511.06.0`. Absent: whatever a new pool gets. */
  readonly nodeImage?: string;
  readonly pools: Readonly<Record<string, NodePoolSpec>>;
}

/** Which version's nodes have to carry the pods of a pool, and how they are moved there. */
export interface PoolServing {
  /** The pool's lasting name, as its nodes carry it: `work`. */
  readonly pool: string;
  /** Hash of the version whose nodes have to carry the pool's pods. */
  readonly build: string;
  /** What these nodes have to run, whole: `1.34.2`. */
  readonly kubernetesVersion: string;
  /** Date of their node image, `202511.06.0`; absent: any. */
  readonly nodeImage?: string;
  /** At least so many of them have to be Ready before a pod moves. */
  readonly nodes: number;
  /** Nodes that are emptied at a time: `1`, `33%`. */
  readonly maxSurge: string;
  /** How long the pods of one node may take to go, within their disruption budgets. */
  readonly drainTimeoutSeconds: number;
  /** Kubeconfig path; default: the client's usual places. */
  readonly kubeconfig?: string;
  readonly context?: string;
  /** A revert: users first, without the checks of the way forward. */
  readonly back?: boolean;
}
