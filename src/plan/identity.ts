import { sha256, stableJson } from "../lib/stable-json.ts";
import type { WorkloadSnapshot } from "../types/workload.ts";
import { isService } from "./snapshots.ts";

/**
 * The snapshot of a version: its identity is the image's digest or tag (of nodes: their version) and the SHA-256 of the plain spec in
 * our own schema, so a changed variable is another version and an upgrade of this library is not.
 */
export function snapshotOf(version: {
  readonly version: string;
  readonly workload: WorkloadSnapshot["workload"];
}): WorkloadSnapshot {
  const { workload } = version;
  return {
    version: version.version,
    identity: `${isService(workload) ? artefactOf(workload.image) : version.version}+${sha256(stableJson(workload)).slice(0, 16)}`,
    workload,
  };
}

/** `sha256:…` of a pinned image, else its tag, else the whole reference. */
function artefactOf(image: string): string {
  const at = image.lastIndexOf("@");
  if (at >= 0) return image.slice(at + 1);
  const colon = image.lastIndexOf(":");
  return colon > image.lastIndexOf("/") ? image.slice(colon + 1) : image;
}

/**
 * Annotation of every pod template with its version's identity, so that whoever looks at a cluster (the lever,
 * `kubectl`) can tell the versions of one Deployment apart: labels and selectors never say it.
 */
export const identityAnnotation = "pulumi-rollouts/identity";

/** Label of every node with the name of its pool, which stays while pools of Azure come and go. */
export const nodePoolLabel = "pulumi-rollouts/pool";

/** Label of every node with its version: `nodeBuildOf` its identity. */
export const nodeBuildLabel = "pulumi-rollouts/build";

/** The hash in an identity: a label's value can't hold the whole. */
export function nodeBuildOf(identity: string): string {
  return identity.slice(identity.lastIndexOf("+") + 1);
}
