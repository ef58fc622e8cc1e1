import { RolloutError } from "../errors/errors.ts";
import { exposureAnnotation } from "../plan/cohort.ts";
import { meaningOf, ratioReading, stableReplicasAnnotation } from "../plan/replica-ratio.ts";
import type { Lever } from "../ports/lever.ts";
import type { RouteReading } from "../types/observation.ts";
import type { Cloud, CloudObject } from "./cloud.ts";
import { labelsAt } from "./labels.ts";
import { LEVER_MANAGER, type LeverNames, stableOf } from "./lever.ts";
import { type Manifest, type ObjectRef, textAt } from "./manifest.ts";
import type { Sandbox } from "./sandbox.ts";
import { allOnOneSide, sharedField } from "./shared-service.ts";

/** The lever on a Service over the pods of both sides: what `replica-ratio` is on a cluster. `names.route` is its name. */
export function createRatioLever({ cloud }: Sandbox, names: Omit<LeverNames, "kind">): Lever {
  const ref: ObjectRef = { kind: "Service", namespace: names.namespace, name: names.route };
  return {
    name: "sandbox",
    setExposure: async (exposure) => setExposure(cloud, { ref, names, exposure }),
    release: async () => cloud.release(ref),
    read: async () => read(cloud, ref, names),
  };
}

type Names = Omit<LeverNames, "kind">;

interface Change {
  readonly ref: ObjectRef;
  readonly names: Names;
  readonly exposure: number;
}

function setExposure(cloud: Cloud, { ref, names, exposure }: Change): void {
  const { manifest } = known(cloud, ref);
  const present = sharesOf(manifest, names);
  if (present === exposure || (present === "pods" && declaredOf(manifest) === exposure)) return;
  if (exposure !== 0 && exposure !== 100) {
    throw refused(`the share of a Service is that of its pods, which no lever moves to ${exposure} %`, {
      code: "exposure-invalid",
      exit: "config",
    });
  }
  if (exposure === 100 && cloud.get(deployment(names, names.candidate)) === undefined) {
    throw refused(`there is no Deployment "${names.candidate}" that could take 100 %`, {
      code: "lever-no-candidate",
      exit: "resource",
    });
  }
  cloud.patch(ref, (before) => allOnOneSide(before, names.stable, exposure), LEVER_MANAGER);
}

function read(cloud: Cloud, ref: ObjectRef, names: Names): RouteReading {
  const { manifest } = known(cloud, ref);
  const stable = cloud.status(deployment(names, names.stable));
  const candidate = cloud.status(deployment(names, names.candidate));
  const desired = { stable: stable?.replicas ?? 0, candidate: candidate?.replicas ?? 0 };
  const ready = { stable: stable?.ready ?? 0, candidate: candidate?.ready ?? 0 };
  const hasCandidate = candidate !== undefined;
  const own = stableOf(cloud, deployment(names, names.stable));
  const taken = cloud.router.accepted(ref);
  const shares = sharesOf(manifest, names);
  if (shares !== "pods") {
    return {
      exposure: shares,
      accepted: taken && (shares === 0 || ready.candidate > 0),
      hasCandidate,
      ready,
      ...own,
    };
  }
  const counted = textAt(manifest, "metadata", "annotations", stableReplicasAnnotation);
  const reading = ratioReading({
    declared: declaredOf(manifest),
    stableReplicas: counted === undefined ? undefined : Number(counted),
    desired,
    ready,
  });
  return { ...reading, accepted: taken && reading.accepted, hasCandidate, ready, ...own };
}

function declaredOf(manifest: Manifest): number | undefined {
  const declared = Number(textAt(manifest, "metadata", "annotations", exposureAnnotation) ?? 0);
  return declared > 0 && declared < 100 ? declared : undefined;
}

function sharesOf(manifest: Manifest, names: Names): 0 | 100 | "pods" {
  const selector = labelsAt(manifest, "spec", sharedField);
  const meaning = meaningOf(selector, names.stable);
  if (meaning !== undefined) return meaning;
  throw refused(`the Service "${names.route}" selects ${JSON.stringify(selector)}`, {
    code: "lever-route-shape",
    exit: "resource",
  });
}

function deployment({ namespace }: Names, name: string): ObjectRef {
  return { kind: "Deployment", namespace, name };
}

function known(cloud: Cloud, ref: ObjectRef): CloudObject {
  const found = cloud.get(ref);
  if (found !== undefined) return found;
  throw refused(`there is no Service "${ref.namespace}/${ref.name}"`, {
    code: "lever-no-route",
    exit: "resource",
  });
}

function refused(
  why: string,
  of: { readonly code: string; readonly exit: "config" | "resource" },
): RolloutError {
  return new RolloutError(`The lever was not pulled: ${why}.`, {
    ...of,
    hint: "Check the lever's namespace and service against the stack.",
  });
}
