import { RolloutError } from "../errors/errors.ts";
import type { FlagPhase } from "../types/flag.ts";
import { builtInFilter, percentageFilter, targetingFilter } from "./flag-filters.ts";
import { isFlagId } from "./flag-id.ts";
import type { RawFlag } from "./flag-json.ts";

/** To the letter: with a space after the semicolon nobody takes the key for a flag. */
export const flagContentType = "application/vnd.microsoft.appconfig.ff+json;charset=utf-8";

const keyPrefix = ".appconfig.featureflag/";

/** Key of a flag. Throws RolloutError `flag-id` on an id that App Configuration doesn't take. */
export function flagKey(id: string): string {
  if (isFlagId(id)) return `${keyPrefix}${id}`;
  throw new RolloutError(`The flag id ${JSON.stringify(id)} can't be used.`, {
    code: "flag-id",
    exit: "config",
    hint: "An id has at least one character, and no colon, percent sign or line break.",
  });
}

/** A flag that is off, and that lets nobody in should a hand switch it on: without a filter it would be everybody. */
export function newFlag(flag: { readonly id: string; readonly description?: string }): RawFlag {
  flagKey(flag.id);
  return {
    id: flag.id,
    description: flag.description ?? "",
    enabled: false,
    conditions: {
      client_filters: [{ name: targetingFilter, parameters: { Audience: { DefaultRolloutPercentage: 0 } } }],
    },
  };
}

/** The flag off for everybody, or open again to whom its filters let in. Nothing else changes. */
export function withEnabled(flag: RawFlag, enabled: boolean): RawFlag {
  return flag["enabled"] === enabled ? flag : { ...flag, enabled };
}

/**
 * The flag on, at a phase. Whatever the phase doesn't name stays: exclusions, other members, other filters under `All`.
 * Throws RolloutError `flag-shape` on a flag whose other filters would let more tenants in than the phase says, and
 * `flag-phase` on percentages outside of 0-100.
 */
export function withPhase(flag: RawFlag, phase: FlagPhase): RawFlag {
  checkPhase(phase);
  const conditions = objectAt(flag, "conditions");
  const filters = filtersOf(flag);
  const random = phase.by === "percentage";
  const own = random ? [targetingFilter, percentageFilter] : [targetingFilter];
  refuseOthers(flag, own);
  const targeting = only(filters, targetingFilter, flag);
  const needsTargeting = !random || targeting !== undefined || phase.users || phase.groups;
  const audience = audienceFor(targeting, random ? { ...phase, percentage: 0 } : phase);
  const meant = [
    ...(needsTargeting ? [named(targeting, targetingFilter, { Audience: audience })] : []),
    ...(random
      ? [named(only(filters, percentageFilter, flag), percentageFilter, { Value: phase.percentage })]
      : []),
  ];
  const rest = filters.filter((filter) => !own.includes(builtInFilter(nameOf(filter)) ?? ""));
  return { ...flag, enabled: true, conditions: { ...conditions, client_filters: [...meant, ...rest] } };
}

/** The filters of a flag as they stand there. */
export function filtersOf(flag: RawFlag): readonly RawFlag[] {
  const filters = objectAt(flag, "conditions")["client_filters"] ?? [];
  if (!Array.isArray(filters)) throw shape(flag, "its client_filters are no list", "Write them as a list.");
  return filters.map(Object);
}

/** A member that is an object, or an empty one where it isn't there. */
export function objectAt(of: RawFlag, member: string): RawFlag {
  const value = of[member];
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as RawFlag) : {};
}

export function nameOf(filter: RawFlag): string {
  return typeof filter["name"] === "string" ? filter["name"] : "";
}

/** Under `Any` one filter is enough, so each further one opens the flag beyond the phase. */
function refuseOthers(flag: RawFlag, own: readonly string[]): void {
  if (objectAt(flag, "conditions")["requirement_type"] === "All") return;
  const others = filtersOf(flag)
    .map(nameOf)
    .filter((name) => !own.includes(builtInFilter(name) ?? ""));
  if (others.length === 0) return;
  throw shape(
    flag,
    `beside Targeting it has ${others.join(", ")}, and any one filter is enough to let a tenant in`,
    "Take the other filters out, or set requirement_type to All.",
  );
}

function only(filters: readonly RawFlag[], name: string, flag: RawFlag): RawFlag | undefined {
  const found = filters.filter((filter) => builtInFilter(nameOf(filter)) === name);
  if (found.length < 2) return found[0];
  throw shape(flag, `it has ${found.length} filters ${name}`, "Leave one of them.");
}

function audienceFor(filter: RawFlag | undefined, phase: FlagPhase): RawFlag {
  const there = objectAt(objectAt(filter ?? {}, "parameters"), "Audience");
  const known = Array.isArray(there["Groups"]) ? there["Groups"].map(Object) : [];
  const Groups = phase.groups?.map(({ name, percentage }) => ({
    ...known.find(({ Name }: RawFlag) => Name === name),
    Name: name,
    RolloutPercentage: percentage,
  }));
  return {
    ...there,
    ...(phase.users === undefined ? {} : { Users: [...phase.users] }),
    ...(Groups === undefined ? {} : { Groups }),
    DefaultRolloutPercentage: phase.percentage,
  };
}

/** Under its full name: JavaScript finds no other. */
function named(filter: RawFlag | undefined, name: string, parameters: RawFlag): RawFlag {
  return { ...filter, name, parameters: { ...objectAt(filter ?? {}, "parameters"), ...parameters } };
}

function checkPhase({ percentage, groups = [] }: FlagPhase): void {
  const wrong = [percentage, ...groups.map((group) => group.percentage)].filter(
    (at) => !(at >= 0 && at <= 100),
  );
  if (wrong.length === 0) return;
  throw new RolloutError(`A phase was asked for with ${wrong.join(" and ")} %.`, {
    code: "flag-phase",
    exit: "config",
    hint: "Percentages are 0 to 100.",
  });
}

function shape(flag: RawFlag, what: string, hint: string): RolloutError {
  const id = typeof flag["id"] === "string" ? flag["id"] : "without an id";
  return new RolloutError(`The flag ${id} can't be moved: ${what}.`, {
    code: "flag-shape",
    exit: "resource",
    hint,
  });
}
