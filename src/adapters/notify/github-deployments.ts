import * as z from "zod";
import type { Fetched, NotFetched } from "../../lib/fetch-within.ts";
import { jsonOf } from "../../lib/json-of.ts";
import type { Delivery, Notify } from "../../ports/notify.ts";
import type { RolloutMessage } from "../../types/message.ts";
import { type ChannelOptions, refOf } from "./channel.ts";
import { deliveryOf, exchange } from "./exchange.ts";

const descriptionLimit = 140;

const deployments = z.array(z.looseObject({ id: z.int(), payload: z.unknown() }));
const created = z.looseObject({ id: z.int() });
const statuses = z.array(z.looseObject({ state: z.string(), description: z.string().nullish() }));

export interface GithubDeploymentsOptions extends ChannelOptions<"github-deployments"> {
  /** The pipeline's commit stands in `GITHUB_SHA`. */
  readonly env: NodeJS.ProcessEnv;
}

/**
 * A GitHub deployment for each rollout, with a status for each message. GitHub has no key against repetitions: the
 * deployment is found by environment, ref and the rollout's id in its payload, and a status that stands there already is
 * not written again.
 */
export function createGithubDeployments(options: GithubDeploymentsOptions): Notify {
  return {
    ...refOf(options),
    send: async (message, signal) => {
      const ref = refFor(message, options);
      if (ref === undefined) {
        const reason = "neither its `ref` nor GITHUB_SHA says which commit the version is";
        return { status: "refused", reason };
      }
      const at = { ...options, ref, signal };
      const found = await deploymentOf(message, at);
      return "status" in found ? found : await tell(message, found.id, at);
    },
  };
}

type At = GithubDeploymentsOptions & { readonly ref: string; readonly signal: AbortSignal | undefined };

function refFor({ versions }: RolloutMessage, { config, env }: GithubDeploymentsOptions): string | undefined {
  const own = config.ref?.replaceAll("{version}", versions.to);
  return own ?? (env["GITHUB_SHA"] === "" ? undefined : env["GITHUB_SHA"]);
}

async function deploymentOf(message: RolloutMessage, at: At): Promise<{ readonly id: number } | Delivery> {
  const { environment } = at.config;
  const query = new URLSearchParams({ environment, ref: at.ref, task: "deploy", per_page: "100" });
  const listed = await call(at, `/deployments?${query}`);
  const list = parsed(listed, deployments, at);
  if ("status" in list) return list;
  const own = list.value.find(({ payload }) => rolloutOf(payload) === message.rolloutId);
  if (own !== undefined) return { id: own.id };
  const made = await call(at, "/deployments", {
    ref: at.ref,
    task: "deploy",
    environment,
    description: message.title.slice(0, descriptionLimit),
    payload: { rolloutId: message.rolloutId, stack: message.stack, version: message.versions.to },
    auto_merge: false,
    // What has to hold before a start is the rollout's own.
    required_contexts: [],
    production_environment: message.environment === "production",
  });
  const deployment = parsed(made, created, at);
  return "status" in deployment ? deployment : { id: deployment.value.id };
}

async function tell(message: RolloutMessage, id: number, at: At): Promise<Delivery> {
  const state = stateOf(message);
  const description = message.title.slice(0, descriptionLimit);
  const listed = parsed(await call(at, `/deployments/${id}/statuses?per_page=100`), statuses, at);
  if ("status" in listed) return listed;
  if (listed.value.some((one) => one.state === state && one.description === description))
    return { status: "sent" };
  const [link] = message.links;
  const body = { state, description, ...(link === undefined ? {} : { log_url: link.url }) };
  return meaning(await call(at, `/deployments/${id}/statuses`, body), at);
}

function stateOf({ phase, kind }: RolloutMessage): string {
  if (kind === "revert-failed") return "error";
  switch (phase) {
    case "starting":
    case "increment":
    case "rolling-back":
      return "in_progress";
    case "hold":
      return "pending";
    case "rolled-back":
      return "failure";
    case "promoted":
      return "success";
  }
}

/** A payload comes back as it was given, or as its JSON. */
function rolloutOf(payload: unknown): unknown {
  if (typeof payload !== "string") return Object(payload)["rolloutId"];
  try {
    return Object(JSON.parse(payload))["rolloutId"];
  } catch {
    return undefined;
  }
}

async function call(
  { config, runtime, signal }: At,
  path: string,
  body?: object,
): Promise<Fetched | NotFetched> {
  return await exchange({
    runtime,
    url: `${config.apiUrl.replace(/\/+$/, "")}/repos/${config.repository}${path}`,
    method: body === undefined ? "GET" : "POST",
    headers: {
      accept: "application/vnd.github+json",
      authorization: `Bearer ${config.token}`,
      "x-github-api-version": "2022-11-28",
    },
    ...(body === undefined ? {} : { body }),
    signal,
  });
}

function parsed<S extends z.ZodType>(
  answer: Fetched | NotFetched,
  schema: S,
  at: At,
): { readonly value: z.infer<S> } | Delivery {
  const delivery = meaning(answer, at);
  if (delivery.status !== "sent" || !answer.ok) return delivery;
  const value = schema.safeParse(jsonOf(answer.text));
  if (value.success) return { value: value.data };
  return { status: "later", reason: "its answer is not as documented" };
}

/** 403 is a rate limit too, where the headers say so: until then nothing is taken. */
function meaning(answer: Fetched | NotFetched, { runtime }: At): Delivery {
  const limited =
    answer.ok &&
    answer.status === 403 &&
    (answer.headers.get("x-ratelimit-remaining") === "0" || answer.headers.has("retry-after"));
  const delivery = deliveryOf(answer, runtime, { later: limited ? [403] : [] });
  if (delivery.status !== "later" || delivery.afterMs !== undefined || !answer.ok) return delivery;
  const reset = Number(answer.headers.get("x-ratelimit-reset") ?? Number.NaN);
  if (!limited || Number.isNaN(reset)) return delivery;
  return { ...delivery, afterMs: Math.max(1000, reset * 1000 - runtime.wall.now()) };
}
