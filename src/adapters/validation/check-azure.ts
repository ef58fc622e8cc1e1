import { fetchWithin } from "../../lib/fetch-within.ts";
import type { Runtime } from "../../lib/runtime.ts";
import type { TokenCredential } from "../../lib/token-credential.ts";
import type { Check } from "./run-checks.ts";

interface AzureCheck {
  readonly name: string;
  readonly credential: TokenCredential;
  readonly timeoutMs: number;
  readonly runtime: Runtime;
}

/** The queue exists and takes messages, by ARM. */
export function queueCheck(
  options: AzureCheck & {
    readonly subscriptionId: string;
    readonly resourceGroup: string;
    /** Service Bus namespace, by name. */
    readonly namespace: string;
    readonly queue: string;
    /** ARM's base URL; default: the public cloud's. */
    readonly endpoint?: string;
  },
): Check {
  const { name, timeoutMs, subscriptionId, resourceGroup, namespace, queue } = options;
  const arm = options.endpoint ?? "https://management.azure.com";
  const path = ["subscriptions", subscriptionId, "resourceGroups", resourceGroup]
    .concat(["providers", "Microsoft.ServiceBus", "namespaces", namespace, "queues", queue])
    .map(encodeURIComponent)
    .join("/");
  const url = `${arm}/${path}?api-version=2024-01-01`;
  return {
    name,
    timeoutMs,
    run: async (signal) => {
      const what = `queue ${queue} of ${namespace}`;
      const scope = "https://management.azure.com/.default";
      const body = await getJson(options, { url, scope, what, signal });
      const status: unknown = Object(body["properties"]).status;
      if (status !== "Active") throw new Error(`the ${what} is ${String(status ?? "of no known status")}`);
      return `${what} is active`;
    },
  };
}

/** The secret can be read from its vault. Its value is read to prove that, and dropped. */
export function secretCheck(
  options: AzureCheck & {
    /** `https://atp-kv.vault.azure.net`. */
    readonly vaultUrl: string;
    readonly secret: string;
    /** Scope of the token; default: the public cloud's vaults. */
    readonly scope?: string;
  },
): Check {
  const { name, timeoutMs, vaultUrl, secret } = options;
  const url = `${vaultUrl.replace(/\/$/, "")}/secrets/${encodeURIComponent(secret)}?api-version=7.4`;
  return {
    name,
    timeoutMs,
    run: async (signal) => {
      const what = `secret ${secret}`;
      const scope = options.scope ?? "https://vault.azure.net/.default";
      const body = await getJson(options, { url, scope, what, signal });
      if (typeof body["value"] !== "string" || body["value"] === "")
        throw new Error(`the ${what} has no value`);
      return `${what} is readable`;
    },
  };
}

/** Never quotes a body: a vault's holds the secret. An error's code is enough to act on. */
async function getJson(
  { credential, runtime, timeoutMs }: AzureCheck,
  get: { readonly url: string; readonly scope: string; readonly what: string; readonly signal: AbortSignal },
): Promise<Record<string, unknown>> {
  const token = await credential.getToken(get.scope, { abortSignal: get.signal });
  if (token === null) throw new Error("no identity gives a token");
  const init = { headers: { authorization: `Bearer ${token.token}` } };
  const answer = await fetchWithin(runtime, { url: get.url, init, timeoutMs, signal: get.signal });
  if (!answer.ok) throw new Error(`the ${get.what}: ${answer.message}`);
  const body = parse(answer.text);
  if (answer.status === 200) return body;
  const code: unknown = Object(body["error"]).code;
  const why = answer.status === 404 ? "does not exist" : `can't be read: ${answer.status}`;
  throw new Error(`the ${get.what} ${why}${typeof code === "string" ? ` ${code}` : ""}`);
}

function parse(text: string): Record<string, unknown> {
  try {
    return Object(JSON.parse(text));
  } catch {
    return {};
  }
}
