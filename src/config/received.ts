import { parseDuration } from "../lib/duration.ts";
import { isObject } from "./json.ts";
import { parsePercent } from "./percent.ts";

const longest = 120;

/**
 * A received value as JSON for an issue; undefined where nothing stands there. Never shows what may be a
 * secret: encrypted values, credentials in URLs, and anything at a place that is `hidden`.
 */
export function receivedText(value: unknown, options: { readonly hidden: boolean }): string | undefined {
  if (value === undefined) return undefined;
  const json = JSON.stringify(options.hidden ? masked(value) : shown(value));
  return json.length > longest ? `${json.slice(0, longest)}…` : json;
}

function shown(value: unknown): unknown {
  if (typeof value === "string") return value.replace(/(\/\/)[^/@\s]*@/, "$1[secret]@");
  if (Array.isArray(value)) return value.map(shown);
  if (!isObject(value)) return value;
  return isSecure(value) ? "[secret]" : mapValues(value, shown);
}

/** Only what can't be a secret is left: numbers, booleans, durations, percents and `kind`s. */
function masked(value: unknown): unknown {
  if (typeof value === "string") {
    return parseDuration(value).ok || parsePercent(value) !== undefined ? value : "[secret]";
  }
  if (Array.isArray(value)) return value.map(masked);
  if (!isObject(value)) return value;
  return isSecure(value) ? "[secret]" : mapValues(value, masked);
}

/** Whether a value is one that Pulumi keeps encrypted: `{ secure: … }` and nothing else. */
export function isSecure(value: unknown): boolean {
  return isObject(value) && Object.keys(value).length === 1 && typeof value["secure"] === "string";
}

function mapValues(value: Readonly<Record<string, unknown>>, change: (member: unknown) => unknown) {
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, change(item)]));
}
