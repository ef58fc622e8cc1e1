import type { V1Node, V1ObjectMeta, V1Pod, V1PodDisruptionBudget } from "@kubernetes/client-node";
import { nodeBuildLabel, nodePoolLabel } from "../../plan/identity.ts";
import { connect, failureOf, type KubeClient, type KubePlace } from "./kube-client.ts";
import type { DisruptionBudget, NodePod, NodesApi, PoolNode } from "./nodes-api.ts";

/** Name of the driver's field manager, as on its other writes. */
const fieldManager = "rollouts-lever";
const nodeImageLabel = "kubernetes.azure.com/node-image-version";
const mirrorAnnotation = "kubernetes.io/config.mirror";

export interface KubeNodesOptions extends KubePlace {
  /** For one request, in real time. Default 10 s. */
  readonly timeoutMs?: number;
  /** Objects of one answer; more come page by page. Default 500. */
  readonly pageSize?: number;
}

/** Runs one request; what it throws says what was to be done. */
type Call = <T>(
  what: string,
  signal: AbortSignal | undefined,
  request: (client: KubeClient, limited: AbortSignal) => Promise<T>,
) => Promise<T>;

/** Nodes and pods by the official client, which is loaded at the first call. @throws `KubeCallFailed` in each call */
export function openKubeNodes(options: KubeNodesOptions): NodesApi {
  const call = caller(options);
  const limit = options.pageSize ?? 500;
  return {
    nodes: (pools, signal) => {
      const labelSelector = `${nodePoolLabel} in (${pools.join(",")})`;
      return everyPage(`list the nodes of ${pools.join(", ")}`, nodeOf, (what, page) =>
        call(what, signal, ({ core, withRequest }, limited) =>
          core.listNode({ labelSelector, limit, ...page }, withRequest({}, limited)),
        ),
      );
    },
    podsOn: (node, signal) => {
      const fieldSelector = `spec.nodeName=${node}`;
      return everyPage(`list the pods on node ${node}`, podOf, (what, page) =>
        call(what, signal, ({ core, withRequest }, limited) =>
          core.listPodForAllNamespaces({ fieldSelector, limit, ...page }, withRequest({}, limited)),
        ),
      );
    },
    budgets: (signal) =>
      everyPage("list the disruption budgets", budgetOf, (what, page) =>
        call(what, signal, ({ policy, withRequest }, limited) =>
          policy.listPodDisruptionBudgetForAllNamespaces({ limit, ...page }, withRequest({}, limited)),
        ),
      ),
    cordon: (node, cordoned, signal) =>
      call(`${cordoned ? "cordon" : "uncordon"} node ${node}`, signal, async (client, limited) => {
        const body = { spec: { unschedulable: cordoned } };
        const merge = client.withRequest({ "Content-Type": "application/merge-patch+json" }, limited);
        await client.core.patchNode({ name: node, body, fieldManager }, merge);
      }),
    evict: (pod, signal) => evict(call, pod, signal),
    serverVersion: (signal) =>
      call("read the control plane's version", signal, async ({ version, withRequest }, limited) => {
        const { gitVersion } = await version.getCode(withRequest({}, limited));
        return gitVersion;
      }),
  };
}

/** Limits each request, and opens the client once. */
function caller({ timeoutMs = 10_000, ...place }: KubeNodesOptions): Call {
  let opening: ReturnType<typeof connect> | undefined;
  const client = () => {
    opening ??= connect(place).catch((error: unknown) => {
      opening = undefined; // A kubeconfig that is mended later works later.
      throw error;
    });
    return opening;
  };
  return async (what, signal, request) => {
    // Network time, not rollout time: a server that hangs must not hang a revert.
    const late = AbortSignal.timeout(timeoutMs);
    try {
      return await request(await client(), signal ? AbortSignal.any([signal, late]) : late);
    } catch (cause) {
      signal?.throwIfAborted();
      throw failureOf(what, cause);
    }
  };
}

async function evict(
  call: Call,
  { namespace, name, uid }: Parameters<NodesApi["evict"]>[0],
  signal: AbortSignal | undefined,
): ReturnType<NodesApi["evict"]> {
  const body = {
    apiVersion: "policy/v1",
    kind: "Eviction",
    metadata: { namespace, name },
    // A StatefulSet's next pod has the same name, on another node: it isn't meant.
    deleteOptions: { preconditions: { uid } },
  };
  try {
    await call(`evict pod ${namespace}/${name}`, signal, ({ core, withRequest }, limited) =>
      core.createNamespacedPodEviction({ namespace, name, body, fieldManager }, withRequest({}, limited)),
    );
    return "accepted";
  } catch (error) {
    const { status } = Object(error) as { readonly status?: unknown };
    if (status === 429) return "blocked";
    if (status === 404 || status === 409) return "gone";
    throw error;
  }
}

interface Page<T> {
  readonly items?: readonly T[];
  readonly metadata?: { readonly _continue?: string };
}

/** All pages of a list. An answer without a list is no empty one. */
async function everyPage<From, To>(
  what: string,
  mapped: (item: From) => To,
  next: (what: string, page: { readonly _continue?: string }) => Promise<Page<From>>,
): Promise<readonly To[]> {
  const found: To[] = [];
  let at: string | undefined;
  do {
    const { items, metadata } = await next(what, at ? { _continue: at } : {});
    if (!Array.isArray(items)) throw failureOf(what, new Error("the answer holds no list"));
    found.push(...items.map(mapped));
    at = metadata?._continue;
  } while (at);
  return found;
}

function nodeOf({ metadata, spec, status }: V1Node): PoolNode {
  const labels = metadata?.labels ?? {};
  const nodeImage = labels[nodeImageLabel];
  return {
    name: metadata?.name ?? "",
    pool: labels[nodePoolLabel] ?? "",
    build: labels[nodeBuildLabel] ?? "",
    ready: status?.conditions?.some((c) => c.type === "Ready" && c.status === "True") ?? false,
    schedulable: spec?.unschedulable !== true,
    kubeletVersion: status?.nodeInfo?.kubeletVersion ?? "",
    ...(nodeImage === undefined ? {} : { nodeImage }),
  };
}

function podOf({ metadata, status }: V1Pod): NodePod {
  const owner = metadata?.ownerReferences?.find(({ controller }) => controller === true)?.kind;
  return {
    ...placeOf(metadata),
    uid: metadata?.uid ?? "",
    labels: metadata?.labels ?? {},
    ...(owner === undefined ? {} : { owner }),
    mirror: metadata?.annotations?.[mirrorAnnotation] !== undefined,
    phase: status?.phase ?? "Unknown",
    terminating: metadata?.deletionTimestamp !== undefined,
  };
}

function budgetOf({ metadata, spec, status }: V1PodDisruptionBudget): DisruptionBudget {
  const { matchLabels, matchExpressions } = spec?.selector ?? {};
  const selector = {
    ...(matchLabels === undefined ? {} : { matchLabels }),
    ...(matchExpressions === undefined
      ? {}
      : {
          matchExpressions: matchExpressions.map(({ key, operator, values = [] }) => ({
            key,
            operator,
            values,
          })),
        }),
  };
  return {
    ...placeOf(metadata),
    ...(spec?.selector === undefined ? {} : { selector }),
    // What the API itself goes by until the budget's controller has counted.
    disruptionsAllowed: status?.disruptionsAllowed ?? 0,
    room: (status?.expectedPods ?? 0) - (status?.desiredHealthy ?? 0),
  };
}

function placeOf(metadata: V1ObjectMeta | undefined): { readonly namespace: string; readonly name: string } {
  return { namespace: metadata?.namespace ?? "", name: metadata?.name ?? "" };
}
