import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { messageOf } from "../../lib/error-message.ts";
import type { NodesModel } from "./model.ts";
import { answerKube, failure, type KubeAnswer } from "./routes.ts";

/** As much of the Kubernetes API as a drain of nodes needs, over one cluster. */
export interface KubeServer {
  /** Base URL, http, without a credential. */
  readonly endpoint: string;
  /** `METHOD path` of each call, in order. */
  readonly calls: readonly string[];
  /** Calls under way are cut off. */
  close(): Promise<void>;
}

/** Starts it on a free port of loopback. */
export async function startKubeServer(model: NodesModel): Promise<KubeServer> {
  const calls: string[] = [];
  const server = createServer((request, response) => {
    answer(model, request, calls)
      .catch((error: unknown): KubeAnswer => failure(500, "InternalError", messageOf(error)))
      .then(({ status, body }) => {
        response.writeHead(status, { "content-type": "application/json" });
        response.end(JSON.stringify(body));
      });
  });
  const port = await listen(server);
  return {
    endpoint: `http://127.0.0.1:${port}`,
    calls,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function answer(model: NodesModel, request: IncomingMessage, calls: string[]): Promise<KubeAnswer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const text = Buffer.concat(chunks).toString("utf8");
  const { pathname, searchParams } = new URL(request.url ?? "/", "http://kube");
  const path = decodeURIComponent(pathname);
  calls.push(`${request.method} ${path}`);
  return answerKube(model, {
    method: request.method ?? "",
    path,
    query: searchParams,
    contentType: request.headers["content-type"] ?? "",
    body: text === "" ? undefined : JSON.parse(text),
  });
}

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return (server.address() as AddressInfo).port;
}
