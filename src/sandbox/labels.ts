import { type Json, valueAt } from "./manifest.ts";

/** The texts of a map (labels, a selector); empty where there is none. */
export function labelsAt(
  value: Json | undefined,
  ...path: readonly (string | number)[]
): Readonly<Record<string, string>> {
  const found = valueAt(value, ...path);
  if (found === null || typeof found !== "object" || Array.isArray(found)) return {};
  return Object.fromEntries(
    Object.entries(found).filter((entry): entry is [string, string] => typeof entry[1] === "string"),
  );
}

/** Whether every label of the selector stands on the labels. An empty selector selects nothing. */
export function selects(
  selector: Readonly<Record<string, string>>,
  labels: Readonly<Record<string, string>>,
): boolean {
  const wanted = Object.entries(selector);
  return wanted.length > 0 && wanted.every(([key, value]) => labels[key] === value);
}
