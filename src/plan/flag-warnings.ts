import { builtInFilter, percentageFilter, targetingFilter } from "./flag-filters.ts";
import { parseFlag, type RawFlag } from "./flag-json.ts";
import { filtersOf, flagContentType, nameOf, objectAt } from "./flag-value.ts";

/** Bytes that App Configuration takes for a key with its value, label, tags and all. */
const limit = 10_240;

/** Bytes of it that a flag's value may have: the rest is the key's, the content type's and the tags'. */
export const flagValueLimit = 9_500;

/** A flag's text and content type, as it stands or is about to. */
export interface FlagText {
  readonly value: string;
  readonly contentType?: string;
}

/**
 * What in a flag will not do what its writer meant, one sentence each. Never empty by mistake: a text that can't be read
 * is itself a warning.
 */
export function flagWarnings({ value, contentType }: FlagText): readonly string[] {
  const found: string[] = [];
  if (contentType !== flagContentType) {
    found.push(
      `the content type is ${contentType ?? "absent"}, not ${flagContentType}: applications find no flag`,
    );
  }
  const bytes = new TextEncoder().encode(value).length;
  if (bytes > limit) {
    found.push(
      `the value has ${bytes} bytes of the 10240 that App Configuration takes: name groups, not users`,
    );
  }
  try {
    const flag = parseFlag(value);
    found.push(...filterWarnings(flag), ...variantWarnings(flag));
  } catch (error) {
    found.push(error instanceof Error ? error.message : String(error));
  }
  return found;
}

function filterWarnings(flag: RawFlag): readonly string[] {
  const filters = filtersOf(flag);
  const builtIn = filters.map((filter) => builtInFilter(nameOf(filter)));
  const any = objectAt(flag, "conditions")["requirement_type"] !== "All";
  const found = filters.flatMap((filter, at) => [
    ...nameWarnings(nameOf(filter), builtIn[at]),
    ...(builtIn[at] === targetingFilter ? audienceWarnings(filter) : []),
  ]);
  if (flag["enabled"] === true && filters.length === 0) {
    found.push("the flag is enabled without a filter: it is on for everybody");
  }
  if (any && builtIn.includes(percentageFilter) && builtIn.includes(targetingFilter)) {
    found.push("Percentage beside Targeting under Any: either lets a tenant in, so the shares add up");
  }
  return found;
}

function nameWarnings(name: string, builtIn: string | undefined): readonly string[] {
  const found: string[] = [];
  if (builtIn !== undefined && name !== builtIn) {
    found.push(`the filter ${name} has no effect in JavaScript, which knows only ${builtIn}`);
  }
  if (builtIn === percentageFilter) {
    found.push(
      "Percentage draws anew at each evaluation, and only .NET knows it: a tenant is in and out by turns",
    );
  }
  if (builtIn === undefined) {
    found.push(
      `the filter ${name || "without a name"} is an application's own: who it lets in can't be told`,
    );
  }
  return found;
}

function audienceWarnings(filter: RawFlag): readonly string[] {
  const audience = objectAt(objectAt(filter, "parameters"), "Audience");
  const groups = Array.isArray(audience["Groups"]) ? audience["Groups"] : [];
  const found: string[] = [];
  if (groups.some((group) => typeof group === "string")) {
    found.push("Groups are bare names, which never match: each is {Name, RolloutPercentage}");
  }
  if (audience["DefaultRolloutPercentage"] === undefined) {
    found.push("Targeting has no DefaultRolloutPercentage: its schema asks for one");
  }
  return found;
}

/** A variant that overrides the status lets tenants in, or out, past the filters. */
function variantWarnings(flag: RawFlag): readonly string[] {
  const variants = Array.isArray(flag["variants"]) ? flag["variants"].map(Object) : [];
  return variants
    .filter(({ status_override: says }: RawFlag) => says === "Enabled" || says === "Disabled")
    .map(
      ({ name, status_override: says }) =>
        `the variant ${name} makes the flag ${says} whatever the filters say`,
    );
}
