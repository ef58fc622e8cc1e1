import { checklistHolds } from "./checklist-rules.ts";
import { flagHolds, flagsAreOpened } from "./flag-rules.ts";
import { migrationHolds } from "./migration-rules.ts";
import type { Rule } from "./rule.ts";
import {
  cohortsDiffer,
  healthUrlsDiffer,
  noMixedClouds,
  poolsRoll,
  slotsSwap,
  tenantsHaveRoute,
  watchedHasSources,
} from "./source-rules.ts";
import { reasonHasStrategy, signaturesHaveKeys, windowsHold } from "./start-rules.ts";
import {
  afterRevertCovers,
  exceptionsWindow,
  lookWithinSoak,
  soakCoversGates,
  wholeTraffic,
  wholeWindows,
} from "./time-rules.ts";
import { azureIsOnePlace, noMixedLevels, triggersAreNamed } from "./watch-rules.ts";

/** Every condition over several keys, in the order of the reference. */
export const rules: readonly Rule[] = [
  soakCoversGates,
  lookWithinSoak,
  wholeWindows,
  exceptionsWindow,
  afterRevertCovers,
  wholeTraffic,
  watchedHasSources,
  triggersAreNamed,
  azureIsOnePlace,
  cohortsDiffer,
  healthUrlsDiffer,
  noMixedClouds,
  noMixedLevels,
  slotsSwap,
  poolsRoll,
  flagsAreOpened,
  flagHolds,
  tenantsHaveRoute,
  reasonHasStrategy,
  signaturesHaveKeys,
  windowsHold,
  migrationHolds,
  checklistHolds,
];
