import { type Json, textAt } from "../manifest.ts";
import type { KubeObject } from "./objects.ts";

/** One demand of a selector: a value of a key, undefined where there is none. */
interface Demand {
  readonly key: string;
  readonly holds: (value: string | undefined) => boolean;
}

/** Fields that the API lets lists be narrowed by, for nodes and pods. */
const fields: readonly string[] = ["metadata.name", "metadata.namespace", "spec.nodeName", "status.phase"];

/** Whether an object's labels answer a label selector; undefined where that can't be read. */
export function byLabels(selector: string): ((object: KubeObject) => boolean) | undefined {
  const demands = splitOutside(selector).map(labelDemand);
  if (demands.some((demand) => demand === undefined)) return undefined;
  return ({ metadata }) => demands.every((demand) => demand?.holds(metadata.labels[demand.key]));
}

/** The same for a field selector. */
export function byFields(selector: string): ((object: KubeObject) => boolean) | undefined {
  const demands = splitOutside(selector).map((text) => equality(text));
  if (demands.some((demand) => demand === undefined || !fields.includes(demand.key))) return undefined;
  // The API has an empty text where an object lacks the field.
  return (object) =>
    demands.every((demand) => demand?.holds(textAt(object as Json, ...demand.key.split(".")) ?? ""));
}

function labelDemand(text: string): Demand | undefined {
  const set = /^(?<key>\S+)\s+(?<not>not)?in\s+\((?<values>[^)]*)\)$/.exec(text)?.groups;
  if (set?.["key"] !== undefined) {
    const values = (set["values"] ?? "").split(",").map((value) => value.trim());
    const isIn = (value: string | undefined) => value !== undefined && values.includes(value);
    return { key: set["key"], holds: set["not"] ? (value) => !isIn(value) : isIn };
  }
  if (/^![^=\s]+$/.test(text)) return { key: text.slice(1), holds: (value) => value === undefined };
  if (/^[^=!\s]+$/.test(text)) return { key: text, holds: (value) => value !== undefined };
  return equality(text);
}

function equality(text: string): Demand | undefined {
  const { key, not, value } =
    /^(?<key>[^=!\s]+)\s*(?:(?<not>!=)|==?)\s*(?<value>[^=\s]*)$/.exec(text)?.groups ?? {};
  if (key === undefined) return undefined;
  return { key, holds: not ? (found) => found !== value : (found) => found === value };
}

/** At commas that stand in no brackets. */
function splitOutside(selector: string): readonly string[] {
  return selector
    .split(/,(?![^(]*\))/)
    .map((text) => text.trim())
    .filter((text) => text !== "");
}
