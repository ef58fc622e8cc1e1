import { RolloutError } from "../errors/errors.ts";
import type { DeploymentStatus } from "./deployments.ts";
import { idOf, type ObjectRef } from "./manifest.ts";
import { routeKind } from "./route-kinds.ts";

/**
 * Texts in the words of the Kubernetes provider, so that what classifies its failures classifies ours: a
 * rehearsal exercises the same code as a real cluster.
 */
const SSA_GUIDE =
  "https://www.pulumi.com/registry/packages/kubernetes/how-to-guides/managing-resources-with-server-side-apply/#handle-field-conflicts-on-existing-resources";

/** Another field manager owns what the engine wants to write. */
export function fieldConflict(ref: ObjectRef, owner: string): RolloutError {
  return new RolloutError(
    `the Kubernetes API server reported that "${idOf(ref)}" failed to fully initialize or become live: ` +
      `Server-Side Apply field conflict detected. See ${SSA_GUIDE} for troubleshooting help.\n` +
      `The resource managed by field manager "pulumi-kubernetes-sandbox" had an apply conflict: ` +
      `Apply failed with 1 conflict: conflict with "${owner}" using ` +
      ownedField(ref.kind),
    {
      code: "sandbox-conflict",
      exit: "resource",
      hint: "The lever owns what it wrote: converge with force, or run `rollouts recover`.",
    },
  );
}

/** What a lever's write owns of an object, as the API server words it. */
function ownedField(kind: string): string {
  if (kind === "Service") return "v1: .spec.selector";
  const route = routeKind(kind);
  return route === undefined ? "apps/v1: .spec.template" : `${route.api}: .spec.${route.field}`;
}

/** What the API server says of an object that is not there. */
export function notFound(resource: string, ref: ObjectRef): RolloutError {
  return new RolloutError(`${resource} "${ref.name}" not found in namespace "${ref.namespace}"`, {
    code: "sandbox-not-found",
    exit: "resource",
  });
}

/** What the API server says of an object that is there already. */
export function alreadyExists(resource: string, ref: ObjectRef): RolloutError {
  return new RolloutError(
    `resource "${idOf(ref)}" was not successfully created by the Kubernetes API server: ${resource} "${ref.name}" already exists`,
    { code: "sandbox-exists", exit: "resource" },
  );
}

/** What the API server says of an object that breaks a rule of its kind. */
export function invalid(ref: ObjectRef, path: string, rule: string): RolloutError {
  return new RolloutError(`${ref.kind} "${idOf(ref)}" is invalid: ${path}: ${rule}`, {
    code: "sandbox-object-invalid",
    exit: "resource",
    path,
  });
}

/** A Deployment that was written but did not become live; the object stays as it is. */
export class NotLive extends RolloutError {
  /** One line a reason, as the provider lists them. */
  readonly reasons: readonly string[];

  constructor(reasons: readonly string[]) {
    const list = reasons.map((reason) => `\n\t* ${reason}`).join("");
    super(`${reasons.length} errors occurred:${list}`, { code: "sandbox-not-live", exit: "resource" });
    this.reasons = reasons;
  }
}

/** Why a Deployment is not live. */
export function notLiveReasons(ref: ObjectRef, status: DeploymentStatus): readonly string[] {
  const headline =
    `the Kubernetes API server reported that "${idOf(ref)}" failed to fully initialize or become live: ` +
    `'${ref.name}' timed out waiting to be Ready`;
  const deadline = status.deadlineExceeded
    ? [`[ProgressDeadlineExceeded] ReplicaSet of "${ref.name}" has timed out progressing.`]
    : [];
  const minimum = status.firstRollout
    ? "Minimum number of live Pods was not attained"
    : "Attempted to roll forward to new ReplicaSet, but minimum number of Pods did not become live";
  return [headline, ...deadline, minimum, ...podReasons(ref, status)];
}

function podReasons(ref: ObjectRef, status: DeploymentStatus): readonly string[] {
  const reasons = status.failing.map((pod) => {
    const start = `[Pod ${idOf(ref)}]: containers with unready status: [${ref.name}]`;
    if (pod.state === "crashloop")
      return `${start} -- [CrashLoopBackOff] back-off 5m0s restarting failed container`;
    if (pod.state === "image-pull")
      return `${start} -- [ImagePullBackOff] Back-off pulling image "${pod.image}"`;
    return start;
  });
  return [...new Set(reasons)];
}
