/**
 * Violations are printed everywhere, and secrets reach a policy in the clear, unmarked. So a violation quotes nothing
 * but numbers, booleans, words of a fixed list, and names of Kubernetes: all else is described.
 */

/** A number or a boolean as it is; anything else by its kind. */
export function quoteNumber(value: unknown): string {
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  if (value === undefined || value === null) return "nothing";
  return Array.isArray(value) ? "a list" : `a ${typeof value}`;
}

/** A word if it is one of those that a rule knows. */
export function quoteWord(value: unknown, known: readonly string[]): string {
  return known.includes(value as string) ? String(value) : "something else";
}

/** Where something stands: names of keys, places of a list. A name that is no plain key is left out. */
export function quotePath(...parts: readonly (string | number)[]): string {
  return parts
    .map((part) =>
      typeof part === "number" ? `[${part}]` : /^[A-Za-z_][\w.-]{0,62}$/.test(part) ? part : "…",
    )
    .join(".")
    .replaceAll(".[", "[");
}
