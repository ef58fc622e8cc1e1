import { appNamespace, type Budget, type ClusterNode, type ClusterPod, lastingOf } from "./cluster.ts";

/** Pods of an app for each node that its pool had at first. */
const perNode = 3;

/** How an eviction went. `blocked` names the budget that forbids it. */
export type Eviction =
  | { readonly outcome: "evicted" | "missing" | "other-pod" }
  | { readonly outcome: "blocked"; readonly budget: Budget };

/** A pod that a caller means; with a uid no other one of that name. */
export interface PodAt {
  readonly namespace: string;
  readonly name: string;
  readonly uid?: string;
  /** Asks only. */
  readonly dryRun?: boolean;
}

/**
 * The pods and what makes them: an app for each lasting pool, whose count stays as it was at first, and one pod of a
 * DaemonSet on each node. A pod that goes comes back at once, on another node of its pool or, without one, pending.
 */
export class Workloads {
  /** The lasting pool whose budget lets nobody go. */
  blocked: string | undefined;
  readonly #nodes: () => readonly ClusterNode[];
  readonly #now: () => number;
  #pods: ClusterPod[] = [];
  /** Replicas by lasting pool. */
  readonly #replicas = new Map<string, number>();
  #made = 0;

  constructor(of: { readonly nodes: () => readonly ClusterNode[]; readonly now: () => number }) {
    this.#nodes = of.nodes;
    this.#now = of.now;
  }

  pods(): readonly ClusterPod[] {
    return this.#pods;
  }

  /** After nodes have come, gone or changed: every pod that has no node finds one, if there is one. */
  settle(): void {
    const nodes = this.#nodes();
    const there = new Set(nodes.map(({ name }) => name));
    const gone = this.#pods.filter(({ node }) => node !== undefined && !there.has(node));
    this.#pods = this.#pods.filter((pod) => !gone.includes(pod));
    for (const { lasting } of gone) if (lasting !== undefined) this.#make(lasting);
    for (const node of nodes) this.#daemon(node.name);
    this.#firstPods(nodes);
    for (const pod of this.#pods) if (pod.node === undefined) this.#place(pod);
  }

  budgets(): readonly Budget[] {
    return [...this.#replicas].map(([lasting, replicas]) => {
      const currentHealthy = this.#pods.filter((pod) => pod.lasting === lasting && pod.node).length;
      const desiredHealthy = this.blocked === lasting ? replicas : replicas - 1;
      const disruptionsAllowed = Math.max(0, currentHealthy - desiredHealthy);
      const of = { namespace: appNamespace, name: appOf(lasting), app: appOf(lasting) };
      return { ...of, expectedPods: replicas, desiredHealthy, currentHealthy, disruptionsAllowed };
    });
  }

  /** As the API's eviction: within the budget, or not at all. */
  evict({ namespace, name, uid, dryRun }: PodAt): Eviction {
    const pod = this.#pods.find((one) => one.namespace === namespace && one.name === name);
    if (pod === undefined) return { outcome: "missing" };
    if (uid !== undefined && uid !== pod.uid) return { outcome: "other-pod" };
    const budget = this.budgets().find((one) => one.app === pod.app);
    // A pending pod serves nobody: its budget is not asked.
    const takes = pod.node !== undefined && budget !== undefined;
    if (takes && budget.disruptionsAllowed === 0) return { outcome: "blocked", budget };
    if (dryRun !== true) this.#replace(pod);
    return { outcome: "evicted" };
  }

  #replace(pod: ClusterPod): void {
    this.#pods = this.#pods.filter((one) => one !== pod);
    if (pod.lasting !== undefined) this.#make(pod.lasting);
    this.settle();
  }

  /** Where a lasting pool has nodes for the first time, its app starts. */
  #firstPods(nodes: readonly ClusterNode[]): void {
    const lasting = new Set(nodes.flatMap((node) => lastingOf(node) ?? []));
    for (const pool of lasting) {
      if (this.#replicas.has(pool)) continue;
      const replicas = perNode * nodes.filter((node) => lastingOf(node) === pool).length;
      this.#replicas.set(pool, replicas);
      for (let count = 0; count < replicas; count += 1) this.#make(pool);
    }
  }

  #daemon(node: string): void {
    if (this.#pods.some((pod) => pod.lasting === undefined && pod.node === node)) return;
    this.#add({ namespace: "kube-system", app: "node-agent", node });
  }

  #make(lasting: string): void {
    this.#add({ namespace: appNamespace, app: appOf(lasting), lasting });
  }

  #add(of: Pick<ClusterPod, "namespace" | "app" | "lasting" | "node">): void {
    this.#made += 1;
    const id = this.#made.toString(36).padStart(5, "0");
    const uid = `00000000-0000-4000-8000-${String(this.#made).padStart(12, "0")}`;
    const name = `${of.app}-${id}`;
    this.#pods.push({ ...of, name, uid, createdMs: this.#now(), resourceVersion: this.#made });
  }

  /** The schedulable node of its pool with the fewest pods. */
  #place(pod: ClusterPod): void {
    const carried = (name: string) => this.#pods.filter(({ node }) => node === name).length;
    const open = this.#nodes().filter((node) => lastingOf(node) === pod.lasting && !node.unschedulable);
    const [first, ...rest] = open;
    if (first === undefined) return;
    pod.node = rest.reduce((best, { name }) => (carried(name) < carried(best) ? name : best), first.name);
    pod.resourceVersion += 1;
  }
}

function appOf(lasting: string): string {
  return `app-${lasting}`;
}
