import { RolloutError } from "../../errors/errors.ts";
import { type ClusterPlace, callFailure, openKube, selectorOf } from "../../lib/kube-call.ts";

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

/** @throws RolloutError `kubeconfig-invalid` (exit 2) */
export async function connect(place: ClusterPlace): Promise<PodsApi> {
  const { namespace } = place;
  const { client, config, withRequest } = await openKube(place);
  const core = config.makeApiClient(client.CoreV1Api);
  const objects = config.makeApiClient(client.CustomObjectsApi);
  const until = (signal: AbortSignal) =>
    withRequest({}, AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]));
  return {
    // The client's call for any object gives JSON as it is.
    list: async (labels, signal) => {
      const pods = { group: "", version: "v1", plural: "pods", namespace };
      const labelSelector = selectorOf(labels);
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
