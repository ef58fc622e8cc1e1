import { betaExposure } from "../lib/strategies.ts";
import type { FlagSpec } from "../types/flag-config.ts";
import { builtInFilter, percentageFilter, targetingFilter } from "./flag-filters.ts";
import type { RawFlag } from "./flag-json.ts";
import { filtersOf, nameOf, objectAt } from "./flag-value.ts";

/**
 * How far a flag in its store is open, 0-100 %, in the terms of its definition: `betaExposure` where only named tenants
 * are in. A flag that is on in a way that its definition never is (without its filter, or with another one of which any
 * is enough) is open to everybody.
 */
export function exposureOfFlag(flag: RawFlag, spec: FlagSpec): number {
  if (flag["enabled"] !== true) return 0;
  if (spec.by === "variant") return byVariant(flag, spec);
  const name = spec.by === "percentage" ? percentageFilter : targetingFilter;
  const filter = filterOf(flag, name);
  if (filter === undefined || hasOthers(flag, [targetingFilter, name])) return 100;
  const targeting = filterOf(flag, targetingFilter);
  const audience = objectAt(objectAt(targeting ?? {}, "parameters"), "Audience");
  const share =
    name === percentageFilter
      ? objectAt(filter, "parameters")["Value"]
      : audience["DefaultRolloutPercentage"];
  return shareOrNamed(share, [audience["Users"], audience["Groups"]]);
}

/** Under `Any` each further filter lets in whom it likes. */
function hasOthers(flag: RawFlag, own: readonly string[]): boolean {
  if (objectAt(flag, "conditions")["requirement_type"] === "All") return false;
  return filtersOf(flag).some((filter) => !own.includes(builtInFilter(nameOf(filter)) ?? ""));
}

/** The ranges of the new side, and where it is everybody's by default those of nobody. */
function byVariant(flag: RawFlag, { variants }: FlagSpec): number {
  const allocation = objectAt(flag, "allocation");
  const listed = (list: unknown) => (Array.isArray(list) ? list.map(Object) : []);
  const named = (list: unknown) => listed(list).filter(({ variant }) => variant === variants?.on.name);
  const width = (ranges: readonly RawFlag[]) =>
    ranges.reduce((sum, { from, to }) => sum + (Number(to) - Number(from)), 0);
  const byDefault = allocation["default_when_enabled"] === variants?.on.name;
  const rest = byDefault ? Math.max(0, 100 - width(listed(allocation["percentile"]))) : 0;
  const share = Math.min(100, width(named(allocation["percentile"])) + rest);
  return shareOrNamed(share, [named(allocation["user"]), named(allocation["group"])]);
}

/** Nobody but who is named: some, or nobody at all. A share that is no number lets nobody in. */
function shareOrNamed(share: unknown, lists: readonly unknown[]): number {
  if (Number(share) > 0) return Number(share);
  const named = lists.some((list) => Array.isArray(list) && list.length > 0);
  return named ? betaExposure : 0;
}

function filterOf(flag: RawFlag, name: string): RawFlag | undefined {
  return filtersOf(flag).find((filter) => builtInFilter(nameOf(filter)) === name);
}
