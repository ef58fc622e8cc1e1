import type { MoveContext } from "./move.ts";
import * as fail from "./move-errors.ts";
import type { NodePod, PoolNode } from "./nodes-api.ts";
import { bareOf, budgetsOver, mustGo, nameOf, obstaclesTo } from "./pods.ts";
import { surgeOf } from "./surge.ts";

/** How far a drain is. */
export interface Drain {
  /** When the first look found pods on a node, by the clock; by name of the node. */
  readonly begunMs: Map<string, number>;
  /** Nodes that were seen empty: cordoned, they stay so. */
  readonly emptied: Set<string>;
}

export function newDrain(): Drain {
  return { begunMs: new Map(), emptied: new Set() };
}

/**
 * One look at cordoned nodes: evicts what is left on as many of them as may be under way at a time. True once all are
 * empty. Throws RolloutError `drain-timeout`, and `drain-blocked` where a bare pod has come on the way forward.
 */
export async function drainStep(
  context: MoveContext,
  nodes: readonly PoolNode[],
  drain: Drain,
): Promise<boolean> {
  const surge = surgeOf(context.maxSurge, nodes.length);
  // A node that is under way goes on before another begins.
  const begun = nodes.filter(({ name }) => drain.begunMs.has(name));
  const waiting = nodes.filter(({ name }) => !drain.begunMs.has(name));
  let underWay = 0;
  for (const { name } of [...begun, ...waiting]) {
    if (underWay >= surge) return false;
    if (!(await isEmptied(context, name, drain))) underWay++;
  }
  return underWay === 0;
}

async function isEmptied(context: MoveContext, node: string, drain: Drain): Promise<boolean> {
  const { api, clock, drainTimeoutSeconds } = context;
  if (drain.emptied.has(node)) return true;
  const pods = (await api.podsOn(node)).filter(mustGo);
  if (pods.length === 0) {
    drain.emptied.add(node);
    return true;
  }
  const begunMs = drain.begunMs.get(node) ?? clock.now();
  drain.begunMs.set(node, begunMs);
  const held = await evictAll(context, pods);
  if (clock.now() - begunMs >= drainTimeoutSeconds * 1000) throw await late(context, { node, pods, held });
  return false;
}

/** Evicts what isn't ending already; gives back what budgets hold. */
async function evictAll(context: MoveContext, pods: readonly NodePod[]): Promise<readonly NodePod[]> {
  const bare = context.direction === "forward" && bareOf(pods).length > 0;
  if (bare) throw fail.blocked(context, { obstacles: obstaclesTo(pods, []), cordoned: true });
  const held: NodePod[] = [];
  for (const pod of pods) {
    if (!pod.terminating && (await context.api.evict(pod)) === "blocked") held.push(pod);
  }
  return held;
}

async function late(
  context: MoveContext,
  of: { readonly node: string; readonly pods: readonly NodePod[]; readonly held: readonly NodePod[] },
) {
  const { api, drainTimeoutSeconds } = context;
  const budgets = of.held.length === 0 ? [] : await api.budgets();
  const over = new Set(of.held.flatMap((pod) => budgetsOver(pod, budgets)).map(nameOf));
  return fail.drainTimeout(context, {
    node: of.node,
    seconds: drainTimeoutSeconds,
    pods: of.pods.map((pod) => (pod.terminating ? `${nameOf(pod)} (terminating)` : nameOf(pod))),
    budgets: [...over],
  });
}
