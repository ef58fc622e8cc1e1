import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type RequestListener,
  type ServerResponse,
} from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { getCACertificates, setDefaultCACertificates } from "node:tls";
import { selfSigned } from "../../src/sandbox/arm/self-signed.ts";

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
  /** `http://127.0.0.1:<port>`, or `https`, without a slash at its end. */
  readonly url: string;
  readonly requests: readonly SeenRequest[];
  close(): Promise<void>;
}

/** How a fake is served. */
export interface FakeOptions {
  /** Over TLS, by a certificate that this process trusts; default: plain. */
  readonly tls?: boolean;
  /** How bodies are read; default UTF-8. */
  readonly encoding?: BufferEncoding;
}

/** How long after a request its answer is sent, ms: more than a test's `until` takes for a turn. */
const answerMs = 10;

/** A real HTTP server on a free port of loopback that answers by a function. */
export async function startHttpFake(
  answer: (request: SeenRequest) => FakeAnswer | Promise<FakeAnswer>,
  { tls = false, encoding = "utf8" }: FakeOptions = {},
): Promise<HttpFake> {
  const requests: SeenRequest[] = [];
  const listener = async (incoming: IncomingMessage, response: ServerResponse) => {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk as Buffer);
    const request: SeenRequest = {
      method: incoming.method ?? "",
      url: new URL(incoming.url ?? "/", "http://fake"),
      headers: incoming.headers,
      body: Buffer.concat(chunks).toString(encoding),
    };
    requests.push(request);
    try {
      const given = await answer(request);
      // As over a network, an answer comes after its request was seen: a test that takes the two for one moment fails always.
      await sleep(answerMs);
      write(response, given);
    } catch (error) {
      write(response, { status: 599, body: `the fake failed: ${error}` });
    }
  };
  const server = tls ? trusted(listener) : createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const close = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  return { url: `${tls ? "https" : "http"}://127.0.0.1:${port}`, requests, close };
}

function trusted(listener: RequestListener) {
  const pair = selfSigned();
  // Of this process alone; both fetch and the Azure SDK take it.
  setDefaultCACertificates([...getCACertificates("default"), pair.cert]);
  return createTlsServer(pair, listener);
}

/** A JSON answer. */
export function json(value: unknown, status = 200): FakeAnswer {
  return { status, body: JSON.stringify(value), headers: { "content-type": "application/json" } };
}

/** A port of loopback on which nothing listens: one that was free a moment ago may be another test's by now. */
export const closedPort = 2;

function write(response: ServerResponse, answer: FakeAnswer): void {
  if (answer === "hang") return;
  if (answer === "cut") {
    response.destroy();
    return;
  }
  response.writeHead(answer.status, answer.headers ?? {});
  response.end(answer.body ?? "");
}
