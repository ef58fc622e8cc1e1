import { RolloutError } from "../errors/errors.ts";
import { progressText } from "../plan/progress.ts";
import type { Lever } from "../ports/lever.ts";
import type { RouteReading } from "../types/observation.ts";
import type { Cloud } from "./cloud.ts";
import { shareOf } from "./deployments.ts";
import { LEVER_MANAGER } from "./lever.ts";
import type { Manifest, ObjectRef } from "./manifest.ts";
import { identityOf } from "./rollout-settings.ts";
import type { Sandbox } from "./sandbox.ts";

/** What the lever moves: one Deployment, between two identities. */
export interface InPlaceNames {
  readonly namespace: string;
  readonly deployment: string;
  readonly sides: { readonly stable?: string; readonly candidate?: string };
}

/** The lever on a Deployment of the sandbox, for a version in stable's place: what `deployment` is on a cluster. */
export function createInPlaceLever({ cloud }: Sandbox, names: InPlaceNames): Lever {
  const ref: ObjectRef = { kind: "Deployment", namespace: names.namespace, name: names.deployment };
  return {
    name: "sandbox",
    setExposure: async (exposure) => {
      if (exposure !== 0) throw refused(`a Deployment is not moved to ${exposure} %`, "exposure-invalid");
      undo(cloud, ref, names);
    },
    release: async () => cloud.release(ref),
    read: async () => read(cloud, ref, names),
  };
}

function undo(cloud: Cloud, ref: ObjectRef, { sides }: InPlaceNames): void {
  const { stable, candidate } = sides;
  const present = identityOf(known(cloud, ref).manifest);
  if (candidate === undefined || present !== candidate) return;
  const template = stable === undefined ? undefined : cloud.template(ref, stable);
  if (template === undefined) {
    throw refused(
      `the Deployment ${ref.name} has never run ${stable ?? "a version before"}`,
      "no-such-revision",
    );
  }
  cloud.patch(
    ref,
    (manifest) => ({ ...manifest, spec: { ...(manifest["spec"] as Manifest), template } }),
    LEVER_MANAGER,
  );
}

function read(cloud: Cloud, ref: ObjectRef, { sides }: InPlaceNames): RouteReading {
  const { manifest } = known(cloud, ref);
  const status = cloud.status(ref);
  if (status === undefined) throw refused(`there is no Deployment ${ref.name}`, "lever-no-deployment");
  const { pods, updated, available, replicas } = status;
  const of = (identity: string | undefined) =>
    identity === undefined ? [] : pods.filter((pod) => pod.identity === identity);
  const ready = (identity: string | undefined) => of(identity).filter((pod) => pod.state === "ready").length;
  const runs = sides.candidate !== undefined && identityOf(manifest) === sides.candidate;
  return {
    exposure: sides.candidate === undefined ? 0 : shareOf(sides.candidate, status),
    accepted: true,
    hasCandidate: runs || of(sides.candidate).length > 0,
    ready: { stable: ready(sides.stable), candidate: ready(sides.candidate) },
    progress: progressText({
      desired: replicas,
      updated,
      available,
      total: pods.length,
      late: status.deadlineExceeded,
    }),
  };
}

function known(cloud: Cloud, ref: ObjectRef) {
  const found = cloud.get(ref);
  if (found !== undefined) return found;
  throw refused(`there is no Deployment "${ref.namespace}/${ref.name}"`, "lever-no-deployment");
}

function refused(why: string, code: string): RolloutError {
  return new RolloutError(`The lever was not pulled: ${why}.`, {
    code,
    exit: code === "exposure-invalid" ? "config" : "resource",
    hint: "Check the lever's namespace and the service's name against the stack.",
  });
}
