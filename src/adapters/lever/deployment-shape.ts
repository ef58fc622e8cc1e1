import * as z from "zod";
import { RolloutError } from "../../errors/errors.ts";
import { identityAnnotation } from "../../plan/identity.ts";
import { isComplete, type Progress, progressText, shareInPlace } from "../../plan/progress.ts";
import type { RouteReading } from "../../types/observation.ts";
import { managedFields } from "./ownership.ts";

/** A pod template, as far as it says whose pods it makes. */
export const podTemplate = z.looseObject({
  metadata: z
    .looseObject({
      labels: z.record(z.string(), z.string()).optional(),
      annotations: z.record(z.string(), z.string()).optional(),
    })
    .optional(),
});
type Template = z.infer<typeof podTemplate>;

const count = z.number().optional();
const condition = z.looseObject({ type: z.string(), status: z.string(), reason: z.string().optional() });

/** The parts of a Deployment that the lever reads; all others pass by. */
export const deploymentSchema = z.looseObject({
  metadata: z.looseObject({
    name: z.string(),
    uid: z.string(),
    generation: z.number(),
    managedFields,
  }),
  spec: z.looseObject({
    // The API server fills in 1.
    replicas: count,
    paused: z.boolean().optional(),
    selector: z.looseObject({ matchLabels: z.record(z.string(), z.string()) }),
    template: podTemplate,
  }),
  status: z
    .looseObject({
      observedGeneration: count,
      updatedReplicas: count,
      availableReplicas: count,
      conditions: z.array(condition).optional(),
    })
    .optional(),
});
type Deployment = z.infer<typeof deploymentSchema>;

const replicaSet = z.looseObject({
  metadata: z.looseObject({
    name: z.string(),
    annotations: z.record(z.string(), z.string()).optional(),
    ownerReferences: z.array(z.looseObject({ uid: z.string() })).optional(),
  }),
  spec: z.looseObject({ template: podTemplate }),
  // Both are left out where they are 0.
  status: z.looseObject({ replicas: count, readyReplicas: count }).optional(),
});
type ReplicaSet = z.infer<typeof replicaSet>;
export const replicaSetList = z.looseObject({ items: z.array(replicaSet) });

/** A Deployment with its own ReplicaSets, and which identities a rollout is about. */
export interface Rolling {
  readonly deployment: Deployment;
  readonly replicaSets: readonly ReplicaSet[];
  readonly sides: { readonly stable?: string; readonly candidate?: string };
}

/** Whose pods a template makes: the annotation that the components write. */
export function identityOf({ metadata }: Template): string | undefined {
  return metadata?.annotations?.[identityAnnotation];
}

/** Those of the list that the Deployment made, not what others put under the same labels. */
export function ownedBy(deployment: Deployment, all: readonly ReplicaSet[]): readonly ReplicaSet[] {
  const { uid } = deployment.metadata;
  return all.filter(({ metadata }) => metadata.ownerReferences?.some((owner) => owner.uid === uid));
}

/** The lever's reading. Pods that are already ending count for nobody: a ReplicaSet leaves them out. */
export function readingOf(rolling: Rolling): RouteReading {
  const { deployment, replicaSets, sides } = rolling;
  const ready = { stable: readyOf(rolling, sides.stable), candidate: readyOf(rolling, sides.candidate) };
  const isCandidate = (one: Template) => sides.candidate !== undefined && identityOf(one) === sides.candidate;
  const hasPods = replicaSets.some(({ spec, status }) => isCandidate(spec.template) && podsOf(status) > 0);
  return {
    exposure: exposureOf(rolling, ready.candidate),
    accepted: (deployment.status?.observedGeneration ?? 0) >= deployment.metadata.generation,
    hasCandidate: isCandidate(deployment.spec.template) || hasPods,
    ready,
    progress: progressText(countsOf(rolling)),
  };
}

function exposureOf({ deployment, replicaSets, sides }: Rolling, ready: number): number {
  const progress = countsOf({ deployment, replicaSets });
  const isNew = sides.candidate !== undefined && identityOf(deployment.spec.template) === sides.candidate;
  return shareInPlace({ ready, total: progress.total, over: isNew && isComplete(progress) });
}

function countsOf({ deployment, replicaSets }: Pick<Rolling, "deployment" | "replicaSets">): Progress {
  const { spec, status } = deployment;
  const updated = status?.updatedReplicas ?? 0;
  const pods = replicaSets.reduce((sum, one) => sum + podsOf(one.status), 0);
  return {
    desired: spec.replicas ?? 1,
    updated,
    available: status?.availableReplicas ?? 0,
    // Two controllers report them, one after the other: never fewer than are known to be updated.
    total: Math.max(pods, updated),
    paused: spec.paused === true,
    late: status?.conditions?.some(({ reason }) => reason === "ProgressDeadlineExceeded") ?? false,
  };
}

function podsOf(status: ReplicaSet["status"]): number {
  return status?.replicas ?? 0;
}

function readyOf({ replicaSets }: Rolling, identity: string | undefined): number {
  if (identity === undefined) return 0;
  return replicaSets
    .filter(({ spec }) => identityOf(spec.template) === identity)
    .reduce((sum, { status }) => sum + (status?.readyReplicas ?? 0), 0);
}

/**
 * The pod template of an identity, from the newest ReplicaSet that ran it, without the label that Kubernetes adds.
 *
 * @throws RolloutError `no-such-revision` where none is left: the lever puts back what ran, and never guesses it
 */
export function templateFor({ deployment, replicaSets }: Rolling, identity: string | undefined): Template {
  const own = replicaSets.filter(
    ({ spec }) => identity !== undefined && identityOf(spec.template) === identity,
  );
  const newest = own.toSorted((a, b) => revisionOf(b) - revisionOf(a))[0];
  if (newest === undefined) throw noSuchRevision(deployment, identity, replicaSets);
  const { metadata, ...rest } = newest.spec.template;
  const { "pod-template-hash": _hash, ...labels } = metadata?.labels ?? {};
  return { ...rest, metadata: { ...metadata, labels } };
}

function revisionOf({ metadata }: ReplicaSet): number {
  return Number(metadata.annotations?.["deployment.kubernetes.io/revision"] ?? 0);
}

function noSuchRevision(
  { metadata }: Deployment,
  identity: string | undefined,
  replicaSets: readonly ReplicaSet[],
): RolloutError {
  const known = [...new Set(replicaSets.map(({ spec }) => identityOf(spec.template) ?? "no identity"))];
  const kept = known.length === 0 ? "it has none" : `it has ${known.join(", ")}`;
  return new RolloutError(
    `The Deployment ${metadata.name} has no ReplicaSet of ${identity ?? "a version before"}: ${kept}.`,
    {
      code: "no-such-revision",
      exit: "resource",
      hint: "The update that follows puts the version back. Keep old ReplicaSets (revisionHistoryLimit, default 10) for the fast way.",
    },
  );
}
