import type {
  DisruptionBudget,
  Eviction,
  NodePod,
  NodesApi,
  PoolNode,
} from "../../src/adapters/node-pools/nodes-api.ts";
import { mustGo } from "../../src/adapters/node-pools/pods.ts";
import { selects } from "../../src/adapters/node-pools/selector.ts";
import type { Clock } from "../../src/lib/runtime.ts";

/** A node that a test may change. */
export type MemoryNode = { -readonly [member in keyof PoolNode]: PoolNode[member] };

/** A pod and where it is. */
export interface MemoryPod extends NodePod {
  /** Absent: no node has taken it yet. */
  node?: string;
  /** Label of the nodes that it may run on. */
  readonly pool: string;
  readonly healthyAtMs: number;
  /** Told to stop; gone at that time. */
  goneAtMs?: number;
}

/** A budget by its own rule: a minimum of healthy pods, or a fixed number. */
export type MemoryBudget = Omit<DisruptionBudget, "disruptionsAllowed" | "room"> &
  ({ readonly minAvailable: number } | { readonly disruptionsAllowed: number });

export interface MemoryNodes {
  readonly api: NodesApi;
  readonly nodes: MemoryNode[];
  readonly pods: MemoryPod[];
  readonly budgets: MemoryBudget[];
  /** Writes that were taken, in order: `uncordon a`, `cordon b`, `evict prod/web-1`. */
  readonly writes: string[];
  /** Evictions that a budget held. */
  readonly held: string[];
  /** Most nodes ever that had pods evicted and weren't empty yet. */
  readonly mostUnderWay: () => number;
  version: string;
  /** Sees each call before it is done, `cordon b`, `podsOn a`; may throw, to break it off. */
  onCall: (call: string) => void;
  addNodes(pool: string, build: string, names: readonly string[]): void;
  /** Pods of one controller on nodes, one each; the same node can be named again. */
  addPods(app: string, nodes: readonly string[], more?: Partial<MemoryPod>): void;
  /** A pod that no controller would make again. */
  addBarePod(name: string, node: string): void;
  /** Names of the pods that have to go before a node is empty. */
  on(node: string): readonly string[];
}

export interface MemoryNodesOptions {
  readonly clock: Clock;
  /** From an eviction until the pod is gone. Default 2 s. */
  readonly graceMs?: number;
  /** From a pod's placing until a budget counts it. Default 3 s. */
  readonly startMs?: number;
}

/**
 * A cluster in memory, by the API server's rules as far as a drain meets them: an eviction is asked of the budgets, the
 * pod's controller makes another at once, and the scheduler puts it on an open, ready node of the same pool.
 */
export function createMemoryNodes(options: MemoryNodesOptions): MemoryNodes {
  return new Memory(options);
}

class Memory implements MemoryNodes {
  readonly nodes: MemoryNode[] = [];
  readonly pods: MemoryPod[] = [];
  readonly budgets: MemoryBudget[] = [];
  readonly writes: string[] = [];
  readonly held: string[] = [];
  version = "v1.34.2";
  onCall: (call: string) => void = () => {};
  readonly api: NodesApi;
  readonly #clock: Clock;
  readonly #graceMs: number;
  readonly #startMs: number;
  readonly #drained = new Set<string>();
  #most = 0;
  #made = 0;

  constructor({ clock, graceMs = 2_000, startMs = 3_000 }: MemoryNodesOptions) {
    this.#clock = clock;
    this.#graceMs = graceMs;
    this.#startMs = startMs;
    const call = async <T>(name: string, signal: AbortSignal | undefined, run: () => T): Promise<T> => {
      signal?.throwIfAborted();
      this.onCall(name);
      this.#settle();
      return structuredClone(run());
    };
    this.api = {
      nodes: (pools, signal) =>
        call(`nodes ${pools}`, signal, () => this.nodes.filter(({ pool }) => pools.includes(pool))),
      podsOn: (node, signal) =>
        call(`podsOn ${node}`, signal, () => this.pods.filter((pod) => pod.node === node)),
      cordon: (node, cordoned, signal) =>
        call(`${cordoned ? "cordon" : "uncordon"} ${node}`, signal, () => this.#cordon(node, cordoned)),
      evict: (pod, signal) => call(`evict ${pod.namespace}/${pod.name}`, signal, () => this.#evict(pod)),
      budgets: (signal) =>
        call("budgets", signal, () =>
          this.budgets.map((budget) => ({
            ...budget,
            disruptionsAllowed: this.#allowed(budget),
            room: "minAvailable" in budget ? this.#under(budget).length - budget.minAvailable : 0,
          })),
        ),
      serverVersion: (signal) => call("serverVersion", signal, () => this.version),
    };
  }

  mostUnderWay = (): number => this.#most;

  addNodes(pool: string, build: string, names: readonly string[]): void {
    const fresh = { pool, build, ready: true, schedulable: true, kubeletVersion: "v1.34.2" };
    this.nodes.push(...names.map((name) => ({ name, ...fresh })));
  }

  addPods(app: string, nodes: readonly string[], more: Partial<MemoryPod> = {}): void {
    for (const node of nodes) {
      const pool = this.nodes.find(({ name }) => name === node)?.pool ?? "";
      this.#make(app, { owner: "ReplicaSet", pool, node, healthyAtMs: this.#clock.now(), ...more });
    }
  }

  addBarePod(name: string, node: string): void {
    const pool = this.nodes.find((one) => one.name === node)?.pool ?? "";
    this.#make(name, { name, pool, node, healthyAtMs: this.#clock.now() });
  }

  on(node: string): readonly string[] {
    this.#settle();
    return this.pods.filter((pod) => pod.node === node && mustGo(pod)).map(({ name }) => name);
  }

  #make(app: string, of: Partial<MemoryPod> & Pick<MemoryPod, "pool" | "healthyAtMs">): void {
    this.#made += 1;
    this.pods.push({
      namespace: "prod",
      name: `${app}-${this.#made}`,
      labels: { app },
      mirror: false,
      phase: "Running",
      terminating: false,
      ...of,
      uid: `uid-${this.#made}`,
    });
  }

  #cordon(name: string, cordoned: boolean): void {
    const node = this.nodes.find((one) => one.name === name);
    if (!node) throw new Error(`there is no node ${name}`);
    node.schedulable = !cordoned;
    this.writes.push(`${cordoned ? "cordon" : "uncordon"} ${name}`);
  }

  #evict({ namespace, name, uid }: Pick<NodePod, "namespace" | "name" | "uid">): Eviction {
    const pod = this.pods.find((one) => one.namespace === namespace && one.name === name);
    if (!pod || pod.uid !== uid) return "gone";
    const asked = pod.phase !== "Pending" && !pod.terminating ? this.#over(pod) : [];
    if (asked.some((budget) => this.#allowed(budget) === 0)) {
      this.held.push(`${namespace}/${name}`);
      return "blocked";
    }
    this.writes.push(`evict ${namespace}/${name}`);
    if (pod.terminating) return "accepted";
    this.#replace(pod, { terminating: true, goneAtMs: this.#clock.now() + this.#graceMs });
    // A StatefulSet's next pod has the same name, so it comes only after this one.
    if (pod.owner !== undefined && pod.owner !== "StatefulSet") this.#again(pod);
    if (pod.node !== undefined) this.#drained.add(pod.node);
    this.#most = Math.max(this.#most, [...this.#drained].filter((node) => this.on(node).length > 0).length);
    return "accepted";
  }

  #replace(pod: MemoryPod, change: Partial<MemoryPod>): void {
    this.pods.splice(this.pods.indexOf(pod), 1, { ...pod, ...change });
  }

  /** Its controller's next pod, which waits for a node. */
  #again({ namespace, name, labels, owner, pool }: MemoryPod): void {
    const kept = owner === "StatefulSet" ? { name } : {};
    const app = labels["app"] ?? "pod";
    const of = { namespace, labels, pool, phase: "Pending", ...(owner === undefined ? {} : { owner }) };
    this.#make(app, { ...of, ...kept, healthyAtMs: Number.POSITIVE_INFINITY });
    this.#settle();
  }

  #over(pod: MemoryPod): readonly MemoryBudget[] {
    return this.budgets.filter(
      ({ namespace, selector }) => namespace === pod.namespace && selects(selector, pod.labels),
    );
  }

  #allowed(budget: MemoryBudget): number {
    if ("disruptionsAllowed" in budget) return budget.disruptionsAllowed;
    const now = this.#clock.now();
    const healthy = this.#under(budget).filter((pod) => pod.healthyAtMs <= now);
    return Math.max(0, healthy.length - budget.minAvailable);
  }

  #under(budget: MemoryBudget): readonly MemoryPod[] {
    return this.pods.filter((pod) => !pod.terminating && this.#over(pod).includes(budget));
  }

  /** What time has brought: pods that are gone, pods that find a node. */
  #settle(): void {
    const now = this.#clock.now();
    const gone = this.pods.filter(({ goneAtMs }) => goneAtMs !== undefined && goneAtMs <= now);
    for (const pod of gone) {
      this.pods.splice(this.pods.indexOf(pod), 1);
      if (pod.owner === "StatefulSet") this.#again(pod);
    }
    for (const pod of this.pods.filter(({ node }) => node === undefined)) {
      const open = this.nodes.filter((one) => one.pool === pod.pool && one.ready && one.schedulable);
      const [best] = open.toSorted((a, b) => this.#carried(a.name) - this.#carried(b.name));
      if (best) {
        this.#replace(pod, { node: best.name, phase: "Running", healthyAtMs: now + this.#startMs });
      }
    }
  }

  #carried(node: string): number {
    return this.pods.filter((pod) => pod.node === node).length;
  }
}
