import type { LabelSelector } from "./selector.ts";

/** A node of a pool, by its labels and its status. */
export interface PoolNode {
  readonly name: string;
  readonly pool: string;
  /** Hash of the version that made it; empty where it carries none. */
  readonly build: string;
  readonly ready: boolean;
  /** Not cordoned. */
  readonly schedulable: boolean;
  /** `v1.34.2`; empty until the kubelet has said it. */
  readonly kubeletVersion: string;
  /** As AKS labels it: `AKSUbuntu-2204gen2containerd-202511.06.0`. */
  readonly nodeImage?: string;
}

/** A pod on a node, as far as emptying the node goes. */
export interface NodePod {
  readonly namespace: string;
  readonly name: string;
  /** Tells it from a later pod of the same name, which may run elsewhere already. */
  readonly uid: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Kind of its controller, `ReplicaSet`; absent: nothing would bring it back. */
  readonly owner?: string;
  /** A static pod's shadow: it goes with the kubelet alone. */
  readonly mirror: boolean;
  /** `Pending`, `Running`, `Succeeded`, `Failed`, `Unknown`. */
  readonly phase: string;
  /** It has been told to stop and is still there. */
  readonly terminating: boolean;
}

/** A PodDisruptionBudget. */
export interface DisruptionBudget {
  readonly namespace: string;
  readonly name: string;
  /** Absent: it covers no pod. */
  readonly selector?: LabelSelector;
  /** Evictions that it allows now; 0 until its controller has counted. */
  readonly disruptionsAllowed: number;
  /** Evictions that it would allow with all of its pods healthy; 0 or less: it never allows one. */
  readonly room: number;
}

/** `accepted`: it stops. `blocked`: a disruption budget holds it for now. `gone`: it isn't there any more. */
export type Eviction = "accepted" | "blocked" | "gone";

/** The calls of the Kubernetes API that moving pods takes. All throw a RolloutError where it refuses or is silent. */
export interface NodesApi {
  nodes(pools: readonly string[], signal?: AbortSignal): Promise<readonly PoolNode[]>;
  /** All pods on a node, finished ones too. */
  podsOn(node: string, signal?: AbortSignal): Promise<readonly NodePod[]>;
  /** Cordons a node (true) or gives it back to the scheduler (false). */
  cordon(node: string, cordoned: boolean, signal?: AbortSignal): Promise<void>;
  /** Asks once for a pod to go, within its budgets and with its own grace period. */
  evict(pod: Pick<NodePod, "namespace" | "name" | "uid">, signal?: AbortSignal): Promise<Eviction>;
  budgets(signal?: AbortSignal): Promise<readonly DisruptionBudget[]>;
  /** Version of the control plane: `v1.34.2`. */
  serverVersion(signal?: AbortSignal): Promise<string>;
}

/** The API for one task: asked to stop, it makes no further call and throws the signal's reason. */
export function stoppable(api: NodesApi, signal: AbortSignal | undefined): NodesApi {
  if (signal === undefined) return api;
  const next = async <T>(call: () => Promise<T>): Promise<T> => {
    signal.throwIfAborted();
    return await call();
  };
  return {
    nodes: (pools) => next(() => api.nodes(pools, signal)),
    podsOn: (node) => next(() => api.podsOn(node, signal)),
    cordon: (node, cordoned) => next(() => api.cordon(node, cordoned, signal)),
    evict: (pod) => next(() => api.evict(pod, signal)),
    budgets: () => next(() => api.budgets(signal)),
    serverVersion: () => next(() => api.serverVersion(signal)),
  };
}
