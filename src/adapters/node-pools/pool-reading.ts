import type { NodesApi, PoolNode } from "./nodes-api.ts";
import { mustGo } from "./pods.ts";

/** Builds of both sides; absent: there is no such side. */
export interface SideBuilds {
  readonly stable?: string;
  readonly candidate?: string;
}

/** One pool as it is. */
export interface PoolReading {
  readonly pool: string;
  /** The candidate's nodes take the pool's pods, and no others do. */
  readonly moved: boolean;
  /** One side alone serves, all its nodes are Ready, and the rest is cordoned and empty. */
  readonly whole: boolean;
  /** What isn't whole, for people: `work: 2 of 6 old nodes empty`; empty where it is. */
  readonly detail: string;
}

/** Reads a pool. `nodes` are all nodes of it. */
export async function readPool(
  api: NodesApi,
  { pool, nodes }: { readonly pool: string; readonly nodes: readonly PoolNode[] },
  { stable, candidate }: SideBuilds,
): Promise<PoolReading> {
  const fresh = nodes.filter(({ build }) => candidate !== undefined && build === candidate);
  const old = nodes.filter((node) => !fresh.includes(node));
  const moved = fresh.some(isOpen) && !old.some(isOpen);
  const serving = moved ? fresh : nodes.filter(({ build }) => build === stable);
  const idle = nodes.filter((node) => !serving.includes(node));
  const detail = troubleOf(serving, idle) ?? (await leftOn(api, idle, moved ? "old" : "other"));
  return {
    pool,
    moved,
    whole: detail === undefined,
    detail: detail === undefined ? "" : `${pool}: ${detail}`,
  };
}

/** What the nodes alone tell. */
function troubleOf(serving: readonly PoolNode[], idle: readonly PoolNode[]): string | undefined {
  const open = idle.filter(isOpen).length;
  if (open > 0 && serving.some(isOpen)) return "old and new nodes take pods";
  if (!serving.some(isOpen)) return "no node of stable takes pods";
  const ready = serving.filter((node) => node.ready).length;
  return ready === serving.length ? undefined : `${ready} of ${serving.length} nodes Ready`;
}

/** How far the nodes that don't serve are from empty; undefined where they are. */
async function leftOn(api: NodesApi, nodes: readonly PoolNode[], which: string): Promise<string | undefined> {
  let empty = 0;
  for (const { name } of nodes) if (await isEmpty(api, name)) empty++;
  return empty === nodes.length ? undefined : `${empty} of ${nodes.length} ${which} nodes empty`;
}

/**
 * The build whose nodes carry a pool's pods: they alone take pods, and no pod that had to go is left elsewhere. Empty
 * while that is mixed.
 */
export async function servedBy(api: NodesApi, pool: string): Promise<string> {
  const nodes = await api.nodes([pool]);
  const [build, ...more] = new Set(nodes.filter(isOpen).map((node) => node.build));
  if (build === undefined || more.length > 0) return "";
  const left = await leftOn(
    api,
    nodes.filter((node) => node.build !== build),
    "other",
  );
  return left === undefined ? build : "";
}

function isOpen({ schedulable }: PoolNode): boolean {
  return schedulable;
}

async function isEmpty(api: NodesApi, node: string): Promise<boolean> {
  return !(await api.podsOn(node)).some(mustGo);
}
