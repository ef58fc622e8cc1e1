import { createServer, type IncomingHttpHeaders, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** One request as the server saw it, body read. */
export interface SeenRequest {
  readonly method: string;
  readonly url: URL;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** What to answer: a whole response, or `hang` (never answers) or `cut` (drops the connection). */
export type FakeAnswer =
  | { readonly status: number; readonly body?: string; readonly headers?: Readonly<Record<string, string>> }
  | "hang"
  | "cut";

export interface HttpFake {
  /** `http://127.0.0.1:<port>` without a slash at its end. */
  readonly url: string;
  readonly requests: readonly SeenRequest[];
  close(): Promise<void>;
}

/** A real HTTP server on a free port of loopback that answers by a function. */
export async function startHttpFake(
  answer: (request: SeenRequest) => FakeAnswer | Promise<FakeAnswer>,
): Promise<HttpFake> {
  const requests: SeenRequest[] = [];
  const server = createServer(async (incoming, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk as Buffer);
    const request: SeenRequest = {
      method: incoming.method ?? "",
      url: new URL(incoming.url ?? "/", "http://fake"),
      headers: incoming.headers,
      body: Buffer.concat(chunks).toString("utf8"),
    };
    requests.push(request);
    try {
      write(response, await answer(request));
    } catch (error) {
      write(response, { status: 599, body: `the fake failed: ${error}` });
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const close = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  return { url: `http://127.0.0.1:${port}`, requests, close };
}

/** A JSON answer. */
export function json(value: unknown, status = 200): FakeAnswer {
  return { status, body: JSON.stringify(value), headers: { "content-type": "application/json" } };
}

/** A port of loopback on which nothing listens. */
export async function closedPort(): Promise<number> {
  const server = await startHttpFake(() => "cut");
  await server.close();
  return Number(new URL(server.url).port);
}

function write(response: ServerResponse, answer: FakeAnswer): void {
  if (answer === "hang") return;
  if (answer === "cut") {
    response.destroy();
    return;
  }
  response.writeHead(answer.status, answer.headers ?? {});
  response.end(answer.body ?? "");
}
