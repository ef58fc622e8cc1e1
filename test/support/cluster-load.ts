import { Worker } from "node:worker_threads";

/** One request as its sender saw it. Times in ms, wall clock. */
export interface Sample {
  readonly startedAt: number;
  readonly endedAt: number;
  /** 0: the connection failed. */
  readonly status: number;
  /** Who answered, by the header `x-version`: `stable` or `canary`; empty where the balancer itself did. */
  readonly side: string;
}

/** Requests at a steady rate, until stopped or until `maxSeconds` are over. */
export interface Load {
  /** Stops, waits for what is in flight, and gives every request that was sent, in order. */
  stop(): Promise<readonly Sample[]>;
}

/** What to send, and the bound of it. */
export interface LoadOptions {
  /** Loopback only. */
  readonly url: string;
  readonly perSecond: number;
  readonly maxSeconds: number;
}

/** Starts a load in a thread of its own, so that a busy driver doesn't look like a slow service. */
export function startLoad(options: LoadOptions): Load {
  if (new URL(options.url).hostname !== "127.0.0.1") throw new Error("load is for loopback only");
  const worker = new Worker(new URL("./cluster-load-worker.ts", import.meta.url), { workerData: options });
  worker.unref();
  let result: Promise<readonly Sample[]> | undefined;
  return {
    stop: () => {
      result ??= new Promise<readonly Sample[]>((resolve, reject) => {
        worker.once("message", resolve);
        worker.once("error", reject);
        worker.postMessage("stop");
      }).finally(() => worker.terminate());
      return result;
    },
  };
}

/** Requests that went wrong without the service's doing: no connection, or an answer of the balancer itself. */
export function lost(samples: readonly Sample[]): readonly Sample[] {
  return samples.filter(({ status, side }) => status === 0 || side === "");
}

/** The value below which the share `q` of the values lies. */
export function quantile(values: readonly number[], q: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil(q * sorted.length) - 1)] ?? Number.NaN;
}

/**
 * Whether `hits` of `n` can be chance at a share `p`: neither tail of the exact binomial is below `alpha / 2`.
 */
export function withinBinomial(
  count: { readonly hits: number; readonly n: number },
  p: number,
  alpha = 1e-6,
): boolean {
  const { hits, n } = count;
  if (p <= 0) return hits === 0;
  if (p >= 1) return hits === n;
  let below = 0;
  let above = 0;
  // log of C(n, k), carried along from k = 0.
  let logChoose = 0;
  for (let k = 0; k <= n; k++) {
    const mass = Math.exp(logChoose + k * Math.log(p) + (n - k) * Math.log1p(-p));
    if (k <= hits) below += mass;
    if (k >= hits) above += mass;
    logChoose += Math.log(n - k) - Math.log(k + 1);
  }
  return below >= alpha / 2 && above >= alpha / 2;
}
