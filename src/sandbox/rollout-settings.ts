import { stableJson } from "../lib/stable-json.ts";
import { identityAnnotation } from "../plan/identity.ts";
import { labelsAt } from "./labels.ts";
import { listAt, type Manifest, numberAt, textAt, valueAt } from "./manifest.ts";

/** How a Deployment rolls, in numbers; times in ms. */
export interface RolloutSettings {
  readonly replicas: number;
  /** Pods above `replicas` while it rolls. */
  readonly surge: number;
  /** Pods that may be missing while it rolls. */
  readonly unavailable: number;
  readonly recreate: boolean;
  readonly minReadyMs: number;
  readonly progressDeadlineMs: number;
  /** From the pod's start to its first good readiness probe. */
  readonly readyAfterMs: number;
}

/** Time from a pod's creation to its running container: scheduling, pull, start. */
export const POD_START_MS = 5_000;

/** The settings of a Deployment with `replicas` pods, with Kubernetes' defaults where nothing is written. */
export function rolloutSettings(manifest: Manifest, replicas: number): RolloutSettings {
  const recreate = textAt(manifest, "spec", "strategy", "type") === "Recreate";
  const rolling = valueAt(manifest, "spec", "strategy", "rollingUpdate");
  const surge = recreate ? 0 : share(valueAt(rolling, "maxSurge") ?? "25%", replicas, Math.ceil);
  const unavailable = recreate
    ? replicas
    : share(valueAt(rolling, "maxUnavailable") ?? "25%", replicas, Math.floor);
  const delays = listAt(manifest, "spec", "template", "spec", "containers").map(
    (container) => numberAt(container, "readinessProbe", "initialDelaySeconds") ?? 0,
  );
  return {
    replicas,
    surge,
    // Kubernetes: with both 0 nothing could ever roll, so one pod may be missing.
    unavailable: surge === 0 && unavailable === 0 ? 1 : unavailable,
    recreate,
    minReadyMs: (numberAt(manifest, "spec", "minReadySeconds") ?? 0) * 1_000,
    progressDeadlineMs: (numberAt(manifest, "spec", "progressDeadlineSeconds") ?? 600) * 1_000,
    readyAfterMs: POD_START_MS + Math.max(0, ...delays) * 1_000,
  };
}

/** What a pod runs, whatever its labels: the same build on either side of a canary has the same text. */
export function buildOf(manifest: Manifest): string {
  return stableJson(valueAt(manifest, "spec", "template", "spec") ?? null);
}

/** Which version a Deployment's pods run, as the components write it; undefined where nobody did. */
export function identityOf(manifest: Manifest): string | undefined {
  return textAt(manifest, "spec", "template", "metadata", "annotations", identityAnnotation);
}

/** Changes whenever a Deployment has to make new pods. */
export function templateOf(manifest: Manifest): string {
  return stableJson(valueAt(manifest, "spec", "template") ?? null);
}

/** Labels of the pods of a Deployment. */
export function podLabels(manifest: Manifest): Readonly<Record<string, string>> {
  return labelsAt(manifest, "spec", "template", "metadata", "labels");
}

function share(value: unknown, replicas: number, round: (value: number) => number): number {
  if (typeof value === "number") return value;
  const percent = typeof value === "string" ? /^(\d+)%$/.exec(value)?.[1] : undefined;
  return percent === undefined ? 0 : round((Number(percent) * replicas) / 100);
}
