import { RolloutError } from "../../errors/errors.ts";
import { type ClusterPlace, callFailure, openKube, selectorOf } from "../../lib/kube-call.ts";

export type { ClusterPlace };

/** One object of the API: group and version, plural, name. */
export interface KubeObject {
  /** Empty: the core group, of Services. */
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  readonly namespace: string;
  readonly name: string;
}

/** Objects of one kind in a namespace, by their labels. */
export type KubeObjects = Omit<KubeObject, "name"> & { readonly labels: Readonly<Record<string, string>> };

/** One operation of a JSON patch (RFC 6902). */
export type PatchOperation =
  | { readonly op: "test" | "add" | "replace"; readonly path: string; readonly value: unknown }
  | { readonly op: "remove"; readonly path: string };

/** The calls that levers make. All throw `KubeFailure`. */
export interface KubeApi {
  get(object: KubeObject, signal?: AbortSignal): Promise<unknown>;
  /** The list as the API gives it: `{ items: […] }`. */
  list(objects: KubeObjects, signal?: AbortSignal): Promise<unknown>;
  patch(object: KubeObject, operations: readonly PatchOperation[], signal?: AbortSignal): Promise<void>;
}

/** A refused or failed call. `status` is the HTTP status; absent where the API server did not answer. */
export class KubeFailure extends RolloutError {
  readonly status: number | undefined;

  constructor(message: string, options: { readonly status?: number; readonly cause?: unknown }) {
    super(message, {
      code: options.status === 401 || options.status === 403 ? "kube-denied" : "kube-api",
      exit: options.status === 401 || options.status === 403 ? "auth" : "resource",
      cause: options.cause,
      hint: hintOf(options.status),
    });
    this.status = options.status;
  }
}

/** Name of our field manager: its ownership of the weights is what fences a late update off (docs/decisions). */
export const fieldManager = "rollouts-lever";

/**
 * The API by the official client. The client is loaded at the first call (it takes about a second), the
 * kubeconfig too: config's file and context, else the usual places.
 */
export function openKubeApi(
  config: ClusterPlace,
  { timeoutMs = 10_000 }: { readonly timeoutMs?: number } = {},
): KubeApi {
  let opening: ReturnType<typeof connect> | undefined;
  const client = () => {
    opening ??= connect(config).catch((error: unknown) => {
      opening = undefined; // A kubeconfig that is mended later works later.
      throw error;
    });
    return opening;
  };
  const limited = (signal?: AbortSignal) => {
    // Network time, not rollout time: a server that hangs must not hang a revert.
    const late = AbortSignal.timeout(timeoutMs);
    return signal ? AbortSignal.any([signal, late]) : late;
  };
  return {
    get: (object, signal) =>
      named("read", object, async () => {
        const { api, withRequest } = await client();
        return await api.getNamespacedCustomObject(object, withRequest({}, limited(signal)));
      }),
    list: ({ labels, ...objects }, signal) =>
      named("list", objects, async () => {
        const { api, withRequest } = await client();
        const labelSelector = selectorOf(labels);
        return await api.listNamespacedCustomObject(
          { ...objects, labelSelector },
          withRequest({}, limited(signal)),
        );
      }),
    patch: (object, operations, signal) =>
      named("patch", object, async () => {
        const { api, withRequest } = await client();
        const options = withRequest({ "Content-Type": "application/json-patch+json" }, limited(signal));
        await api.patchNamespacedCustomObject({ ...object, body: operations, fieldManager }, options);
      }),
  };
}

async function connect(place: ClusterPlace) {
  const { client, config, withRequest } = await openKube(place);
  return { api: config.makeApiClient(client.CustomObjectsApi), withRequest };
}

/** Runs a call; what it throws names the object and the API's own reason. */
async function named<T>(
  verb: string,
  object: Omit<KubeObject, "name"> & { readonly name?: string },
  call: () => Promise<T>,
): Promise<T> {
  try {
    return await call();
  } catch (cause) {
    if (cause instanceof RolloutError) throw cause; // The kubeconfig: it says all by itself.
    const place = object.name === undefined ? object.namespace : `${object.namespace}/${object.name}`;
    const kind = object.group === "" ? object.plural : `${object.plural}.${object.group}`;
    const what = `${kind} ${place}`;
    const { message, status } = callFailure(`${verb} ${what}`, cause);
    throw new KubeFailure(message, status === undefined ? { cause } : { status });
  }
}

function hintOf(status: number | undefined): string {
  if (status === 401 || status === 403)
    return "The driver needs get on deployments and, for a canary, get and patch on httproutes; for a rollout in place, patch on deployments and list on replicasets.";
  if (status === 404)
    return "Check rollout.lever.namespace and the names in it; for a canary also rollout.lever.route, and that the Gateway API is installed.";
  if (status === undefined)
    return "Check that this machine reaches the API server, and rollout.lever.kubeconfig and context.";
  return "The API server's message says why.";
}
