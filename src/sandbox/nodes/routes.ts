import type { ClusterNode } from "./cluster.ts";
import type { NodesModel } from "./model.ts";
import { budgetObject, type KubeObject, nodeObject, podObject } from "./objects.ts";
import { type JsonObject, PatchRefused, patched } from "./patch.ts";
import { byFields, byLabels } from "./selectors.ts";
import type { Eviction } from "./workloads.ts";

/** A request as the API sees it. */
export interface KubeRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly contentType: string;
  /** Undefined where there is none. */
  readonly body: unknown;
}

export interface KubeAnswer {
  readonly status: number;
  readonly body: unknown;
}

interface Call extends KubeRequest {
  readonly model: NodesModel;
}

type Route = readonly [
  method: string,
  path: RegExp,
  answer: (call: Call, names: readonly string[]) => KubeAnswer,
];

const name = "([a-z0-9.-]+)";
const routes: readonly Route[] = [
  ["GET", /^\/version$/, ({ model }) => ok(versionOf(model))],
  ["GET", /^\/api\/v1\/nodes$/, (call) => listed(call, "NodeList", call.model.nodes().map(nodeObject))],
  [
    "GET",
    new RegExp(`^/api/v1/nodes/${name}$`),
    ({ model }, [node]) => theNode(model, node, (one) => ok(nodeObject(one))),
  ],
  [
    "PATCH",
    new RegExp(`^/api/v1/nodes/${name}$`),
    (call, [node]) => theNode(call.model, node, (one) => change(call, one)),
  ],
  ["GET", /^\/api\/v1\/pods$/, (call) => listed(call, "PodList", call.model.pods().map(podObject))],
  ["GET", new RegExp(`^/api/v1/namespaces/${name}/pods/${name}$`), getPod],
  ["POST", new RegExp(`^/api/v1/namespaces/${name}/pods/${name}/eviction$`), evict],
  [
    "GET",
    /^\/apis\/policy\/v1\/poddisruptionbudgets$/,
    (call) => listed(call, "PodDisruptionBudgetList", call.model.budgets().map(budgetObject)),
  ],
];

/** Answers as the API server of the cluster does, in its words. */
export function answerKube(model: NodesModel, request: KubeRequest): KubeAnswer {
  for (const [method, path, answer] of routes) {
    const names = request.method === method ? path.exec(request.path) : null;
    if (names !== null) return answer({ ...request, model }, names.slice(1));
  }
  return failure(404, "NotFound", "the server could not find the requested resource");
}

function versionOf({ controlPlane }: NodesModel) {
  const [major, minor] = controlPlane.split(".");
  return {
    major,
    minor,
    gitVersion: `v${controlPlane}`,
    gitCommit: "",
    gitTreeState: "clean",
    buildDate: "",
    goVersion: "",
    compiler: "gc",
    platform: "linux/amd64",
  };
}

function listed({ query }: Call, kind: string, objects: readonly KubeObject[]): KubeAnswer {
  const labels = byLabels(query.get("labelSelector") ?? "");
  if (labels === undefined) return failure(400, "BadRequest", "unable to parse requirement of labelSelector");
  const fields = byFields(query.get("fieldSelector") ?? "");
  if (fields === undefined) return failure(400, "BadRequest", "field label not supported");
  const items = objects.filter((object) => labels(object) && fields(object));
  const apiVersion = kind === "PodDisruptionBudgetList" ? "policy/v1" : "v1";
  return ok({ kind, apiVersion, metadata: { resourceVersion: "1" }, items });
}

function theNode(
  model: NodesModel,
  wanted: string | undefined,
  answer: (node: ClusterNode) => KubeAnswer,
): KubeAnswer {
  const node = model.nodes().find((one) => one.name === wanted);
  return node === undefined ? missing("nodes", wanted) : answer(node);
}

function change({ model, query, contentType, body }: Call, node: ClusterNode): KubeAnswer {
  const before = nodeObject(node);
  try {
    const after = patched(before as JsonObject, contentType, body) as JsonObject & KubeObject;
    const unschedulable = Object(after["spec"])["unschedulable"] ?? false;
    if (typeof unschedulable !== "boolean")
      return failure(
        400,
        "BadRequest",
        "json: cannot unmarshal into Go struct field NodeSpec.spec.unschedulable of type bool",
      );
    const { labels = {}, annotations = {}, resourceVersion } = after.metadata;
    if (resourceVersion !== before.metadata.resourceVersion) return conflict("nodes", node.name);
    const to = { unschedulable, labels, annotations };
    if (isDry(query)) return ok(nodeObject({ ...node, ...to }));
    model.change(node, to);
    return ok(nodeObject(node));
  } catch (error) {
    if (error instanceof PatchRefused) return failure(error.status, error.reason, error.message);
    throw error;
  }
}

function getPod({ model }: Call, [namespace, wanted]: readonly string[]): KubeAnswer {
  const pod = model.pods().find((one) => one.namespace === namespace && one.name === wanted);
  return pod === undefined ? missing("pods", wanted) : ok(podObject(pod));
}

function evict({ model, query, body }: Call, [namespace = "", wanted = ""]: readonly string[]): KubeAnswer {
  const { preconditions, dryRun } = Object(Object(body)["deleteOptions"]);
  const uid: unknown = Object(preconditions)["uid"];
  const result = model.evict({
    namespace,
    name: wanted,
    ...(typeof uid === "string" ? { uid } : {}),
    dryRun: isDry(query) || Object(dryRun)[0] === "All",
  });
  if (result.outcome === "missing") return missing("pods", wanted);
  if (result.outcome === "other-pod") return conflict("pods", wanted);
  return result.outcome === "blocked" ? overBudget(result) : { status: 201, body: success };
}

const success = { kind: "Status", apiVersion: "v1", metadata: {}, status: "Success", code: 201 };

/** The API server's own words and cause: clients tell this 429 from a busy server by it. */
function overBudget({ budget }: Extract<Eviction, { readonly outcome: "blocked" }>): KubeAnswer {
  const message = `The disruption budget ${budget.name} needs ${budget.desiredHealthy} healthy pods and has ${budget.currentHealthy} currently`;
  return failure(
    429,
    "TooManyRequests",
    "Cannot evict pod as it would violate the pod's disruption budget.",
    {
      causes: [{ reason: "DisruptionBudget", message }],
    },
  );
}

function isDry(query: URLSearchParams): boolean {
  return query.get("dryRun") === "All";
}

function ok(body: unknown): KubeAnswer {
  return { status: 200, body };
}

function missing(resource: string, wanted: string | undefined): KubeAnswer {
  return failure(404, "NotFound", `${resource} "${wanted}" not found`, { name: wanted, kind: resource });
}

function conflict(resource: string, wanted: string): KubeAnswer {
  const message = `Operation cannot be fulfilled on ${resource} "${wanted}": the object has been modified; please apply your changes to the latest version and try again`;
  return failure(409, "Conflict", message, { name: wanted, kind: resource });
}

/** A Status of the API. */
export function failure(
  status: number,
  reason: string,
  ...[message, details = {}]: readonly [message: string, details?: Readonly<Record<string, unknown>>]
): KubeAnswer {
  const body = { kind: "Status", apiVersion: "v1", metadata: {}, status: "Failure" };
  return { status, body: { ...body, message, reason, details, code: status } };
}
