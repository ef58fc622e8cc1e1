import { CustomResource, type CustomResourceOptions, type Output } from "@pulumi/pulumi";
import { providerSource } from "./slot-release-provider.ts";

/** Arguments of `NodePoolRelease`. Plain data. */
export interface NodePoolReleaseArgs {
  /** The pool's lasting name, as its nodes carry it: `work`. */
  readonly pool: string;
  /** Hash of the version whose nodes have to carry the pool's pods. */
  readonly build: string;
  /** What these nodes have to run, whole: `1.34.2`. */
  readonly kubernetesVersion: string;
  /** Date of their node image, `202511.06.0`; absent: any. */
  readonly nodeImage?: string;
  /** At least so many of them have to be Ready before a pod moves. */
  readonly nodes: number;
  /** Nodes that are emptied at a time: `1`, `33%`. */
  readonly maxSurge: string;
  /** How long the pods of one node may take to go, within their disruption budgets. */
  readonly drainTimeoutSeconds: number;
  /** Kubeconfig path; default: the client's usual places. */
  readonly kubeconfig?: string;
  readonly context?: string;
  /** A revert: users first, without the checks of the way forward. */
  readonly back?: boolean;
}

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
