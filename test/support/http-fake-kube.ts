import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type FakeAnswer, json, type SeenRequest, startHttpFake } from "./http-fake.ts";

/** A Kubernetes object, as loose JSON. */
export interface KubeJson {
  [member: string]: unknown;
  metadata: { name: string; namespace: string; generation: number; resourceVersion: string };
  spec?: unknown;
}

export interface KubeFake {
  readonly url: string;
  /** A kubeconfig file with two contexts: `here` (current) and `nowhere`. */
  readonly kubeconfig: string;
  readonly requests: readonly SeenRequest[];
  /** By path, `/apis/apps/v1/namespaces/prod/deployments/web`. */
  readonly objects: Map<string, KubeJson>;
  /** Answers instead of the objects, where it returns something; also the place to change them before a write. */
  override: (request: SeenRequest) => FakeAnswer | undefined;
  close(): Promise<void>;
}

interface Operation {
  readonly op: string;
  readonly path: string;
  readonly value: unknown;
}

const token = "fake-bearer-token";

/**
 * Objects behind the API server's rules as far as the lever meets them: token, GET, JSON patches that apply
 * whole or not at all, a failing `test` as 422 Invalid with the API server's own poor message
 * (kubernetes-client/javascript#2095), 415 for other patch types, a new generation when spec changes.
 */
export async function startKubeFake(): Promise<KubeFake> {
  const objects = new Map<string, KubeJson>();
  const world: Pick<KubeFake, "override"> = { override: () => undefined };
  const server = await startHttpFake((request) => {
    if (request.headers["authorization"] !== `Bearer ${token}`)
      return status(401, "Unauthorized", "Unauthorized");
    return world.override(request) ?? answer(request, objects);
  });
  const dir = await mkdtemp(join(tmpdir(), "rollouts-kube-"));
  const kubeconfig = join(dir, "kubeconfig.json");
  await writeFile(kubeconfig, JSON.stringify(configFor(server.url)));
  const close = async () => {
    await server.close();
    await rm(dir, { recursive: true });
  };
  return Object.assign(world, { url: server.url, kubeconfig, requests: server.requests, objects, close });
}

function answer(request: SeenRequest, objects: Map<string, KubeJson>): FakeAnswer {
  const { method, url, headers, body } = request;
  const object = objects.get(url.pathname);
  if (!object) return status(404, "NotFound", `${url.pathname.split("/").slice(-2).join(" ")} not found`);
  if (method === "GET") return json(object);
  if (method !== "PATCH") return status(405, "MethodNotAllowed", method);
  if (headers["content-type"] !== "application/json-patch+json") {
    return status(415, "UnsupportedMediaType", `${headers["content-type"]}`);
  }
  const changed = patched(object, JSON.parse(body) as Operation[]);
  if (!changed)
    return status(422, "Invalid", "the server rejected our request due to an error in our request");
  if (JSON.stringify(changed) !== JSON.stringify(object)) {
    if (JSON.stringify(changed.spec) !== JSON.stringify(object.spec)) changed.metadata.generation += 1;
    changed.metadata.resourceVersion = String(Number(changed.metadata.resourceVersion) + 1);
    objects.set(url.pathname, changed);
  }
  return json(changed);
}

/** The object after all operations, or undefined where one of them does not apply. */
function patched(object: KubeJson, operations: readonly Operation[]): KubeJson | undefined {
  const copy = structuredClone(object);
  for (const { op, path, value } of operations) {
    const keys = path
      .split("/")
      .slice(1)
      .map((key) => key.replaceAll("~1", "/").replaceAll("~0", "~"));
    const last = keys.pop() ?? "";
    let at: unknown = copy;
    for (const key of keys) at = (at as Record<string, unknown> | undefined)?.[key];
    if (typeof at !== "object" || at === null) return undefined;
    const holder = at as Record<string, unknown>;
    if (op !== "add" && !(last in holder)) return undefined;
    if (op === "test") {
      if (JSON.stringify(holder[last]) !== JSON.stringify(value)) return undefined;
    } else if (op === "replace" || op === "add") holder[last] = value;
    else if (op === "remove" && Array.isArray(holder)) holder.splice(Number(last), 1);
    else if (op === "remove") delete holder[last];
    else return undefined;
  }
  return copy;
}

function status(code: number, reason: string, message: string): FakeAnswer {
  return json(
    { kind: "Status", apiVersion: "v1", metadata: {}, status: "Failure", message, reason, code },
    code,
  );
}

function configFor(server: string) {
  return {
    apiVersion: "v1",
    kind: "Config",
    clusters: [
      { name: "fake", cluster: { server, "insecure-skip-tls-verify": true } },
      { name: "gone", cluster: { server: "http://127.0.0.1:1", "insecure-skip-tls-verify": true } },
    ],
    users: [{ name: "driver", user: { token } }],
    contexts: [
      { name: "here", context: { cluster: "fake", user: "driver" } },
      { name: "nowhere", context: { cluster: "gone", user: "driver" } },
    ],
    "current-context": "here",
  };
}
