import { RolloutError } from "../../errors/errors.ts";
import type { Clock } from "../../lib/runtime.ts";
import { nodeBuildOf } from "../../plan/identity.ts";
import { shareOf } from "../../plan/pools.ts";
import type { Lever } from "../../ports/lever.ts";
import type { NodePoolLeverConfig } from "../../types/node-pools.ts";
import type { RouteReading } from "../../types/observation.ts";
import { movePool } from "./move.ts";
import type { MoveLimits } from "./move-limits.ts";
import { type NodesApi, type PoolNode, stoppable } from "./nodes-api.ts";
import { readPool, type SideBuilds } from "./pool-reading.ts";

/** One rollout on one cluster. */
export interface NodePoolLeverOptions {
  readonly api: NodesApi;
  readonly config: NodePoolLeverConfig;
  /** Identities of both sides of the rollout. */
  readonly sides: { readonly stable?: string; readonly candidate?: string };
  readonly clock: Clock;
  readonly limits?: Partial<MoveLimits>;
}

/**
 * Node pools as a lever. Exposure is the share of the pools whose pods the candidate's nodes carry. 0 moves all pools
 * back at once, within disruption budgets, and resolves when the candidate's nodes are empty; without a candidate it
 * is a no-op. Forward the engine moves them, pool by pool: any other exposure is refused.
 *
 * @throws RolloutError `exposure-invalid`, `nodes-foreign`, and what `movePool` throws on its way back
 */
export function createNodePoolLever(options: NodePoolLeverOptions): Lever {
  const { config } = options;
  return {
    name: `node pools ${config.pools.join(", ")}`,
    setExposure: async (exposure, signal) => {
      if (exposure !== 0) throw refused(exposure);
      await moveBack(options, signal);
    },
    read: (signal) => readPools({ ...options, api: stoppable(options.api, signal) }),
  };
}

function buildsOf({ stable, candidate }: NodePoolLeverOptions["sides"]): SideBuilds {
  return {
    ...(stable === undefined ? {} : { stable: nodeBuildOf(stable) }),
    ...(candidate === undefined || candidate === stable ? {} : { candidate: nodeBuildOf(candidate) }),
  };
}

async function moveBack(options: NodePoolLeverOptions, signal: AbortSignal | undefined): Promise<void> {
  const { api, config, clock, limits } = options;
  const { stable, candidate } = buildsOf(options.sides);
  if (candidate === undefined) return;
  const nodes = await stoppable(api, signal).nodes(config.pools);
  const pools = config.pools.filter((pool) => {
    const own = nodes.filter((node) => node.pool === pool);
    const fresh = own.filter(({ build }) => build === candidate);
    return fresh.some(({ schedulable }) => schedulable) || (fresh.length > 0 && own.length > fresh.length);
  });
  if (pools.length === 0) return;
  if (stable === undefined) throw noStable(pools);
  const { maxSurge, drainTimeoutSeconds } = config;
  const common = {
    ...{ api, clock, build: stable, maxSurge, drainTimeoutSeconds, direction: "back" as const },
    ...(limits ? { limits } : {}),
    ...(signal ? { signal } : {}),
  };
  // All at once: a revert is for users, and one pool that is stuck must not keep the others.
  const ended = await Promise.allSettled(pools.map((pool) => movePool({ ...common, pool })));
  throwFirst(ended.flatMap((result) => (result.status === "rejected" ? [result.reason] : [])));
}

/** The first failure, with what the others say. */
function throwFirst([first, ...more]: readonly unknown[]): void {
  if (first === undefined) return;
  if (!(first instanceof RolloutError) || more.length === 0) throw first;
  const { code, exit, hint } = first;
  const texts = [first, ...more].map((error) => (error instanceof Error ? error.message : String(error)));
  throw new RolloutError(texts.join(" "), { code, exit, cause: first, ...(hint ? { hint } : {}) });
}

async function readPools({ api, config, sides }: NodePoolLeverOptions): Promise<RouteReading> {
  const builds = buildsOf(sides);
  const { stable, candidate } = builds;
  const nodes = await api.nodes(config.pools);
  const of = (build: string | undefined) =>
    nodes.filter((node) => build !== undefined && node.build === build);
  const pools = [];
  for (const pool of config.pools) {
    const own = nodes.filter((node) => node.pool === pool);
    if (!own.some(({ build }) => build === stable || build === candidate)) throw foreign(pool, own, builds);
    pools.push(await readPool(api, { pool, nodes: own }, builds));
  }
  const moved = pools.filter((pool) => pool.moved);
  const details = pools.flatMap(({ detail }) => (detail === "" ? [] : [detail]));
  const hasCandidate = of(candidate).length > 0;
  const done = `${moved.filter(({ whole }) => whole).length} of ${pools.length} pools moved`;
  const progress = [...(hasCandidate ? [done] : []), ...details].join(", ");
  return {
    exposure: shareOf(moved.length, pools.length),
    accepted: details.length === 0,
    hasCandidate,
    ready: { stable: readyOf(of(stable)), candidate: readyOf(of(candidate)) },
    ...(progress === "" ? {} : { progress }),
  };
}

function readyOf(nodes: readonly PoolNode[]): number {
  return nodes.filter(({ ready }) => ready).length;
}

function refused(exposure: number): RolloutError {
  return new RolloutError(
    `An exposure of ${exposure} % was asked for: the lever of node pools only takes all of them back, to 0.`,
    {
      code: "exposure-invalid",
      exit: "config",
      hint: "The engine moves pools forward, one step after another: rollouts run.",
    },
  );
}

function noStable(pools: readonly string[]): RolloutError {
  return new RolloutError(`No stable version is known that ${pools.join(", ")} could go back to.`, {
    code: "nodes-missing",
    exit: "resource",
    hint: "A first install has no way back by the lever.",
  });
}

function foreign(pool: string, nodes: readonly PoolNode[], { stable, candidate }: SideBuilds): RolloutError {
  const expected =
    [stable, candidate].filter((build) => build !== undefined).join(" or ") || "no known build";
  const builds = [...new Set(nodes.map(({ build }) => build || "no build"))].join(", ");
  const found = nodes.length === 0 ? "it has no node" : `its nodes are of ${builds}`;
  return new RolloutError(`Pool ${pool} was to have nodes of ${expected}; ${found}.`, {
    code: "nodes-foreign",
    exit: "resource",
    hint: "Somebody else has changed the pool or its labels, or the cluster is another one.",
  });
}
