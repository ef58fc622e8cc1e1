import { stableJson } from "../lib/stable-json.ts";
import { labelsAt, selects } from "./labels.ts";
import { listAt, type Manifest, numberAt, type ObjectRef, textAt, valueAt } from "./manifest.ts";
import { invalid } from "./messages.ts";

/** The API server's rules that a rollout can break. Throws a RolloutError with the path and the rule. */
export function validate(ref: ObjectRef, manifest: Manifest, before?: Manifest): void {
  if (ref.kind === "Deployment") validateDeployment(ref, manifest, before);
  if (ref.kind === "HTTPRoute") validateRoute(ref, manifest);
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
  for (const [rule, entry] of listAt(manifest, "spec", "rules").entries()) {
    for (const [index, backend] of listAt(entry, "backendRefs").entries()) {
      const path = `spec.rules[${rule}].backendRefs[${index}]`;
      const weight = numberAt(backend, "weight") ?? 1;
      if (!Number.isInteger(weight) || weight < 0 || weight > 1_000_000) {
        throw invalid(
          ref,
          `${path}.weight`,
          `Invalid value: ${weight}: should be a whole number from 0 to 1000000`,
        );
      }
      if (textAt(backend, "name") === undefined) throw invalid(ref, `${path}.name`, "Required value");
    }
  }
}

function text(manifest: Manifest, field: string): string {
  return stableJson(valueAt(manifest, "spec", field) ?? null);
}
