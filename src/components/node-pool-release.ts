import { CustomResource, type CustomResourceOptions, type Output } from "@pulumi/pulumi";
import type { PoolServing } from "../types/node-pools.ts";
import { providerSource } from "./slot-release-provider.ts";

/** Arguments of `NodePoolRelease`. Plain data. */
export type NodePoolReleaseArgs = PoolServing;

const source = providerSource({
  className: "NodePoolRelease",
  variable: "PULUMI_ROLLOUTS_NODE_POOL_PROVIDER",
  module: "pulumi-rollouts/node-pool-provider",
});

/**
 * Which version's nodes carry the pods of a node pool, as a resource: an update to another build gives its nodes to the
 * scheduler, cordons the pool's other nodes and empties them by evictions; where that is so already, nothing moves.
 * Nodes and pods it only moves between: it makes and deletes none, and deleting it leaves everything as it is. A
 * preview asks nobody; a refresh asks who serves.
 *
 * It is a dynamic resource: the engine needs `pulumi-resource-pulumi-nodejs` on its PATH, which the SDK's package
 * brings, and the login of its kubeconfig in its environment.
 */
export class NodePoolRelease extends CustomResource {
  /** The build whose nodes carry the pool's pods; empty while that is mixed. */
  declare readonly servedBy: Output<string>;

  constructor(name: string, args: NodePoolReleaseArgs, opts?: CustomResourceOptions) {
    const props = { ...args, servedBy: undefined, __provider: source };
    super("pulumi-nodejs:dynamic/rollouts:NodePoolRelease", name, props, opts);
  }
}
