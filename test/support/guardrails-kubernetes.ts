import { digestImages } from "../../policy-packs/rollout-guardrails/policies/digest-images.ts";
import { hpaPdb } from "../../policy-packs/rollout-guardrails/policies/hpa-pdb.ts";
import { labels } from "../../policy-packs/rollout-guardrails/policies/labels.ts";
import { noPlainSecrets } from "../../policy-packs/rollout-guardrails/policies/no-plain-secrets.ts";
import { pinnedImages } from "../../policy-packs/rollout-guardrails/policies/pinned-images.ts";
import { probes } from "../../policy-packs/rollout-guardrails/policies/probes.ts";
import { productionReplicas } from "../../policy-packs/rollout-guardrails/policies/production-replicas.ts";
import { resourceLimits } from "../../policy-packs/rollout-guardrails/policies/resource-limits.ts";
import { rollingSettings } from "../../policy-packs/rollout-guardrails/policies/rolling-settings.ts";
import { routeBackends } from "../../policy-packs/rollout-guardrails/policies/route-backends.ts";
import { routeWeights } from "../../policy-packs/rollout-guardrails/policies/route-weights.ts";
import { stableCapacity } from "../../policy-packs/rollout-guardrails/policies/stable-capacity.ts";

/** Rules on objects of Kubernetes, each by itself. */
export const resourceRules = [
  probes,
  resourceLimits,
  pinnedImages,
  digestImages,
  noPlainSecrets,
  routeWeights,
  labels,
];

/** Rules on all of them together. */
export const stackRules = [rollingSettings, productionReplicas, hpaPdb, stableCapacity, routeBackends];
