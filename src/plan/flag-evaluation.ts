import type {
  FeatureFlag,
  FlagAnswer,
  FlagFilter,
  FlagTarget,
  FlagTenant,
  FlagVariant,
} from "../types/flag.ts";
import { targetingFilter, timeWindowFilter } from "./flag-filters.ts";
import { invalidFlag } from "./flag-schema.ts";
import { bucketOf, inRange, isTargeted } from "./flag-targeting.ts";
import { isInWindow } from "./flag-window.ts";

/** Who asks, and when. */
export interface FlagQuestion {
  /** Absent: nobody in particular, so no variant is allocated. */
  readonly target?: FlagTarget;
  /** ms since the epoch, for filters of time. */
  readonly now: number;
}

/**
 * What an application with Microsoft's JavaScript library answers: whether the flag is on, and which variant. Filters
 * that it doesn't know (`Microsoft.Percentage`, un-prefixed names, an application's own) are passed over under `Any`
 * and fail under `All`. Throws RolloutError `flag-invalid` where the library throws.
 */
export function evaluateFlag(flag: FeatureFlag, question: FlagQuestion): FlagAnswer {
  const passed = passesFilters(flag, question);
  const variant = flag.variants?.length ? variantOf(flag, passed, question.target) : undefined;
  return {
    // Nothing overrides a flag that is off.
    enabled: flag.enabled === true ? overridden(variant, passed) : false,
    ...(variant === undefined
      ? {}
      : { variant: { name: variant.name, configuration: variant.configuration_value } }),
  };
}

/** The ids of the tenants for whom the flag is on, in their order. */
export function cohortAt(flag: FeatureFlag, tenants: readonly FlagTenant[], now: number): readonly string[] {
  return tenants
    .filter(({ id, groups = [] }) => evaluateFlag(flag, { target: { userId: id, groups }, now }).enabled)
    .map(({ id }) => id);
}

function passesFilters(flag: FeatureFlag, question: FlagQuestion): boolean {
  if (flag.enabled !== true) return false;
  const { client_filters = [], requirement_type = "Any" } = flag.conditions ?? {};
  if (client_filters.length === 0) return true;
  // Lazily, in their order: a broken filter after the one that decides is never looked at.
  const passes = (filter: FlagFilter) => passesFilter(flag.id, filter, question);
  return requirement_type === "Any" ? client_filters.some(passes) : client_filters.every(passes);
}

function passesFilter(flagId: string, { name, parameters }: FlagFilter, of: FlagQuestion): boolean {
  if (name === targetingFilter) return isTargeted(flagId, parameters, of.target);
  if (name === timeWindowFilter) return isInWindow(flagId, parameters, of.now);
  return false;
}

function overridden(variant: FlagVariant | undefined, passed: boolean): boolean {
  if (variant?.status_override === "Enabled") return true;
  return variant?.status_override === "Disabled" ? false : passed;
}

function variantOf(
  flag: FeatureFlag,
  passed: boolean,
  target: FlagTarget | undefined,
): FlagVariant | undefined {
  const named = (name: string | undefined) => flag.variants?.find((variant) => variant.name === name);
  const { allocation } = flag;
  if (!passed) return named(allocation?.default_when_disabled);
  return named(target && allocatedName(flag, target)) ?? named(allocation?.default_when_enabled);
}

/** Name of the first allocation that fits, even where no variant has that name. */
function allocatedName({ id, allocation = {} }: FeatureFlag, target: FlagTarget): string | undefined {
  const { userId, groups = [] } = target;
  const byUser = allocation.user?.find(({ users }) => userId !== undefined && users.includes(userId));
  if (byUser) return byUser.variant;
  const byGroup = allocation.group?.find((entry) => groups.some((group) => entry.groups.includes(group)));
  if (byGroup) return byGroup.variant;
  const hint = allocation.seed ?? `allocation\n${id}`;
  return allocation.percentile?.find(({ from, to }, at) => {
    if (from > to) {
      const path = ["allocation", "percentile", at];
      throw invalidFlag(id, [{ path, message: `from ${from} is above to ${to}` }]);
    }
    return inRange(bucketOf(userId, hint), from, to);
  })?.variant;
}
