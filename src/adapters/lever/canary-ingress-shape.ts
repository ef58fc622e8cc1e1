import * as z from "zod";
import { RolloutError } from "../../errors/errors.ts";
import type { PatchOperation } from "./kube-api.ts";
import type { SideNames } from "./route-shape.ts";

const prefix = "nginx.ingress.kubernetes.io";
const isCanary = `${prefix}/canary`;
const weightKey = `${prefix}/canary-weight`;
const totalKey = `${prefix}/canary-weight-total`;

/** Ways of ingress-nginx to the candidate that go before the weight. */
const earlier = [`${prefix}/canary-by-header`, `${prefix}/canary-by-cookie`];

const backend = z.looseObject({ service: z.looseObject({ name: z.string() }).optional() });

/** The parts of an Ingress that the lever reads; all others pass by. */
export const ingressSchema = z.looseObject({
  metadata: z.looseObject({
    name: z.string(),
    namespace: z.string(),
    annotations: z.record(z.string(), z.string()).optional(),
  }),
  spec: z.looseObject({
    defaultBackend: backend.optional(),
    rules: z
      .array(
        z.looseObject({
          http: z.looseObject({ paths: z.array(z.looseObject({ backend })) }).optional(),
        }),
      )
      .optional(),
  }),
});
export type CanaryIngress = z.infer<typeof ingressSchema>;

/**
 * The weight of a canary Ingress, which is the exposure: 0-100 %. An absent one is 0, as ingress-nginx has it.
 * Refused (`route-shape`): an Ingress that isn't a canary's or leads to anything but the candidate, another total
 * than 100, and a header or cookie rule: such users reach the candidate at weight 0 too.
 */
export function weightOf(found: CanaryIngress, names: SideNames): number {
  const refuse = (why: string) => shapeError(found, names, why);
  const { annotations = {} } = found.metadata;
  if (annotations[isCanary] !== "true") throw refuse(`its annotation ${isCanary} is not "true"`);
  const rule = earlier.find((key) => annotations[key] !== undefined);
  if (rule !== undefined) throw refuse(`its annotation ${rule} goes before the weight`);
  const total = annotations[totalKey] ?? "100";
  if (total !== "100") throw refuse(`its annotation ${totalKey} is ${JSON.stringify(total)}, not "100"`);
  const places = backendsOf(found);
  const foreign = places.find(({ service }) => service !== names.candidate);
  if (foreign) throw refuse(`${foreign.path} leads to ${foreign.service ?? "something else than a Service"}`);
  if (places.length === 0) throw refuse("it has no backend");
  const weight = annotations[weightKey] ?? "0";
  if (!/^(\d{1,2}|100)$/.test(weight)) {
    throw refuse(`its annotation ${weightKey} is ${JSON.stringify(weight)}, not a number from 0 to 100`);
  }
  return Number(weight);
}

/** The patch that writes a weight, 0 as "0", after it has tested what the Ingress is; empty where it stands there. */
export function weightPatch(found: CanaryIngress, names: SideNames, weight: number): PatchOperation[] {
  const { annotations = {} } = found.metadata;
  const value = String(weight);
  if (weightOf(found, names) === weight && annotations[weightKey] === value) return [];
  return [
    { op: "test", path: annotationPath(isCanary), value: "true" },
    ...backendsOf(found).map(
      ({ path }): PatchOperation => ({ op: "test", path: `${path}/service/name`, value: names.candidate }),
    ),
    {
      op: annotations[weightKey] === undefined ? "add" : "replace",
      path: annotationPath(weightKey),
      value,
    },
  ];
}

/** An Ingress whose shape the lever doesn't know: it neither reads nor writes it. */
function shapeError({ metadata }: CanaryIngress, names: SideNames, why: string): RolloutError {
  const where = `${metadata.namespace}/${metadata.name}`;
  return new RolloutError(`Ingress ${where} has a shape that the lever does not know: ${why}.`, {
    code: "route-shape",
    exit: "resource",
    hint: `A rollout needs an Ingress with ${isCanary}: "true" and no other canary rule than its weight, that leads to ${names.candidate} alone.`,
  });
}

function backendsOf({ spec }: CanaryIngress): { readonly path: string; readonly service?: string }[] {
  const at = (path: string, { service }: z.infer<typeof backend>) => [
    { path, ...(service === undefined ? {} : { service: service.name }) },
  ];
  const whole = spec.defaultBackend === undefined ? [] : at("/spec/defaultBackend", spec.defaultBackend);
  const paths = (spec.rules ?? []).flatMap(({ http }, rule) =>
    (http?.paths ?? []).flatMap((one, path) =>
      at(`/spec/rules/${rule}/http/paths/${path}/backend`, one.backend),
    ),
  );
  return [...whole, ...paths];
}

/** A key with its slash as a JSON pointer has it. */
function annotationPath(key: string): string {
  return `/metadata/annotations/${key.replaceAll("~", "~0").replaceAll("/", "~1")}`;
}
