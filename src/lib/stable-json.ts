import { createHash } from "node:crypto";

/**
 * JSON with keys in code-unit order and without undefined members, so that equal values have equal texts
 * on every machine. Throws a TypeError on what JSON cannot carry honestly (NaN, Infinity, functions):
 * a hash must never rest on a value that was silently turned into null.
 */
export function stableJson(value: unknown, indent?: number): string {
  return JSON.stringify(canonical(value, "$"), undefined, indent) ?? "null";
}

/** SHA-256 of a text's UTF-8, or of bytes; lower-case hex. */
export function sha256(content: string | Uint8Array): string {
  return createHash("sha256").update(content).digest("hex");
}

function canonical(value: unknown, path: string): unknown {
  if (value === undefined || value === null || typeof value === "string" || typeof value === "boolean") {
    return value;
  }
  if (typeof value === "number") {
    if (!Number.isFinite(value)) throw new TypeError(`${path} is ${value}: JSON has no such number`);
    return value;
  }
  if (Array.isArray(value)) return value.map((item, index) => canonical(item ?? null, `${path}[${index}]`));
  if (typeof value === "object") {
    const entries = Object.entries(value).filter(([, member]) => member !== undefined);
    entries.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
    return Object.fromEntries(entries.map(([key, member]) => [key, canonical(member, `${path}.${key}`)]));
  }
  throw new TypeError(`${path} is a ${typeof value}: JSON has no such value`);
}
