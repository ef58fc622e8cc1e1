import type { ResourceValidationPolicy, StackValidationPolicy } from "@pulumi/policy";
import { alertCoverage } from "./policies/alert-coverage.ts";
import { approvals } from "./policies/approvals.ts";
import { azureTags } from "./policies/azure-tags.ts";
import { deploymentWindow } from "./policies/deployment-window.ts";
import { digestImages } from "./policies/digest-images.ts";
import { exposureSteps } from "./policies/exposure-steps.ts";
import { flagPercentage } from "./policies/flag-percentage.ts";
import { flagPhases } from "./policies/flag-phases.ts";
import { flagSchema } from "./policies/flag-schema.ts";
import { gateLimits } from "./policies/gate-limits.ts";
import { hpaPdb } from "./policies/hpa-pdb.ts";
import { labels } from "./policies/labels.ts";
import { migrationFence } from "./policies/migration-fence.ts";
import { noPlainSecrets } from "./policies/no-plain-secrets.ts";
import { pinnedImages } from "./policies/pinned-images.ts";
import { probes } from "./policies/probes.ts";
import { productionReplicas } from "./policies/production-replicas.ts";
import { resourceLimits } from "./policies/resource-limits.ts";
import { rollingSettings } from "./policies/rolling-settings.ts";
import { routeBackends } from "./policies/route-backends.ts";
import { routeWeights } from "./policies/route-weights.ts";
import { slotIdentity } from "./policies/slot-identity.ts";
import { slotSticky } from "./policies/slot-sticky.ts";
import { slotTraffic } from "./policies/slot-traffic.ts";
import { slotWarmUp } from "./policies/slot-warm-up.ts";
import { soakLength } from "./policies/soak-length.ts";
import { stableCapacity } from "./policies/stable-capacity.ts";
import { strategyMatrix } from "./policies/strategy-matrix.ts";
import { triggersWatched } from "./policies/triggers-watched.ts";

/** Every rule of the pack, in the order of docs/guardrails.md. */
export const policies: readonly (ResourceValidationPolicy | StackValidationPolicy)[] = [
  exposureSteps,
  strategyMatrix,
  approvals,
  deploymentWindow(Date.now),
  soakLength,
  gateLimits,
  triggersWatched,
  migrationFence,
  rollingSettings,
  productionReplicas,
  probes,
  resourceLimits,
  pinnedImages,
  digestImages,
  noPlainSecrets,
  hpaPdb,
  stableCapacity,
  routeWeights,
  routeBackends,
  labels,
  slotWarmUp,
  slotSticky,
  slotIdentity,
  slotTraffic,
  flagSchema,
  flagPhases,
  flagPercentage,
  alertCoverage,
  azureTags,
];
