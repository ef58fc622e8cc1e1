import { stableJson } from "../../lib/stable-json.ts";
import { wallClock } from "../../lib/wall-clock.ts";
import { openKubeNodes } from "./kube-nodes.ts";
import { movePool } from "./move.ts";
import type { MoveLimits } from "./move-limits.ts";
import { type NodePoolInputs, nodePoolInputs } from "./node-pool-inputs.ts";
import type { NodesApi } from "./nodes-api.ts";
import { servedBy } from "./pool-reading.ts";

/** What the engine keeps of a `NodePoolRelease`: what is asked for, and what was found to be so. */
export type NodePoolState = Omit<NodePoolInputs, "back"> & {
  /** The build whose nodes carry the pool's pods; empty while that is mixed. */
  readonly servedBy: string;
};

/** What comes from the engine: checked before use. */
type Props = Readonly<Record<string, unknown>>;

/** Moves the pool to what the inputs say. @throws RolloutError as `movePool` */
export async function create(props: Props): Promise<{ id: string; outs: NodePoolState }> {
  const inputs = nodePoolInputs(props);
  return { id: inputs.pool, outs: await moved(inputs) };
}

/**
 * As `create`. Where the pool was served by the build, and is, what else has changed is stored and nothing moves: that
 * more nodes are asked for must not make anybody wait for them.
 */
export async function update(_id: string, olds: Props, news: Props): Promise<{ outs: NodePoolState }> {
  const inputs = nodePoolInputs(news);
  const { build, pool } = inputs;
  const stays = olds["servedBy"] === build && (await servedBy(open(inputs), pool)) === build;
  return { outs: stays ? stateOf(inputs, build) : await moved(inputs) };
}

/** Who serves the pool now: a refresh shows what a lever, or somebody else, has moved. */
export async function read(id: string, props: Props): Promise<{ id: string; props: Props; inputs: Props }> {
  const inputs = nodePoolInputs(props);
  const { servedBy: _was, ...written } = props;
  const now = await servedBy(open(inputs), inputs.pool);
  return { id, props: { ...written, servedBy: now }, inputs: written };
}

/**
 * A change where the build isn't the one that serves, and where anything else but the way is another: that is stored
 * without a move. Another pool is another resource.
 */
export async function diff(
  _id: string,
  olds: Props,
  news: Props,
): Promise<{ changes: boolean; replaces: string[] }> {
  const inputs = nodePoolInputs(news);
  const old = nodePoolInputs(olds);
  const replaces = old.pool === inputs.pool ? [] : ["pool"];
  const changes =
    olds["servedBy"] !== inputs.build || stableJson(stateOf(old, "")) !== stableJson(stateOf(inputs, ""));
  return { changes, replaces };
}

async function moved(inputs: NodePoolInputs): Promise<NodePoolState> {
  const { pool, build, kubernetesVersion, nodeImage, nodes, maxSurge, drainTimeoutSeconds } = inputs;
  const limits = givenLimits();
  const api = open(inputs);
  await movePool({
    ...{ api, clock: wallClock, pool, build, maxSurge, drainTimeoutSeconds },
    direction: inputs.back ? "back" : "forward",
    want: { nodes, kubernetesVersion, ...(nodeImage === undefined ? {} : { nodeImage }) },
    ...(limits ? { limits } : {}),
  });
  // Read back, not believed: somebody else may be moving the pool too.
  return stateOf(inputs, await servedBy(api, pool));
}

/** The way back is no part of what is: a revert that is over shows no change. */
function stateOf({ back: _way, ...inputs }: NodePoolInputs, served: string): NodePoolState {
  return { ...inputs, servedBy: served };
}

function open({ kubeconfig, context }: NodePoolInputs): NodesApi {
  // A rehearsal's own API: whatever the program says, nothing of it may reach the real cluster.
  const server = process.env["PULUMI_ROLLOUTS_KUBE_SERVER"];
  if (server !== undefined) return openKubeNodes({ server });
  return openKubeNodes({
    ...(kubeconfig === undefined ? {} : { kubeconfig }),
    ...(context === undefined ? {} : { context }),
  });
}

/** How a rehearsal's moves are watched: its pods go at once. */
function givenLimits(): Partial<MoveLimits> | undefined {
  const text = process.env["PULUMI_ROLLOUTS_DRAIN_LIMITS"];
  return text === undefined ? undefined : JSON.parse(text);
}
