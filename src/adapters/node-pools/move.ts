import type { Clock } from "../../lib/runtime.ts";
import { drainStep, newDrain } from "./drain.ts";
import * as fail from "./move-errors.ts";
import { defaultMoveLimits, type MoveLimits } from "./move-limits.ts";
import { nodesReady, type WantedNodes } from "./new-nodes.ts";
import { type NodePod, type NodesApi, type PoolNode, stoppable } from "./nodes-api.ts";
import { mustGo, obstaclesTo } from "./pods.ts";

interface PoolMove {
  readonly api: NodesApi;
  readonly clock: Clock;
  readonly pool: string;
  /** The build whose nodes have to carry the pool's pods. */
  readonly build: string;
  /** Nodes that are emptied at a time: `2`, `33%`. */
  readonly maxSurge: string;
  /** How long the pods of one node may take to go. */
  readonly drainTimeoutSeconds: number;
  readonly limits?: Partial<MoveLimits>;
  /** Stops between two calls and throws the signal's reason. */
  readonly signal?: AbortSignal;
}

/**
 * What `movePool` is asked for. `forward` waits for the nodes that it wants and checks first that all pods may go;
 * `back` is for reverts: users first, on whatever nodes of the build are there, and pods without a controller go too.
 */
export type MovePool = PoolMove &
  (
    | { readonly direction: "forward"; readonly want: WantedNodes }
    | { readonly direction: "back"; readonly want?: WantedNodes }
  );

/** One call's settled options. */
export interface MoveContext extends Omit<PoolMove, "limits"> {
  readonly direction: "forward" | "back";
  readonly limits: MoveLimits;
}

/**
 * Moves a pool's pods to the nodes of a build: these take pods, all other nodes of the pool are cordoned and emptied by
 * evictions, within disruption budgets. Each look goes by what is there, so nothing is written where nothing is to do,
 * and running it again, after a crash in any moment too, finishes it. Of two moves against each other the one `forward`
 * gives in: a verdict may fall while an update still moves pods, and nobody could stop that update otherwise.
 *
 * @throws RolloutError `nodes-missing`, `nodes-not-ready`, `nodes-differ`, `drain-blocked` (nothing was touched),
 * `drain-timeout` (nodes stay cordoned), `move-taken-back`, `kube-api`, `kube-denied`
 */
export async function movePool(options: MovePool): Promise<void> {
  const { limits, signal } = options;
  const context: MoveContext = {
    ...options,
    api: stoppable(options.api, signal),
    limits: { ...defaultMoveLimits, ...limits },
  };
  if (options.direction === "forward") {
    await nodesReady(context, options.want);
    await assertEvictable(context);
  }
  const drain = newDrain();
  const cordoned = new Set<string>();
  for (;;) {
    // Looked at again each time: an autoscaler brings nodes and takes them.
    const { own, others } = await sidesOf(context);
    assertStanding(context, others, cordoned);
    await giveAndCordon(context, own, others);
    for (const { name } of others) cordoned.add(name);
    if (await drainStep(context, others, drain)) return;
    await pause(context);
  }
}

interface Sides {
  readonly own: readonly PoolNode[];
  readonly others: readonly PoolNode[];
}

/** Without a node that could take the pods none may lose its own. */
async function sidesOf(context: MoveContext): Promise<Sides> {
  const { api, pool, build } = context;
  const nodes = await api.nodes([pool]);
  const own = nodes.filter((node) => node.build === build);
  if (own.length === 0) throw fail.missing(context, nodes);
  return { own, others: nodes.filter((node) => node.build !== build) };
}

/** What an earlier look has cordoned is so still; on the way back it is simply cordoned again. */
function assertStanding(
  context: MoveContext,
  others: readonly PoolNode[],
  cordoned: ReadonlySet<string>,
): void {
  if (context.direction === "back") return;
  const back = others.find(({ name, schedulable }) => schedulable && cordoned.has(name));
  if (back !== undefined) throw fail.takenBack(context, back.name);
}

/** The build's nodes first: the pool is never without a node that takes pods. */
async function giveAndCordon(
  { api }: MoveContext,
  own: readonly PoolNode[],
  others: readonly PoolNode[],
): Promise<void> {
  for (const node of own) if (!node.schedulable) await api.cordon(node.name, false);
  for (const node of others) if (node.schedulable) await api.cordon(node.name, true);
}

/**
 * Looks for what would stop a drain in its middle, before it begins. Once all other nodes are cordoned it has begun,
 * here or elsewhere: budgets without room are its own doing then, and only bare pods stand against it. Where nothing
 * but unhealthy pods takes a budget's room, they get some time: another pool may just have moved.
 */
async function assertEvictable(context: MoveContext): Promise<void> {
  const { api, clock, limits } = context;
  const startedMs = clock.now();
  for (;;) {
    const pods = await podsToGo(context);
    const found = pods.length === 0 ? [] : obstaclesTo(pods, await api.budgets());
    if (found.length === 0) return;
    const begun = (await sidesOf(context)).others.every(({ schedulable }) => !schedulable);
    const obstacles = begun ? found.filter(({ kind }) => kind === "bare") : found;
    if (obstacles.length === 0) return;
    const passing = obstacles.every(({ kind }) => kind === "unhealthy");
    if (!passing || clock.now() - startedMs >= limits.roomMs) {
      throw fail.blocked(context, { obstacles, cordoned: begun });
    }
    await pause(context);
  }
}

async function podsToGo(context: MoveContext): Promise<readonly NodePod[]> {
  const pods = [];
  for (const { name } of (await sidesOf(context)).others) pods.push(...(await context.api.podsOn(name)));
  return pods.filter(mustGo);
}

/** Waits for the next look. */
async function pause({ clock, limits, signal }: MoveContext): Promise<void> {
  await clock.sleep(limits.pollMs, signal);
  signal?.throwIfAborted();
}
