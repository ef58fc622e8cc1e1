import { readFileSync } from "node:fs";
import { Agent, request } from "node:https";

/** Where an API server is, and who asks. */
export interface KubeEndpoint {
  readonly server: string;
  readonly token: string;
  readonly caFile: string;
}

/** One call to an API server. */
export interface KubeCall {
  readonly method?: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  readonly path: string;
  /** Text is sent as it is, anything else as JSON. */
  readonly body?: unknown;
  /** Default: application/json, and application/merge-patch+json for PATCH. */
  readonly contentType?: string;
}

/** An answer; `body` is the parsed JSON, or the text where it isn't JSON. */
export interface KubeAnswer {
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: any kind of Kubernetes object, which tests look into
  readonly body: any;
}

/** Calls an API server; any status is an answer, only a broken connection throws. */
export type KubeClient = (call: KubeCall) => Promise<KubeAnswer>;

/** A client without caches, retries or types: tests want to see what the server says. */
export function kubeClient(endpoint: KubeEndpoint): KubeClient {
  // The server makes its certificate when it starts, so it is read at the first call.
  let agent: Agent | undefined;
  return (call) =>
    new Promise((resolve, reject) => {
      agent ??= new Agent({ ca: readFileSync(endpoint.caFile), keepAlive: true });
      const method = call.method ?? "GET";
      const type = method === "PATCH" ? "application/merge-patch+json" : "application/json";
      const outgoing = request(
        new URL(call.path, endpoint.server),
        {
          method,
          agent,
          timeout: 30_000,
          headers: {
            authorization: `Bearer ${endpoint.token}`,
            accept: "application/json",
            ...(call.body === undefined ? {} : { "content-type": call.contentType ?? type }),
          },
        },
        (response) => {
          let text = "";
          response.setEncoding("utf8");
          response.on("data", (chunk) => {
            text += chunk;
          });
          response.once("error", reject);
          response.once("end", () => resolve({ status: response.statusCode ?? 0, body: parse(text) }));
        },
      );
      outgoing.once("error", reject);
      outgoing.once("timeout", () => outgoing.destroy(new Error(`no answer from ${call.path} within 30 s`)));
      if (call.body !== undefined) {
        outgoing.write(typeof call.body === "string" ? call.body : JSON.stringify(call.body));
      }
      outgoing.end();
    });
}

/** Like the client, but an answer that isn't 2xx throws with what the server said. */
export async function mustSucceed(client: KubeClient, call: KubeCall): Promise<KubeAnswer> {
  const answer = await client(call);
  if (answer.status >= 200 && answer.status < 300) return answer;
  const said = answer.body?.message ?? answer.body;
  throw new Error(`${call.method ?? "GET"} ${call.path}: ${answer.status} ${said}`);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
