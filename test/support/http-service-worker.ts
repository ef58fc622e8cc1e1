import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { parentPort, workerData } from "node:worker_threads";
import type { ServiceBehaviour, ServiceCounts, ServiceSpec } from "./http-service.ts";

// Runs in a thread of its own, so that a busy test doesn't look like a slow service.

const buckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

class Service {
  readonly spec: ServiceSpec;
  behaviour: ServiceBehaviour;
  readonly codes = new Map<number, number>([
    [200, 0],
    [500, 0],
  ]);
  readonly bins = buckets.map(() => 0);
  seconds = 0;
  answered = 0;
  exceptions = 0;
  inFlight = 0;
  /** What is left of each share: rates come out exact instead of nearly. */
  readonly dues = { error: 0, slow: 0, exception: 0 };

  constructor(spec: ServiceSpec) {
    this.spec = spec;
    this.behaviour = spec;
  }

  /** True for exactly `share` of the calls, evenly spread. */
  due(kind: "error" | "slow" | "exception", share: number): boolean {
    this.dues[kind] += share;
    // The sum of 0.05s falls a hair short of 1.
    if (this.dues[kind] < 1 - 1e-9) return false;
    this.dues[kind] -= 1;
    return true;
  }

  handle(request: IncomingMessage, response: ServerResponse): void {
    const { ready = true, live = true } = this.behaviour;
    const healthy: Record<string, boolean> = {
      "/health": ready && live,
      "/health/ready": ready,
      "/health/live": live,
    };
    const path = request.url ?? "/";
    const health = healthy[path];
    if (path === "/metrics") reply(response, 200, this.metrics());
    else if (health !== undefined) reply(response, health ? 200 : 503, `${health ? "ok" : "failing"}\n`);
    else this.serve(response);
  }

  serve(response: ServerResponse): void {
    const { errorRate = 0, slowShare = 0, exceptionRate = 0, latencyMs = 0, slowMs = 0 } = this.behaviour;
    const code = this.due("error", errorRate) ? 500 : 200;
    if (this.due("exception", exceptionRate)) this.exceptions += 1;
    const wait = this.due("slow", slowShare) ? slowMs : latencyMs;
    const started = performance.now();
    this.inFlight += 1;
    const answer = (): void => {
      const seconds = (performance.now() - started) / 1000;
      this.inFlight -= 1;
      this.answered += 1;
      this.seconds += seconds;
      this.codes.set(code, (this.codes.get(code) ?? 0) + 1);
      buckets.forEach((limit, i) => {
        if (seconds <= limit) this.bins[i] = (this.bins[i] ?? 0) + 1;
      });
      response.setHeader("x-version", this.spec.version);
      reply(response, code, `${this.spec.app} ${this.spec.version}\n`);
    };
    if (wait > 0) setTimeout(answer, wait);
    else answer();
  }

  metrics(): string {
    const labels = `app="${this.spec.app}",version="${this.spec.version}"`;
    const duration = "http_request_duration_seconds";
    return [
      "# TYPE http_requests_total counter",
      ...[...this.codes].map(([code, n]) => `http_requests_total{${labels},code="${code}"} ${n}`),
      `# TYPE ${duration} histogram`,
      ...buckets.map((limit, i) => `${duration}_bucket{${labels},le="${limit}"} ${this.bins[i]}`),
      `${duration}_bucket{${labels},le="+Inf"} ${this.answered}`,
      `${duration}_sum{${labels}} ${this.seconds}`,
      `${duration}_count{${labels}} ${this.answered}`,
      "# TYPE exceptions_total counter",
      `exceptions_total{${labels}} ${this.exceptions}`,
      "",
    ].join("\n");
  }

  counts(): ServiceCounts {
    const errors = [...this.codes].reduce((sum, [code, n]) => sum + (code >= 500 ? n : 0), 0);
    return { requests: this.answered, errors, exceptions: this.exceptions, inFlight: this.inFlight };
  }
}

function reply(response: ServerResponse, code: number, text: string): void {
  response.writeHead(code, { "content-type": "text/plain; version=0.0.4" }).end(text);
}

const services = (workerData as readonly ServiceSpec[]).map((spec) => new Service(spec));
const ports = await Promise.all(
  services.map(async (service) => {
    const server = createServer((request, response) => service.handle(request, response));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return (server.address() as AddressInfo).port;
  }),
);

/** A question of the test: change a service, or count. */
interface WorkerCall {
  readonly id: number;
  readonly index: number;
  readonly behaviour?: ServiceBehaviour;
}

parentPort?.on("message", ({ id, index, behaviour }: WorkerCall) => {
  const service = services[index];
  if (service && behaviour) service.behaviour = { ...service.behaviour, ...behaviour };
  parentPort?.postMessage({ id, counts: service?.counts() });
});
parentPort?.postMessage({ ports });
