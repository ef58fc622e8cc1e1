import { compareKube, kubeVersionOf } from "./kube-version.ts";
import type { MoveContext } from "./move.ts";
import * as fail from "./move-errors.ts";
import type { PoolNode } from "./nodes-api.ts";

/** What the nodes of a build have to be before pods move to them. */
export interface WantedNodes {
  /** At least so many of them Ready. */
  readonly nodes: number;
  /** Of the kubelet: `1.34.2`. */
  readonly kubernetesVersion: string;
  /** Date of the node image, `202511.06.0`; absent: any. */
  readonly nodeImage?: string;
}

/**
 * Waits until enough nodes of the build are Ready. Nodes of another version or image never become right, so they are an
 * error at once.
 *
 * @throws RolloutError `nodes-differ`, `nodes-not-ready`
 */
export async function nodesReady(context: MoveContext, want: WantedNodes): Promise<void> {
  const { api, clock, pool, build, limits, signal } = context;
  const startedMs = clock.now();
  for (;;) {
    const own = (await api.nodes([pool])).filter((node) => node.build === build);
    const found = own.flatMap((node) => differencesOf(node, want));
    if (found.length > 0) throw fail.differ(context, found);
    if (own.filter(({ ready }) => ready).length >= want.nodes) return;
    const waitedMs = clock.now() - startedMs;
    if (waitedMs >= limits.readyMs) throw fail.notReady(context, { own, wanted: want.nodes, waitedMs });
    await clock.sleep(limits.pollMs, signal);
    signal?.throwIfAborted();
  }
}

function differencesOf(node: PoolNode, want: WantedNodes): string[] {
  const { name, ready, kubeletVersion, nodeImage } = node;
  // What a node that isn't Ready hasn't said yet, it may still say.
  const saysVersion = ready || kubeletVersion !== "";
  const saysImage = ready || nodeImage !== undefined;
  const wrong: string[] = [];
  if (saysVersion && !sameVersion(kubeletVersion, want.kubernetesVersion)) {
    wrong.push(`${name} runs kubelet ${kubeletVersion || "of no version"}, not ${want.kubernetesVersion}`);
  }
  if (want.nodeImage !== undefined && saysImage && !nodeImage?.endsWith(`-${want.nodeImage}`)) {
    wrong.push(
      `${name} has ${nodeImage ? `node image ${nodeImage}` : "no node image label"}, not ${want.nodeImage}`,
    );
  }
  return wrong;
}

function sameVersion(found: string, wanted: string): boolean {
  const [a, b] = [kubeVersionOf(found), kubeVersionOf(wanted)];
  return a !== undefined && b !== undefined && compareKube(a, b) === 0;
}
