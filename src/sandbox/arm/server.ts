import {
  createServer as createHttp,
  type IncomingMessage,
  type RequestListener,
  type ServerResponse,
} from "node:http";
import { createServer } from "node:https";
import type { AddressInfo, Server } from "node:net";
import { answerIdle, answerProduction } from "./data-plane.ts";
import { type ArmModel, createArmModel, type ModelOptions } from "./model.ts";
import { type ArmAnswer, answerArm, failure } from "./routes.ts";
import { selfSigned } from "./self-signed.ts";

export interface ArmServer {
  /** ARM's base URL, https. */
  readonly endpoint: string;
  /** `127.0.0.1:<port>` of each side of the app, https. */
  readonly hosts: { readonly production: string; readonly idle: string };
  /** Certificate of all of them, PEM. */
  readonly cert: string;
  readonly model: ArmModel;
  /** `METHOD path-after-the-app` of each call of ARM's API, in order. */
  readonly calls: readonly string[];
  /** Queues of any namespace, by name and status; secrets of the vault, by name and value. */
  readonly queues: Record<string, string>;
  readonly secrets: Record<string, string>;
  readonly vaultUrl: string;
  /** Environment in which the Azure SDK finds a managed identity here, and this server's certificate in `certFile`. */
  identityEnv(certFile: string): Record<string, string>;
  /** Calls under way are cut off. */
  close(): Promise<void>;
}

export const armAddress = {
  subscriptionId: "0b1f6471-1bf0-4dda-aec3-cb9272f09590",
  resourceGroup: "atp-staging",
  app: "atp",
  slot: "staging",
} as const;

export const armToken = "planted-arm-token";
const identityHeader = "planted-identity-header";

/** Names of the one app that a server has. */
export type ArmAddress = Readonly<Record<"subscriptionId" | "resourceGroup" | "app" | "slot", string>>;

/** Starts an app of App Service with its ARM API, vault, queues and identity on free ports of loopback. */
export async function startArmServer(
  options: ModelOptions & { readonly random?: () => number; readonly address?: ArmAddress },
): Promise<ArmServer> {
  const address = options.address ?? armAddress;
  const pair = selfSigned();
  const model = createArmModel(options);
  const plane = { model, now: options.now, random: options.random ?? (() => 0.5) };
  const calls: string[] = [];
  const queues: Record<string, string> = {};
  const secrets: Record<string, string> = {};
  const production = createServer(pair, (request, response) => answerProduction(plane, request, response));
  const idle = createServer(pair, (request, response) => answerIdle(plane, request, response));
  const identity = createHttp(answerIdentity);
  const ports = await Promise.all([production, idle, identity].map(listen));
  const hosts = { production: `127.0.0.1:${ports[0]}`, idle: `127.0.0.1:${ports[1]}` };
  let endpoint = "";
  const api: ArmApi = { address, model, hosts, calls, queues, secrets, endpoint: () => endpoint };
  const arm = createServer(pair, (request, response) => {
    answerTo(api, request).then(
      (result) => send(response, result),
      (error) => send(response, failure(599, "TheServerFailed", String(error))),
    );
  });
  endpoint = `https://127.0.0.1:${await listen(arm)}`;
  return {
    endpoint,
    hosts,
    cert: pair.cert,
    model,
    calls,
    queues,
    secrets,
    vaultUrl: `${endpoint}/vault`,
    identityEnv: (certFile) => ({
      AZURE_TOKEN_CREDENTIALS: "ManagedIdentityCredential",
      IDENTITY_ENDPOINT: `http://127.0.0.1:${ports[2]}/msi/token`,
      IDENTITY_HEADER: identityHeader,
      NODE_EXTRA_CA_CERTS: certFile,
    }),
    close: async () => void (await Promise.all([production, idle, identity, arm].map(close))),
  };
}

interface ArmApi extends Pick<ArmServer, "model" | "hosts" | "queues" | "secrets"> {
  readonly address: ArmAddress;
  readonly calls: string[];
  endpoint(): string;
}

/** ARM and the vault behind one host. */
async function answerTo(api: ArmApi, request: IncomingMessage): Promise<ArmAnswer> {
  const { address, queues, secrets } = api;
  const body = await bodyOf(request);
  const path = decodeURIComponent(new URL(request.url ?? "/", "https://arm").pathname);
  if (request.headers.authorization !== `Bearer ${armToken}`) return failure(401, "Unauthorized", "no token");
  const queue = /\/Microsoft\.ServiceBus\/namespaces\/[^/]+\/queues\/(.+)$/.exec(path)?.[1];
  if (queue !== undefined) return found(queues[queue], (status) => ({ properties: { status } }));
  const secret = /^\/vault\/secrets\/(.+)$/.exec(path)?.[1];
  if (secret !== undefined) return found(secrets[secret], (value) => ({ value }));
  const { subscriptionId, resourceGroup, app, slot } = address;
  const site = `/subscriptions/${subscriptionId}/resourceGroups/${resourceGroup}/providers/Microsoft.Web/sites/${app}`;
  if (!path.startsWith(site)) return failure(404, "ResourceNotFound", "no such resource");
  const onSlot = `/slots/${slot}`;
  const after = path.slice(site.length);
  const side = after === onSlot || after.startsWith(`${onSlot}/`) ? "idle" : "production";
  const rest = (side === "idle" ? after.slice(onSlot.length) : after).replace(/^\//, "");
  api.calls.push(`${request.method} ${side === "idle" ? "slot" : "site"}/${rest}`);
  const operationUrl = (id: string) =>
    `${api.endpoint()}${site}${onSlot}/operationresults/${id}?api-version=2025-05-01`;
  const place = { model: api.model, hosts: api.hosts, slot, operationUrl };
  return answerArm(place, { method: request.method ?? "", side, rest, body });
}

/** App Service's own token endpoint. */
const answerIdentity: RequestListener = (request, response) => {
  const ok = request.headers["x-identity-header"] === identityHeader;
  const expires = Math.floor(Date.now() / 1000) + 3600;
  const token = { access_token: armToken, expires_on: String(expires), token_type: "Bearer" };
  response.writeHead(ok ? 200 : 401, { "content-type": "application/json" });
  response.end(JSON.stringify(ok ? { ...token, resource: "https://management.azure.com" } : {}));
};

function found<T>(value: T | undefined, body: (value: T) => unknown): ArmAnswer {
  return value === undefined ? failure(404, "NotFound", "not found") : { status: 200, body: body(value) };
}

function send(response: ServerResponse, { status, body, headers, cut }: ArmAnswer): void {
  if (cut) {
    response.destroy();
    return;
  }
  response.writeHead(status, { "content-type": "application/json", ...headers });
  response.end(body === undefined ? "" : JSON.stringify(body));
}

async function bodyOf(request: IncomingMessage): Promise<Record<string, unknown>> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const text = Buffer.concat(chunks).toString("utf8");
  return text === "" ? {} : JSON.parse(text);
}

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return (server.address() as AddressInfo).port;
}

async function close(server: Server & { closeAllConnections(): void }): Promise<void> {
  await new Promise<void>((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
