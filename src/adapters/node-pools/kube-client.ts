import type {
  CoreV1Api,
  KubeConfig,
  ObservableMiddleware,
  PolicyV1Api,
  VersionApi,
} from "@kubernetes/client-node";
import { RolloutError } from "../../errors/errors.ts";
import { callFailure, loadKubeconfig } from "../../lib/kube-call.ts";

/** Which cluster. */
export interface KubePlace {
  /** Path of a kubeconfig; absent: the client's usual places. */
  readonly kubeconfig?: string;
  /** Absent: the kubeconfig's current one. */
  readonly context?: string;
  /** Base URL of a rehearsal's API, without login: no kubeconfig is read. */
  readonly server?: string;
}

/** A refused or failed call. `status` is the HTTP status; absent where the API server did not answer. */
export class KubeCallFailed extends RolloutError {
  readonly status: number | undefined;

  constructor(message: string, options: { readonly status?: number; readonly cause?: unknown }) {
    const denied = options.status === 401 || options.status === 403;
    super(message, {
      code: denied ? "kube-denied" : "kube-api",
      exit: denied ? "auth" : "resource",
      cause: options.cause,
      hint: hintOf(options.status),
    });
    this.status = options.status;
  }
}

/** Headers and an end for one request, as the client takes them. */
export interface RequestOptions {
  readonly middleware: ObservableMiddleware[];
  readonly middlewareMergeStrategy: "append";
}

/** The parts of the client that are used, and how a request of it gets headers and an end. */
export interface KubeClient {
  readonly core: CoreV1Api;
  readonly policy: PolicyV1Api;
  readonly version: VersionApi;
  withRequest(headers: Readonly<Record<string, string>>, signal: AbortSignal): RequestOptions;
}

/** Loads the official client, which takes about a second, and the kubeconfig. @throws RolloutError `kubeconfig-invalid` */
export async function connect(place: KubePlace): Promise<KubeClient> {
  const { CoreV1Api, KubeConfig, Observable, PolicyV1Api, VersionApi } = await import(
    "@kubernetes/client-node"
  );
  const config = new KubeConfig();
  load(config, place);
  return {
    core: config.makeApiClient(CoreV1Api),
    policy: config.makeApiClient(PolicyV1Api),
    version: config.makeApiClient(VersionApi),
    withRequest: (headers, signal) => {
      const middleware: ObservableMiddleware = {
        pre: (request) => {
          for (const [name, value] of Object.entries(headers)) request.setHeaderParam(name, value);
          request.setSignal(signal);
          return new Observable(Promise.resolve(request));
        },
        post: (response) => new Observable(Promise.resolve(response)),
      };
      return { middleware: [middleware], middlewareMergeStrategy: "append" };
    },
  };
}

function load(config: KubeConfig, { kubeconfig, context, server }: KubePlace): void {
  if (server !== undefined) {
    // The client speaks plain http only where it is told so.
    const cluster = { name: "rehearsal", server, skipTLSVerify: server.startsWith("http:") };
    config.loadFromClusterAndUser(cluster, { name: "rehearsal" });
    return;
  }
  loadKubeconfig(config, { kubeconfig, context });
}

/**
 * A failed call as an error that says what was to be done, with the API's own reason: `Could not cordon node a: HTTP
 * 403 Forbidden: …`.
 */
export function failureOf(what: string, cause: unknown): RolloutError {
  if (cause instanceof RolloutError) return cause; // The kubeconfig: it says all by itself.
  const { message, status } = callFailure(what, cause);
  return new KubeCallFailed(message, status === undefined ? { cause } : { status });
}

function hintOf(status: number | undefined): string {
  if (status === 401 || status === 403)
    return "Moving pods needs list on nodes, pods and poddisruptionbudgets, patch on nodes and create on pods/eviction.";
  if (status === undefined)
    return "Check that this machine reaches the API server, and rollout.lever.kubeconfig and context.";
  return "The API server's message says why.";
}
