import type { ConfigurationOptions, KubeConfig, ObservableMiddleware } from "@kubernetes/client-node";
import * as z from "zod";
import { RolloutError } from "../errors/errors.ts";

/** Which cluster: absent, the client's usual places and the kubeconfig's current context. */
export interface ClusterChoice {
  readonly kubeconfig?: string | undefined;
  readonly context?: string | undefined;
}

/** A cluster and a namespace of it, as a lever's config names them. */
export interface ClusterPlace {
  readonly namespace: string;
  /** Path of a kubeconfig; absent: the client's usual places. */
  readonly kubeconfig?: string;
  /** Absent: the kubeconfig's current one. */
  readonly context?: string;
}

/** The official client, loaded (it takes about a second), with the kubeconfig that a lever names. */
export interface OpenKube {
  readonly client: typeof import("@kubernetes/client-node");
  readonly config: KubeConfig;
  /** Options of one call: with these headers, until the signal. */
  withRequest(headers: Readonly<Record<string, string>>, signal: AbortSignal): ConfigurationOptions;
}

/** @throws RolloutError `kubeconfig-invalid` (exit 2) */
export async function openKube(choice: ClusterChoice): Promise<OpenKube> {
  const client = await import("@kubernetes/client-node");
  const config = new client.KubeConfig();
  loadKubeconfig(config, choice);
  const withRequest: OpenKube["withRequest"] = (headers, signal) => {
    const middleware: ObservableMiddleware = {
      pre: (request) => {
        for (const [name, value] of Object.entries(headers)) request.setHeaderParam(name, value);
        // The client's calls for any object know groups with a name; the core group's objects lie under /api.
        request.setUrl(request.getUrl().replace("/apis//", "/api/"));
        request.setSignal(signal);
        return new client.Observable(Promise.resolve(request));
      },
      post: (response) => new client.Observable(Promise.resolve(response)),
    };
    return { middleware: [middleware], middlewareMergeStrategy: "append" as const };
  };
  return { client, config, withRequest };
}

/** Labels as a call selects by them: `app=atp,version=canary`. */
export function selectorOf(labels: Readonly<Record<string, string>>): string {
  return Object.entries(labels)
    .map(([key, value]) => `${key}=${value}`)
    .join(",");
}

/** Loads the kubeconfig that a lever names. Throws RolloutError `kubeconfig-invalid` (exit 2). */
export function loadKubeconfig(config: KubeConfig, { kubeconfig, context }: ClusterChoice): void {
  try {
    if (kubeconfig === undefined) config.loadFromDefault();
    else config.loadFromFile(kubeconfig);
  } catch (cause) {
    const which = kubeconfig ?? "of the usual places";
    throw badKubeconfig(`The kubeconfig ${which} could not be read: ${(cause as Error).message}`, cause);
  }
  if (context === undefined) return;
  const known = config.getContexts().map(({ name }) => name);
  if (!known.includes(context)) {
    throw badKubeconfig(
      `The kubeconfig has no context ${JSON.stringify(context)}; it has ${known.join(", ")}.`,
    );
  }
  config.setCurrentContext(context);
}

function badKubeconfig(message: string, cause?: unknown): RolloutError {
  return new RolloutError(message, {
    code: "kubeconfig-invalid",
    exit: "config",
    path: "rollout.lever",
    hint: "Set rollout.lever.kubeconfig and rollout.lever.context, or the variable KUBECONFIG.",
    cause,
  });
}

/** A refused or failed call, in words. `status`: HTTP; absent where the API server did not answer. */
export interface CallFailure {
  readonly message: string;
  readonly status?: number;
}

const apiStatus = z.object({ reason: z.string().optional(), message: z.string().optional() });

/** What the client threw, with the API's own reason: `Could not cordon node a: HTTP 403 Forbidden: …`. */
export function callFailure(what: string, cause: unknown): CallFailure {
  const { code, body } = Object(cause) as { readonly code?: unknown; readonly body?: unknown };
  // A DOMException (cancelled, too late) has a small number there.
  if (typeof code !== "number" || code < 100) return { message: `Could not ${what}: ${deepest(cause)}.` };
  const status = apiStatus.safeParse(parseBody(body)).data ?? {};
  const reason = [status.reason, status.message].filter((part) => part !== undefined).join(": ");
  return { message: `Could not ${what}: HTTP ${code}${reason === "" ? "" : ` ${reason}`}.`, status: code };
}

function parseBody(body: unknown): unknown {
  if (typeof body !== "string") return body;
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}

/** The deepest cause: undici's own message is only "fetch failed". */
function deepest(error: unknown): string {
  let message = "it failed";
  for (let at = error; at instanceof Error; at = at.cause) {
    if (at.name === "TimeoutError") return "no answer in time";
    if (at.name === "AbortError") return "the call was cancelled";
    const { code } = at as NodeJS.ErrnoException;
    message = typeof code === "string" ? code : at.message;
  }
  return message;
}
