import { type MovePool, movePool } from "../../../../src/adapters/node-pools/move.ts";
import type { Clock } from "../../../../src/lib/runtime.ts";
import { createVirtualClock } from "../../../../src/sandbox/clock.ts";
import {
  createMemoryNodes,
  type MemoryNodes,
  type MemoryNodesOptions,
} from "../../../support/memory-nodes.ts";

export const oldBuild = "aaaaaaaaaaaaaaaa";
export const newBuild = "bbbbbbbbbbbbbbbb";
export const want = { nodes: 3, kubernetesVersion: "1.34.2" };

export interface PoolsWorld {
  readonly cluster: MemoryNodes;
  readonly clock: Clock;
  /** `movePool` of pool `work` to the new build, one node at a time. */
  forward(more?: Partial<MovePool>): Promise<void>;
  /** The same back to the old one. */
  back(more?: Partial<MovePool>): Promise<void>;
}

export const olds = ["old-1", "old-2", "old-3"];
export const news = ["new-1", "new-2", "new-3"];

/** Pool `work`: six pods of one Deployment on three old nodes, at least five of them to be healthy; three new nodes. */
export function aPoolsWorld(options: Partial<MemoryNodesOptions> = {}): PoolsWorld {
  const clock = createVirtualClock({ startMs: Date.UTC(2026, 0, 15, 10) });
  const cluster = createMemoryNodes({ clock, ...options });
  cluster.addNodes("work", oldBuild, olds);
  cluster.addNodes("work", newBuild, news);
  cluster.addPods("web", [...olds, ...olds]);
  cluster.budgets.push({
    ...{ namespace: "prod", name: "web", minAvailable: 5 },
    selector: { matchLabels: { app: "web" } },
  });
  const common = { api: cluster.api, clock, pool: "work", maxSurge: "1", drainTimeoutSeconds: 600 };
  return {
    cluster,
    clock,
    forward: (more) =>
      movePool({ ...common, build: newBuild, direction: "forward", want, ...more } as MovePool),
    back: (more) => movePool({ ...common, build: oldBuild, direction: "back", ...more } as MovePool),
  };
}

/** What a test expects of a side: cordoned and empty. */
export function restOf({ cluster }: PoolsWorld, names: readonly string[]) {
  return names.map((name) => ({
    name,
    schedulable: cluster.nodes.find((node) => node.name === name)?.schedulable,
    pods: cluster.on(name).length,
  }));
}
