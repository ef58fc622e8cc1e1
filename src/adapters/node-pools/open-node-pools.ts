import type { Clock } from "../../lib/runtime.ts";
import type { Lever } from "../../ports/lever.ts";
import type { Preflight } from "../../ports/preflight.ts";
import type { NodePoolLeverConfig } from "../../types/node-pools.ts";
import { openKubeNodes } from "./kube-nodes.ts";
import type { MoveLimits } from "./move-limits.ts";
import { createNodePoolLever } from "./node-pool-lever.ts";
import { createPreflight } from "./preflight.ts";

/** The node pools of a policy. */
export interface OpenNodePools {
  /** The lever of one rollout, by the identities of both sides, whose hashes the nodes carry. */
  leverFor(sides: { readonly stable?: string; readonly candidate?: string }): Lever;
  readonly preflight: Preflight;
}

/** Opens a cluster's node pools; client and kubeconfig are loaded at the first call. */
export function openNodePools(options: {
  readonly config: NodePoolLeverConfig;
  readonly clock: Clock;
  /** Base URL of a rehearsal's API; absent: the cluster of the config's kubeconfig. */
  readonly server?: string;
  /** How moves are watched. */
  readonly limits?: Partial<MoveLimits>;
}): OpenNodePools {
  const { config, clock, server, limits } = options;
  const { kubeconfig, context } = config;
  const api = openKubeNodes({
    ...(kubeconfig === undefined ? {} : { kubeconfig }),
    ...(context === undefined ? {} : { context }),
    ...(server === undefined ? {} : { server }),
  });
  const common = { api, config, clock, ...(limits ? { limits } : {}) };
  return {
    leverFor: (sides) => createNodePoolLever({ ...common, sides }),
    preflight: createPreflight(api, config),
  };
}
