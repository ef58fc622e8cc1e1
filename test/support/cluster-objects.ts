import { type KubeClient, mustSucceed } from "./kube-api.ts";
import { waitUntil } from "./process.ts";

/** Lets a namespace hold no more pods than these: further ones wait, as for want of room in a cluster. */
export async function limitPods(api: KubeClient, namespace: string, pods: number): Promise<void> {
  const path = `/api/v1/namespaces/${namespace}/resourcequotas`;
  const body = {
    apiVersion: "v1",
    kind: "ResourceQuota",
    metadata: { name: "pods" },
    spec: { hard: { pods: String(pods) } },
  };
  await mustSucceed(api, { method: "POST", path, body });
  // Until its controller has counted, it limits nothing.
  const ready = async () => (await api({ path: `${path}/pods` })).body.status?.hard?.pods === String(pods);
  await waitUntil({ what: "the quota", timeoutMs: 30_000, ready });
}

/** Takes the limit away. */
export async function unlimitPods(api: KubeClient, namespace: string): Promise<void> {
  await mustSucceed(api, {
    method: "DELETE",
    path: `/api/v1/namespaces/${namespace}/resourcequotas/pods`,
  });
}

/** Replicas of a Deployment, as its scale says: what an autoscaler reads and writes. */
export async function replicasOf(
  api: KubeClient,
  namespace: string,
  name: string,
): Promise<{ readonly wanted: number; readonly ready: number }> {
  const path = `/apis/apps/v1/namespaces/${namespace}/deployments/${name}`;
  const { body } = await mustSucceed(api, { path });
  return { wanted: body.spec.replicas, ready: body.status?.readyReplicas ?? 0 };
}

/** Writes the scale of a Deployment, as an autoscaler does, and waits until its pods are ready. */
export async function scaleTo(
  api: KubeClient,
  namespace: string,
  of: { readonly name: string; readonly replicas: number },
): Promise<void> {
  const path = `/apis/apps/v1/namespaces/${namespace}/deployments/${of.name}/scale`;
  await mustSucceed(api, { method: "PATCH", path, body: { spec: { replicas: of.replicas } } });
  const ready = async () => (await replicasOf(api, namespace, of.name)).ready === of.replicas;
  await waitUntil({ what: `${of.replicas} pods of ${of.name}`, timeoutMs: 30_000, ready });
}
