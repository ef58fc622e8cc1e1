import { type Manifest, numberAt, type ObjectRef, textAt } from "./manifest.ts";

/** An object with its place: what an autoscaler is found by. */
interface Placed {
  readonly ref: ObjectRef;
  readonly manifest: Manifest;
}

/**
 * How many pods a Deployment is to have. An autoscaler keeps what runs within its bounds (load is not
 * modelled: it never moves by itself) and has the last word, as in a cluster.
 */
export function desiredReplicas(
  manifest: Manifest,
  autoscalers: readonly Placed[],
  running?: number,
): number {
  const written = numberAt(manifest, "spec", "replicas");
  const namespace = textAt(manifest, "metadata", "namespace") ?? "default";
  const scaler = autoscalers.find(
    (placed) =>
      placed.ref.namespace === namespace &&
      textAt(placed.manifest, "spec", "scaleTargetRef", "name") === textAt(manifest, "metadata", "name"),
  );
  if (scaler === undefined) return written ?? running ?? 1;
  const least = numberAt(scaler.manifest, "spec", "minReplicas") ?? 1;
  const most = numberAt(scaler.manifest, "spec", "maxReplicas") ?? least;
  return Math.min(most, Math.max(least, written ?? least));
}
