import { Worker } from "node:worker_threads";
import type { ControlPlane } from "./control-plane.ts";
import { waitUntil } from "./process.ts";

/** What a watcher saw of a route: one entry for each of its versions. */
export interface SeenWeight {
  /** Wall time, ms since the epoch, at which the event arrived. */
  readonly at: number;
  readonly generation: number;
  /** Weight of the candidate's backend; 0 without one. */
  readonly weight: number;
  /** Sum of all weights: 100 wherever the product writes. */
  readonly sum: number;
}

/** Somebody who watches a route from outside, in a thread of its own: a busy driver doesn't delay it. */
export interface RouteWatcher {
  readonly seen: readonly SeenWeight[];
  /** The candidate's weights in order, without repetition: `[0, 5, 20, …]`. */
  weights(from?: number): readonly number[];
  /** Resolves with the first event from the index `from` on that has this weight. */
  waitFor(
    weight: number,
    options?: { readonly from?: number; readonly timeoutMs?: number },
  ): Promise<SeenWeight>;
  stop(): Promise<void>;
}

/** What the worker gets. */
export interface WatchTarget {
  readonly server: string;
  readonly token: string;
  readonly caFile: string;
  readonly namespace: string;
  readonly route: string;
  readonly candidate: string;
}

/** Watches one HTTPRoute, which need not exist yet. */
export function watchRoute(
  { server, token, caFile }: ControlPlane,
  target: Pick<WatchTarget, "namespace" | "route" | "candidate">,
): RouteWatcher {
  const workerData: WatchTarget = { server, token, caFile, ...target };
  const worker = new Worker(new URL("./cluster-watch-worker.ts", import.meta.url), { workerData });
  worker.unref();
  const seen: SeenWeight[] = [];
  let failure: unknown;
  worker.on("message", (entry: SeenWeight) => seen.push(entry));
  worker.once("error", (error) => {
    failure = error;
  });
  return {
    seen,
    weights: (from = 0) =>
      seen
        .slice(from)
        .map(({ weight }) => weight)
        .filter((weight, index, all) => index === 0 || weight !== all[index - 1]),
    waitFor: async (weight, { from = 0, timeoutMs = 60_000 } = {}) => {
      const find = () => seen.slice(from).find((entry) => entry.weight === weight);
      const ready = async () => {
        if (failure !== undefined) throw failure;
        return find() !== undefined;
      };
      await waitUntil({ what: `weight ${weight} at the watcher`, timeoutMs, pollMs: 5, ready });
      return find() as SeenWeight;
    },
    stop: async () => void (await worker.terminate()),
  };
}
