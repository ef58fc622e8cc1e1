import * as z from "zod";
import { isComplete, type Progress, progressText } from "../../plan/progress.ts";
import type { RouteReading, StableReading } from "../../types/observation.ts";
import { identityOf, podTemplate } from "./deployment-shape.ts";
import type { KubeApi, KubeObject } from "./kube-api.ts";
import { hasStatus, parseObject } from "./kube-object.ts";
import type { SideNames } from "./route-shape.ts";

const count = z.number().optional();
const deployment = z.looseObject({
  metadata: z.looseObject({ generation: z.number() }),
  spec: z.looseObject({
    // The API server fills in 1.
    replicas: count,
    template: podTemplate.optional(),
  }),
  // Every count is left out where it is 0.
  status: z
    .looseObject({
      observedGeneration: count,
      replicas: count,
      readyReplicas: count,
      updatedReplicas: count,
      availableReplicas: count,
    })
    .optional(),
});
type Deployment = z.infer<typeof deployment>;

/** One side's Deployment, in pods. */
export interface Side {
  readonly desired: number;
  readonly ready: number;
  readonly state: StableReading;
}

/** Both sides, as their Deployments are; a candidate that isn't there has none. */
export interface Sides {
  readonly stable: Side;
  readonly candidate?: Side;
}

interface Where {
  readonly namespace: string;
  readonly names: SideNames;
}

/** A stable one that isn't there is an error, and so are Deployments that may not be read. */
export async function readSides(
  api: KubeApi,
  { namespace, names }: Where,
  signal?: AbortSignal,
): Promise<Sides> {
  const read = async (name: string) => {
    const object: KubeObject = { group: "apps", version: "v1", plural: "deployments", namespace, name };
    return sideOf(
      parseObject(deployment, await api.get(object, signal), { what: `Deployment ${namespace}/${name}` }),
    );
  };
  const [stable, candidate] = await Promise.all([
    read(names.stable),
    read(names.candidate).catch((error: unknown) => {
      if (hasStatus(error, 404)) return undefined;
      throw error;
    }),
  ]);
  return { stable, ...(candidate ? { candidate } : {}) };
}

/** Undefined where Deployments may not be read: the route alone is an answer too. */
export async function sidesIfAllowed(
  api: KubeApi,
  where: Where,
  signal?: AbortSignal,
): Promise<Sides | undefined> {
  try {
    return await readSides(api, where, signal);
  } catch (error) {
    if (hasStatus(error, 403)) return undefined;
    throw error;
  }
}

function sideOf({ metadata, spec, status }: Deployment): Side {
  const desired = spec.replicas ?? 1;
  const progress: Progress = {
    desired,
    updated: status?.updatedReplicas ?? 0,
    available: status?.availableReplicas ?? 0,
    total: status?.replicas ?? 0,
  };
  // Counts of an older generation are of other pods: they say nothing on this one.
  const seen = (status?.observedGeneration ?? 0) >= metadata.generation;
  const identity = spec.template && identityOf(spec.template);
  return {
    desired,
    ready: status?.readyReplicas ?? 0,
    state: {
      ...(identity === undefined ? {} : { identity }),
      complete: seen && isComplete(progress),
      progress: seen ? progressText(progress) : "its controller has not looked at the change yet",
    },
  };
}

/** What a route's reading has of the Deployments behind it. */
export function seenOf({ stable, candidate }: Sides): Required<Pick<RouteReading, "ready" | "stable">> {
  return { ready: { stable: stable.ready, candidate: candidate?.ready ?? 0 }, stable: stable.state };
}
