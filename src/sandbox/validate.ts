import { stableJson } from "../lib/stable-json.ts";
import { labelsAt, selects } from "./labels.ts";
import { listAt, type Manifest, type ObjectRef, valueAt } from "./manifest.ts";
import { invalid } from "./messages.ts";
import { routeKind, rulesOf } from "./route-kinds.ts";

/** The API server's rules that a rollout can break. Throws a RolloutError with the path and the rule. */
export function validate(ref: ObjectRef, manifest: Manifest, before?: Manifest): void {
  if (ref.kind === "Deployment") validateDeployment(ref, manifest, before);
  if (routeKind(ref.kind) !== undefined) validateRoute(ref, manifest);
}

function validateDeployment(ref: ObjectRef, manifest: Manifest, before: Manifest | undefined): void {
  const selector = labelsAt(manifest, "spec", "selector", "matchLabels");
  if (!selects(selector, labelsAt(manifest, "spec", "template", "metadata", "labels"))) {
    throw invalid(ref, "spec.template.metadata.labels", "`selector` does not match template `labels`");
  }
  if (before !== undefined && text(manifest, "selector") !== text(before, "selector")) {
    throw invalid(ref, "spec.selector", "field is immutable");
  }
  if (listAt(manifest, "spec", "template", "spec", "containers").length === 0) {
    throw invalid(ref, "spec.template.spec.containers", "Required value");
  }
  if (valueAt(manifest, "spec", "paused") === true) {
    throw invalid(ref, "spec.paused", "a paused Deployment is not modelled by the sandbox");
  }
}

function validateRoute(ref: ObjectRef, manifest: Manifest): void {
  for (const { name, weight = 1, path } of rulesOf(manifest).flat()) {
    if (!Number.isInteger(weight) || weight < 0 || weight > 1_000_000) {
      const rule = `Invalid value: ${weight}: should be a whole number from 0 to 1000000`;
      throw invalid(ref, `${path}.weight`, rule);
    }
    if (name === undefined) throw invalid(ref, `${path}.name`, "Required value");
  }
}

function text(manifest: Manifest, field: string): string {
  return stableJson(valueAt(manifest, "spec", field) ?? null);
}
