import { stableJson } from "../lib/stable-json.ts";
import type { RawFlag } from "./flag-json.ts";
import { filtersOf, nameOf, objectAt } from "./flag-value.ts";

/** Names of a list that are told one by one. */
const most = 5;

/**
 * How a flag differs from the one that is meant, one sentence each; empty: not at all. Values are told of the switch
 * and the filters only: a variant's configuration may be anything.
 */
export function flagDifferences(there: RawFlag, meant: RawFlag): readonly string[] {
  const found: string[] = [];
  const members = new Set([...Object.keys(there), ...Object.keys(meant)]);
  for (const member of members) {
    if (member === "conditions") continue;
    if (same(there[member], meant[member])) continue;
    found.push(
      member === "enabled"
        ? `enabled is ${shown(there[member])}, meant ${shown(meant[member])}`
        : `${member} ${presence(there[member], meant[member])}`,
    );
  }
  return [...found, ...conditionDifferences(there, meant)];
}

function conditionDifferences(there: RawFlag, meant: RawFlag): readonly string[] {
  const [from, to] = [objectAt(there, "conditions"), objectAt(meant, "conditions")];
  const others = new Set([...Object.keys(from), ...Object.keys(to)]);
  others.delete("client_filters");
  const found = [...others].flatMap((member) => valueDifferences(member, from[member], to[member]));
  return [...found, ...filterDifferences(filtersOf(there), filtersOf(meant))];
}

function filterDifferences(there: readonly RawFlag[], meant: readonly RawFlag[]): readonly string[] {
  const found: string[] = [];
  const left = [...there];
  for (const filter of meant) {
    const at = left.findIndex((one) => nameOf(one) === nameOf(filter));
    const [match] = at < 0 ? [] : left.splice(at, 1);
    if (match === undefined) found.push(`the filter ${nameOf(filter)} is missing`);
    else found.push(...valueDifferences(nameOf(filter), match["parameters"], filter["parameters"]));
  }
  return [...found, ...left.map((filter) => `the filter ${nameOf(filter)} is not meant`)];
}

function valueDifferences(path: string, there: unknown, meant: unknown): readonly string[] {
  if (same(there, meant)) return [];
  if (isObject(there) && isObject(meant)) {
    const members = [...new Set([...Object.keys(there), ...Object.keys(meant)])];
    return members.flatMap((member) => valueDifferences(`${path} ${member}`, there[member], meant[member]));
  }
  if (isTexts(there) && isTexts(meant)) return listDifferences(path, there, meant);
  return [`${path} is ${shown(there)}, meant ${shown(meant)}`];
}

function listDifferences(
  path: string,
  there: readonly string[],
  meant: readonly string[],
): readonly string[] {
  const lacks = meant.filter((one) => !there.includes(one));
  const extra = there.filter((one) => !meant.includes(one));
  if (lacks.length === 0 && extra.length === 0) return [`${path} has another order`];
  return [
    ...(lacks.length === 0 ? [] : [`${path} lacks ${list(lacks)}`]),
    ...(extra.length === 0 ? [] : [`${path} has ${list(extra)}, not meant`]),
  ];
}

function presence(there: unknown, meant: unknown): string {
  if (there === undefined) return "is missing";
  return meant === undefined ? "is not meant" : "differs";
}

function list(names: readonly string[]): string {
  const rest = names.length - most;
  return rest > 0 ? `${names.slice(0, most).join(", ")} and ${rest} more` : names.join(", ");
}

function shown(value: unknown): string {
  return value === undefined ? "absent" : stableJson(value);
}

function same(a: unknown, b: unknown): boolean {
  return stableJson(a) === stableJson(b);
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((one) => typeof one === "string");
}

function isObject(value: unknown): value is RawFlag {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
