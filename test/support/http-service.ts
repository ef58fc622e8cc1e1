import { Worker } from "node:worker_threads";

/** How a service behaves; what is left out stays as it is. */
export interface ServiceBehaviour {
  /** Share of the requests, 0-1, that get 500. Exact: 0.05 fails each 20th. */
  readonly errorRate?: number;
  /** ms before an answer. */
  readonly latencyMs?: number;
  /** Share of the requests, 0-1, that take `slowMs` instead. */
  readonly slowShare?: number;
  readonly slowMs?: number;
  /** Share of the requests, 0-1, that also count an exception. */
  readonly exceptionRate?: number;
  /** What /health/ready says; /health says 200 when both do. Default: true. */
  readonly ready?: boolean;
  /** What /health/live says. Default: true. */
  readonly live?: boolean;
}

/** A service to host. */
export interface ServiceSpec extends ServiceBehaviour {
  readonly app: string;
  readonly version: string;
}

/** What a service has done since it started; health checks and scrapes don't count. */
export interface ServiceCounts {
  readonly requests: number;
  readonly errors: number;
  readonly exceptions: number;
  readonly inFlight: number;
}

/** One listener; answers with its version in the text and in the header `x-version`. */
export interface HttpService {
  readonly app: string;
  readonly version: string;
  readonly port: number;
  /** http://127.0.0.1:port */
  readonly url: string;
  /** Changes the behaviour of the requests from now on. */
  set(behaviour: ServiceBehaviour): Promise<void>;
  counts(): Promise<ServiceCounts>;
}

interface Reply {
  readonly id?: number;
  readonly counts?: ServiceCounts;
  readonly ports?: readonly number[];
}

/**
 * Hosts HTTP services, each on a free loopback port, all in one thread. Each exposes `/metrics`
 * (`http_requests_total{app,version,code}`, the histogram `http_request_duration_seconds`,
 * `exceptions_total`), `/health`, `/health/ready` and `/health/live`.
 */
export async function startHttpServices(
  specs: readonly ServiceSpec[],
): Promise<{ readonly services: readonly HttpService[]; stop(): Promise<void> }> {
  const worker = new Worker(new URL("./http-service-worker.ts", import.meta.url), { workerData: specs });
  // The thread alone must not keep a test process alive.
  worker.unref();
  const waiting = new Map<number, (counts: ServiceCounts) => void>();
  let calls = 0;
  const ports = await new Promise<readonly number[]>((resolve, reject) => {
    worker.once("error", reject);
    worker.on("message", (reply: Reply) => {
      if (reply.ports) resolve(reply.ports);
      if (reply.id === undefined || !reply.counts) return;
      waiting.get(reply.id)?.(reply.counts);
      waiting.delete(reply.id);
    });
  });
  const call = (index: number, behaviour?: ServiceBehaviour): Promise<ServiceCounts> => {
    const id = ++calls;
    return new Promise((resolve) => {
      waiting.set(id, resolve);
      worker.postMessage({ id, index, behaviour });
    });
  };
  const services = specs.map(({ app, version }, index) => {
    const port = ports[index] ?? 0;
    return {
      app,
      version,
      port,
      url: `http://127.0.0.1:${port}`,
      set: async (behaviour: ServiceBehaviour) => void (await call(index, behaviour)),
      counts: () => call(index),
    };
  });
  return { services, stop: async () => void (await worker.terminate()) };
}
