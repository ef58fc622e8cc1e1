import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { RolloutError } from "../../errors/errors.ts";
import { messageOf } from "../../lib/error-message.ts";
import { prometheusContentType, prometheusText } from "../../lib/metrics/prometheus-text.ts";
import type { MetricsNow } from "../../types/own-metrics.ts";

export interface MetricsServerOptions {
  readonly host: string;
  /** 0: a free one. */
  readonly port: number;
  /** Asked at each request. */
  readonly read: () => Promise<MetricsNow>;
}

export interface MetricsServer {
  /** `http://127.0.0.1:9464/metrics`. */
  readonly url: string;
  close(): Promise<void>;
}

/**
 * `GET /metrics` in Prometheus' text format; reads only. It doesn't keep the process alive.
 *
 * @throws RolloutError `metrics-port` where nothing can listen there (exit 2)
 */
export async function serveMetrics({ host, port, read }: MetricsServerOptions): Promise<MetricsServer> {
  const server = createServer((request, response) => void answer(request, response, read));
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error) => reject(refused(error, host, port)));
    server.listen(port, host, resolve);
  });
  server.unref();
  const address = server.address() as AddressInfo;
  const at = address.family === "IPv6" ? `[${address.address}]` : address.address;
  return {
    url: `http://${at}:${address.port}/metrics`,
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function answer(
  { method, url = "/" }: IncomingMessage,
  response: ServerResponse,
  read: MetricsServerOptions["read"],
): Promise<void> {
  const path = url.split("?")[0];
  if (path !== "/metrics") return end(response, { status: 404, text: "Metrics are at /metrics.\n" });
  if (method !== "GET" && method !== "HEAD") {
    response.setHeader("allow", "GET, HEAD");
    return end(response, { status: 405, text: "Metrics are read only.\n" });
  }
  try {
    const { families } = await read();
    response.setHeader("content-type", prometheusContentType);
    end(response, { status: 200, text: prometheusText(families), bare: method === "HEAD" });
  } catch (error) {
    response.setHeader("content-type", "text/plain; charset=utf-8");
    end(response, { status: 500, text: `${messageOf(error)}\n` });
  }
}

function end(
  response: ServerResponse,
  { status, text, bare = false }: { readonly status: number; readonly text: string; readonly bare?: boolean },
): void {
  response.writeHead(status);
  response.end(bare ? undefined : text);
}

function refused(error: Error, host: string, port: number): RolloutError {
  return new RolloutError(`Metrics can't be served on ${host}:${port}: ${messageOf(error)}.`, {
    code: "metrics-port",
    exit: "config",
    path: "--metrics-port",
    hint: "Take another port, or 0 for a free one.",
  });
}
