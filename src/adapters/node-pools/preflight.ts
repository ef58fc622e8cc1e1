import type { Preflight } from "../../ports/preflight.ts";
import type { NodePoolLeverConfig } from "../../types/node-pools.ts";
import { compareKube, type KubeVersion, kubeText, kubeVersionOf } from "./kube-version.ts";
import { type NodesApi, type PoolNode, stoppable } from "./nodes-api.ts";
import { listed, mustGo, obstaclesTo } from "./pods.ts";

/** Minor versions that a kubelet may be older than its control plane: Kubernetes' version skew policy. */
const maxSkew = 3;
/** Obstacles that are named one by one. */
const most = 10;

/** What a cluster has against new nodes and against evicting the pods of its pools. Reads only. */
export function createPreflight(api: NodesApi, config: NodePoolLeverConfig): Preflight {
  return {
    name: `node pools ${config.pools.join(", ")}`,
    run: async ({ version, signal }) => {
      const asked = stoppable(api, signal);
      const nodes = await asked.nodes(config.pools);
      const server = await asked.serverVersion();
      return [
        ...versionProblems(version, server),
        ...skewProblems(nodes, server),
        ...config.pools
          .filter((name) => !nodes.some(({ pool }) => pool === name))
          .map((name) => `pool ${name} has no node`),
        ...(await evictionProblems(asked, nodes)),
      ];
    },
  };
}

function versionProblems(version: string, server: string): string[] {
  const wanted = kubeVersionOf(version);
  const control = kubeVersionOf(server);
  if (wanted === undefined) return [`the version ${version} does not begin with a Kubernetes version`];
  if (control === undefined) return [`the control plane says that it is ${server}, which is no version`];
  const runs = `the control plane runs ${kubeText(control)}`;
  if (compareKube(control, wanted) < 0) {
    return [`${runs}, older than ${kubeText(wanted)}: upgrade it first`];
  }
  return isTooOld(wanted, control) ? [`${runs}: kubelets of ${kubeText(wanted)} are too old for it`] : [];
}

/** Nodes of today that the control plane has left behind, by their version. */
function skewProblems(nodes: readonly PoolNode[], server: string): string[] {
  const control = kubeVersionOf(server);
  if (control === undefined) return [];
  const late = Map.groupBy(
    nodes.filter(({ kubeletVersion }) => {
      const kubelet = kubeVersionOf(kubeletVersion);
      return kubelet !== undefined && isTooOld(kubelet, control);
    }),
    ({ kubeletVersion }) => kubeletVersion,
  );
  return [...late].map(([version, of]) => {
    const names = listed(
      of.map(({ name }) => name),
      3,
    );
    return `kubelet ${version} on ${names} is more than ${maxSkew} minor versions older than the control plane's ${kubeText(control)}`;
  });
}

function isTooOld(kubelet: KubeVersion, control: KubeVersion): boolean {
  return kubelet.major < control.major || control.minor - kubelet.minor > maxSkew;
}

async function evictionProblems(api: NodesApi, nodes: readonly PoolNode[]): Promise<readonly string[]> {
  const pods = [];
  for (const { name } of nodes) pods.push(...(await api.podsOn(name)).filter(mustGo));
  const found = obstaclesTo(pods, await api.budgets()).map(({ text }) => text);
  if (found.length <= most) return found;
  return [...found.slice(0, most), `${found.length - most} more pods or budgets stand against it`];
}
