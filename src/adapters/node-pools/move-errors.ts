import { RolloutError } from "../../errors/errors.ts";
import type { PoolNode } from "./nodes-api.ts";
import { listed, type Obstacle } from "./pods.ts";

/** A pool and the build that has to carry its pods. */
export interface PoolAim {
  readonly pool: string;
  readonly build: string;
}

/** `nodes-missing`: nothing is there that could carry the pods. */
export function missing({ pool, build }: PoolAim, nodes: readonly PoolNode[]): RolloutError {
  const builds = [...new Set(nodes.map((node) => node.build || "no build"))];
  const found = builds.length === 0 ? "no node" : `${nodes.length} nodes of ${listed(builds)}`;
  return new RolloutError(`Pool ${pool} has no node of build ${build}; it has ${found}.`, {
    code: "nodes-missing",
    exit: "resource",
    hint: "Its nodes have to be there before pods can move to them: see the pool in Azure.",
  });
}

/** `nodes-not-ready`: too few in time. */
export function notReady(
  { pool, build }: PoolAim,
  seen: { readonly own: readonly PoolNode[]; readonly wanted: number; readonly waitedMs: number },
): RolloutError {
  const ready = seen.own.filter((node) => node.ready).length;
  const waiting = seen.own.filter((node) => !node.ready).map(({ name }) => name);
  const which = waiting.length === 0 ? "" : `; not Ready: ${listed(waiting)}`;
  return new RolloutError(
    `Pool ${pool} has ${ready} of ${seen.wanted} Ready nodes of build ${build} after ${seen.waitedMs / 1000} s${which}. No pod was moved.`,
    {
      code: "nodes-not-ready",
      exit: "timeout",
      hint: "Look for quota, capacity of the zone and the pool's provisioning state in Azure.",
    },
  );
}

/** `nodes-differ`: new nodes run something else than was asked for. */
export function differ({ pool, build }: PoolAim, found: readonly string[]): RolloutError {
  return new RolloutError(
    `Nodes of pool ${pool}, build ${build}, are not as asked for: ${listed(found, 10, "; ")}. No pod was moved.`,
    {
      code: "nodes-differ",
      exit: "resource",
      hint: "Azure gives a new pool its newest node image: name that one in the version, or none.",
    },
  );
}

/** `drain-blocked`: found before an eviction could run into it. */
export function blocked(
  { pool }: PoolAim,
  of: { readonly obstacles: readonly Obstacle[]; readonly cordoned: boolean },
): RolloutError {
  const texts = of.obstacles.map(({ text }) => text);
  const left = of.cordoned ? "The nodes that were cordoned before stay so." : "Nothing was touched.";
  return new RolloutError(`The nodes of pool ${pool} can't be emptied: ${listed(texts, 10, "; ")}. ${left}`, {
    code: "drain-blocked",
    exit: "resource",
    hint: "Give bare pods a controller or delete them; add a replica, or allow one disruption, where a budget allows none.",
  });
}

/** `move-taken-back`: somebody gives pods to a node that was being emptied. */
export function takenBack({ pool }: PoolAim, node: string): RolloutError {
  return new RolloutError(`Node ${node} of pool ${pool} takes pods again while it was being emptied.`, {
    code: "move-taken-back",
    exit: "resource",
    hint: "A revert does that, and this move stops for it. If it was somebody else, running it again goes on from here.",
  });
}

/** `drain-timeout`: a node's pods did not go. */
export function drainTimeout(
  { pool }: PoolAim,
  of: {
    readonly node: string;
    readonly seconds: number;
    readonly pods: readonly string[];
    /** Budgets over the pods whose eviction was refused last. */
    readonly budgets: readonly string[];
  },
): RolloutError {
  const held = of.budgets.length === 0 ? "" : `, held by the disruption budgets ${listed(of.budgets)}`;
  return new RolloutError(
    `Pods on node ${of.node} of pool ${pool} did not go within ${of.seconds} s: ${listed(of.pods)}${held}. The pool's nodes that were to be emptied stay cordoned.`,
    {
      code: "drain-timeout",
      exit: "timeout",
      hint: "See why they stay: a budget without room, replacements that don't get ready, a long grace period. Running it again goes on from here.",
    },
  );
}
