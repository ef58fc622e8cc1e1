import { setTimeout as sleep } from "node:timers/promises";
import { KubeConfig, Watch } from "@kubernetes/client-node";
import type { Weights } from "./haproxy.ts";
import { type KubeClient, mustSucceed } from "./kube-api.ts";
import { waitUntil } from "./process.ts";

/** One state of the route that the follower has seen. */
export interface SeenRoute {
  /** Wall clock, ms since the epoch, when the watch delivered it. */
  readonly at: number;
  /** When the balancer had applied it. */
  readonly appliedAt: number;
  readonly uid: string;
  readonly generation: number;
  /** By backend name, of the rule at `rule`. */
  readonly weights: Weights;
}

/** A gateway controller in small: keeps a balancer at the weights of an HTTPRoute. */
export interface RouteFollower {
  /** Every spec ever seen, in order; a status change adds nothing. */
  readonly seen: readonly SeenRoute[];
  /** Resolves once the last seen weights are these; throws with what was seen. */
  waitFor(weights: Weights, timeoutMs?: number): Promise<SeenRoute>;
  stop(): Promise<void>;
}

/** Which route to follow, and what to do with its weights. */
export interface FollowRouteOptions {
  readonly kubeconfigPath: string;
  /** Writes the route's status. */
  readonly api: KubeClient;
  readonly namespace: string;
  readonly name: string;
  /** Index of the rule whose backends are followed; default: 0. */
  readonly rule?: number;
  /** `haproxy.setWeights`, or anything else that applies weights. */
  readonly apply: (weights: Weights) => Promise<void>;
  /** ms between seeing a change and applying it: a slow router. Default: 0. */
  readonly delayMs?: () => number;
  /** Gets what goes wrong; the follower goes on. */
  readonly log?: (line: string) => void;
}

interface HttpRoute {
  readonly metadata: { readonly uid: string; readonly generation: number; readonly resourceVersion: string };
  readonly spec: {
    readonly parentRefs?: readonly unknown[];
    readonly rules?: readonly { readonly backendRefs?: readonly { name: string; weight?: number }[] }[];
  };
}

const group = "/apis/gateway.networking.k8s.io/v1";
const controllerName = "rollouts.test/haproxy";

/**
 * Watches one HTTPRoute, feeds each change to the balancer and then writes Accepted=True and
 * ResolvedRefs=True with the observedGeneration, as a gateway controller does. The route need not exist yet.
 */
export function followRoute(options: FollowRouteOptions): RouteFollower {
  const seen: SeenRoute[] = [];
  const stopping = new AbortController();
  let work = Promise.resolve();
  const onRoute = (route: HttpRoute, at: number): void => {
    work = work
      .then(() => handle(route, at, { options, seen }))
      .catch((error) => options.log?.(`route follower: ${error}`));
  };
  const watching = watchForever(options, onRoute, stopping.signal);
  return {
    seen,
    async waitFor(weights, timeoutMs = 10_000) {
      const wanted = Object.entries(weights);
      const last = (): SeenRoute | undefined => seen.at(-1);
      try {
        const ready = async (): Promise<boolean> =>
          last() !== undefined && wanted.every(([name, weight]) => last()?.weights[name] === weight);
        await waitUntil({ what: `the route at ${JSON.stringify(weights)}`, timeoutMs, ready, pollMs: 10 });
      } catch (error) {
        throw new Error(`${error instanceof Error ? error.message : error}; seen: ${JSON.stringify(seen)}`);
      }
      return last() as SeenRoute;
    },
    async stop() {
      stopping.abort();
      await watching;
      await work;
    },
  };
}

interface Follower {
  readonly options: FollowRouteOptions;
  readonly seen: SeenRoute[];
}

async function handle(route: HttpRoute, at: number, { options, seen }: Follower): Promise<void> {
  const { uid, generation } = route.metadata;
  // The status that we write comes back as an event of the same generation.
  const last = seen.at(-1);
  if (last?.uid === uid && last.generation === generation) return;
  const backends = route.spec.rules?.[options.rule ?? 0]?.backendRefs ?? [];
  const weights = Object.fromEntries(backends.map((backend) => [backend.name, backend.weight ?? 1]));
  const delay = options.delayMs?.() ?? 0;
  if (delay > 0) await sleep(delay);
  await options.apply(weights);
  seen.push({ at, appliedAt: Date.now(), uid, generation, weights });
  await writeStatus(route, options);
}

async function writeStatus(route: HttpRoute, options: FollowRouteOptions): Promise<void> {
  const condition = (type: string, reason: string) => ({
    type,
    status: "True",
    reason,
    message: "",
    observedGeneration: route.metadata.generation,
    lastTransitionTime: new Date().toISOString(),
  });
  const parents = (route.spec.parentRefs ?? []).map((parentRef) => ({
    parentRef,
    controllerName,
    conditions: [condition("Accepted", "Accepted"), condition("ResolvedRefs", "ResolvedRefs")],
  }));
  await mustSucceed(options.api, {
    method: "PATCH",
    path: `${group}/namespaces/${options.namespace}/httproutes/${options.name}/status`,
    body: { status: { parents } },
  });
}

async function watchForever(
  options: FollowRouteOptions,
  onRoute: (route: HttpRoute, at: number) => void,
  signal: AbortSignal,
): Promise<void> {
  const config = new KubeConfig();
  config.loadFromFile(options.kubeconfigPath);
  const path = `${group}/namespaces/${options.namespace}/httproutes`;
  let resourceVersion: string | undefined;
  while (!signal.aborted) {
    const query = {
      fieldSelector: `metadata.name=${options.name}`,
      ...(resourceVersion ? { resourceVersion } : {}),
    };
    await new Promise<void>((resolve) => {
      const onEvent = (type: string, route: HttpRoute): void => {
        // Going on from the last version seen, a new connection misses nothing in between.
        if (type === "ERROR") resourceVersion = undefined;
        else resourceVersion = route.metadata.resourceVersion;
        if (type === "ADDED" || type === "MODIFIED") onRoute(route, Date.now());
      };
      new Watch(config)
        .watch(path, query, onEvent, () => resolve())
        .then((connection) => {
          signal.addEventListener("abort", () => connection.abort(), { once: true });
          if (signal.aborted) connection.abort();
        }, resolve);
    });
    if (!signal.aborted) await sleep(50);
  }
}
