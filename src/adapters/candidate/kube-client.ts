import type { ObservableMiddleware } from "@kubernetes/client-node";
import { RolloutError } from "../../errors/errors.ts";
import { callFailure, loadKubeconfig } from "../../lib/kube-call.ts";

/** A cluster and a namespace of it, as a lever's config names them. */
export interface ClusterPlace {
  readonly namespace: string;
  /** Path of a kubeconfig; absent: the client's usual places. */
  readonly kubeconfig?: string;
  /** Absent: the kubeconfig's current one. */
  readonly context?: string;
}

export interface LogQuery {
  readonly pod: string;
  readonly container: string;
  /** Of the run before the last restart. */
  readonly previous: boolean;
  readonly tailLines: number;
  readonly limitBytes: number;
}

/** The calls that evidence needs. Each throws what the client throws; `reasonOf` tells it. */
export interface PodsApi {
  /** The list as the API gives it: `{ items: […] }`. */
  list(labels: Readonly<Record<string, string>>, signal: AbortSignal): Promise<unknown>;
  log(query: LogQuery, signal: AbortSignal): Promise<string>;
}

/** Network time of one call, ms: a server that hangs must not hang an export. */
const timeoutMs = 30_000;

/** Loads the official client and the kubeconfig. @throws RolloutError `kubeconfig-invalid` */
export async function connect({ namespace, kubeconfig, context }: ClusterPlace): Promise<PodsApi> {
  const { CoreV1Api, CustomObjectsApi, KubeConfig, Observable } = await import("@kubernetes/client-node");
  const config = new KubeConfig();
  loadKubeconfig(config, { kubeconfig, context });
  const core = config.makeApiClient(CoreV1Api);
  const objects = config.makeApiClient(CustomObjectsApi);
  const until = (signal: AbortSignal) => {
    const either = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
    const middleware: ObservableMiddleware = {
      pre: (request) => {
        // The client's call for any object gives JSON as it is, and knows groups with a name only.
        request.setUrl(request.getUrl().replace("/apis//", "/api/"));
        request.setSignal(either);
        return new Observable(Promise.resolve(request));
      },
      post: (response) => new Observable(Promise.resolve(response)),
    };
    return { middleware: [middleware], middlewareMergeStrategy: "append" as const };
  };
  return {
    list: async (labels, signal) => {
      const pods = { group: "", version: "v1", plural: "pods", namespace };
      const labelSelector = Object.entries(labels)
        .map(([key, value]) => `${key}=${value}`)
        .join(",");
      return await objects.listNamespacedCustomObject({ ...pods, labelSelector }, until(signal));
    },
    log: async ({ pod, ...query }, signal) =>
      await core.readNamespacedPodLog({ name: pod, namespace, timestamps: true, ...query }, until(signal)),
  };
}

/** What was thrown, in words, with the API's own reason. */
export function reasonOf(what: string, cause: unknown): string {
  // The kubeconfig: it says all by itself.
  return cause instanceof RolloutError ? cause.message : callFailure(what, cause).message;
}
