export type { NodePoolArgs, NodePoolRolloutArgs } from "./components/node-pool-args.ts";
export { NodePoolRelease, type NodePoolReleaseArgs } from "./components/node-pool-release.ts";
export { NodePoolRollout } from "./components/node-pool-rollout.ts";
