import type { IncomingMessage } from "node:http";
import { createServer } from "node:https";
import type { AddressInfo, Server } from "node:net";
import { messageOf } from "../../lib/error-message.ts";
import { selfSigned } from "../arm/self-signed.ts";
import { answerStore, problem, type StoreAnswer, type StoreCall, syncToken } from "./routes.ts";
import { createFlagStore, type FlagStore } from "./store.ts";

/** What goes wrong; numbers are how often it still does. */
export interface FlagStoreFaults {
  /** 429 with `retry-after-ms`. */
  throttles: number;
  /** 503. */
  serverErrors: number;
  /** The write is done and the connection is cut before the answer. */
  lostResponses: number;
  /** The connection is cut and nothing is done. */
  lostRequests: number;
  /** 403: the identity has no right to the data. */
  denied: boolean;
  /** Reads without the newest token get what was there before the last write. */
  stale: boolean;
  /** Whether each call gets a 429 just now. */
  throttled: () => boolean;
}

export interface FlagStoreServer {
  /** Base URL, https. */
  readonly endpoint: string;
  /** Its certificate, PEM. */
  readonly cert: string;
  readonly store: FlagStore;
  readonly faults: FlagStoreFaults;
  /** `METHOD path` of each call, in order. */
  readonly calls: readonly string[];
  /** Runs once, before the next write is looked at: where somebody else comes between. */
  beforeNextWrite(act: () => void): void;
  /** Calls under way are cut off. */
  close(): Promise<void>;
}

export const flagStoreToken = "planted-app-configuration-token";

/** ms that a throttled caller is asked to wait for. */
export const flagStorePauseMs = 1_200;

/** Starts App Configuration's data plane, as far as flags need it, on a free port of loopback. Default: an empty store. */
export async function startFlagStore(options: {
  readonly now: () => number;
  readonly store?: FlagStore;
}): Promise<FlagStoreServer> {
  const pair = selfSigned();
  const between: (() => void)[] = [];
  const store = options.store ?? createFlagStore(options.now);
  const api: Api = { store, faults: noFaults(), calls: [], between };
  const server = createServer(pair, (request, response) => {
    answer(api, request)
      .catch((error: unknown): StoreAnswer => problem(599, { type: "failed", title: messageOf(error) }))
      .then((result) => {
        if (result === "cut") return void response.destroy();
        const { id, value, sn } = syncToken(api.store);
        response.writeHead(result.status, { "sync-token": `${id}=${value};sn=${sn}`, ...result.headers });
        response.end(result.body === undefined ? undefined : JSON.stringify(result.body));
      });
  });
  const port = await listen(server);
  return {
    endpoint: `https://127.0.0.1:${port}`,
    cert: pair.cert,
    store: api.store,
    faults: api.faults,
    calls: api.calls,
    beforeNextWrite: (act) => void between.push(act),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

interface Api {
  readonly store: FlagStore;
  readonly faults: FlagStoreFaults;
  readonly calls: string[];
  readonly between: (() => void)[];
}

async function answer(api: Api, request: IncomingMessage): Promise<StoreAnswer | "cut"> {
  const { faults, store } = api;
  const call = await callOf(request);
  api.calls.push(`${call.method} ${call.path}`);
  if (call.headers["authorization"] !== `Bearer ${flagStoreToken}`) {
    return { status: 401, headers: { "www-authenticate": 'HMAC-SHA256, Bearer error="invalid_token"' } };
  }
  if (faults.denied) return { status: 403 };
  if (faults.lostRequests-- > 0) return "cut";
  if (faults.throttles-- > 0 || faults.throttled()) {
    const answer = problem(429, { type: "too-many-requests", title: "The quota is used up" });
    return { ...answer, headers: { ...answer.headers, "retry-after-ms": String(flagStorePauseMs) } };
  }
  if (faults.serverErrors-- > 0) return { status: 503 };
  const writes = call.method !== "GET" && call.method !== "HEAD";
  if (writes) api.between.shift()?.();
  const result = answerStore({ store, stale: faults.stale }, call);
  return writes && faults.lostResponses-- > 0 ? "cut" : result;
}

async function callOf(request: IncomingMessage): Promise<StoreCall> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const { pathname, searchParams } = new URL(request.url ?? "/", "https://store");
  const headers = Object.fromEntries(
    Object.entries(request.headers).map(([name, value]) => [
      name,
      Array.isArray(value) ? value.join(",") : value,
    ]),
  );
  return {
    method: request.method ?? "",
    path: decodeURIComponent(pathname),
    query: searchParams,
    headers,
    body: Buffer.concat(chunks).toString("utf8"),
  };
}

function noFaults(): FlagStoreFaults {
  return {
    throttles: 0,
    serverErrors: 0,
    lostResponses: 0,
    lostRequests: 0,
    denied: false,
    stale: false,
    throttled: () => false,
  };
}

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return (server.address() as AddressInfo).port;
}
