import * as z from "zod";
import { RolloutError } from "../../errors/errors.ts";
import { exposureAnnotation } from "../../plan/cohort.ts";
import { meaningOf, selectorAt, stableReplicasAnnotation } from "../../plan/replica-ratio.ts";
import type { PatchOperation } from "./kube-api.ts";
import { givingBack, managedFields } from "./ownership.ts";
import type { SideNames } from "./route-shape.ts";

/** The parts of a Service that the lever reads; all others pass by. */
export const sharedService = z.looseObject({
  metadata: z.looseObject({
    name: z.string(),
    namespace: z.string(),
    annotations: z.record(z.string(), z.string()).optional(),
    managedFields,
  }),
  spec: z.looseObject({
    type: z.string().optional(),
    selector: z.record(z.string(), z.string()).optional(),
    publishNotReadyAddresses: z.boolean().optional(),
  }),
});
export type SharedService = z.infer<typeof sharedService>;

/**
 * Whose pods take the requests: stable's (0), the candidate's (100), or those of both. Refused (`route-shape`): a
 * selector with other labels, without one, another name in the place of the pods, and pods that aren't ready.
 */
export function sharesOf({ metadata, spec }: SharedService, names: SideNames): 0 | 100 | "pods" {
  const refuse = (why: string) => shapeError(metadata, names, why);
  if (spec.type === "ExternalName") throw refuse("it is the name of something else (ExternalName)");
  if (spec.publishNotReadyAddresses === true) throw refuse("it sends requests to pods that are not ready");
  const meaning = meaningOf(spec.selector ?? {}, names.stable);
  if (meaning !== undefined) return meaning;
  const labels = Object.entries(spec.selector ?? {}).map(([key, value]) => `${key}=${value}`);
  throw refuse(labels.length === 0 ? "it has no selector" : `its selector is ${labels.join(",")}`);
}

/** What the Service says that the pods of both sides are to be: percent, and stable's pods that it was counted from. */
export function declaredOf({ metadata: { annotations = {} } }: SharedService): {
  readonly declared: number | undefined;
  readonly stableReplicas: number | undefined;
} {
  const whole = (key: string) =>
    /^[1-9]\d{0,8}$/.test(annotations[key] ?? "") ? Number(annotations[key]) : undefined;
  const exposure = whole(exposureAnnotation);
  return {
    declared: exposure !== undefined && exposure < 100 ? exposure : undefined,
    stableReplicas: whole(stableReplicasAnnotation),
  };
}

/**
 * The patch that gives one side everything, guarded by the selector as it was read; empty where the exposure stands.
 * Only an annotation that is there is written: a Service without one declares nothing that could be wrong.
 *
 * @throws RolloutError `route-shape`; `exposure-invalid` for a share, as that is moved by pods, and so by the stack
 */
export function selectorPatch(found: SharedService, names: SideNames, exposure: number): PatchOperation[] {
  const present = sharesOf(found, names);
  const { declared } = declaredOf(found);
  if (present === exposure || (present === "pods" && declared === exposure)) return [];
  if (exposure > 0 && exposure < 100) throw movedByPods(found, exposure);
  const { annotations = {} } = found.metadata;
  const path = annotationPath(exposureAnnotation);
  const declares = annotations[exposureAnnotation] !== undefined;
  return [
    { op: "test", path: "/spec/selector", value: found.spec.selector },
    { op: "replace", path: "/spec/selector", value: selectorAt(names.stable, exposure) },
    ...(declares ? [{ op: "replace", path, value: String(exposure) } as const] : []),
  ];
}

/**
 * The patch that leaves the Service to the engine. Without a candidate the annotation goes too: the lever has written
 * it, and so the engine that left it out could not remove it. Empty where the lever owns nothing.
 */
export function releasePatch({ metadata }: SharedService, hasCandidate: boolean): PatchOperation[] {
  const own = givingBack(metadata.managedFields);
  const value = metadata.annotations?.[exposureAnnotation];
  if (own.length === 0 || hasCandidate || value === undefined) return own;
  const path = annotationPath(exposureAnnotation);
  return [{ op: "test", path, value }, { op: "remove", path }, ...own];
}

function movedByPods({ metadata }: SharedService, exposure: number): RolloutError {
  const where = `${metadata.namespace}/${metadata.name}`;
  return new RolloutError(
    `Service ${where} can't be moved to ${exposure} %: its share is that of its pods.`,
    {
      code: "exposure-invalid",
      exit: "config",
      hint: "The lever gives one side everything, 0 or 100; a share comes with the stack's next step, which moves pods.",
    },
  );
}

/** A Service whose shape the lever doesn't know: it neither reads nor writes it. */
function shapeError(
  { namespace, name }: SharedService["metadata"],
  names: SideNames,
  why: string,
): RolloutError {
  return new RolloutError(`Service ${namespace}/${name} has a shape that the lever does not know: ${why}.`, {
    code: "route-shape",
    exit: "resource",
    hint: `A rollout without a router needs a Service with the selector app=${names.stable}, and with no other label than version=stable or version=canary.`,
  });
}

/** A key with its slash as a JSON pointer has it. */
function annotationPath(key: string): string {
  return `/metadata/annotations/${key.replaceAll("~", "~0").replaceAll("/", "~1")}`;
}
