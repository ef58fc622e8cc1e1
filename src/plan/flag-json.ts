import { RolloutError } from "../errors/errors.ts";

/** A JSON object as it was parsed: every member that anybody wrote. */
export type RawFlag = Readonly<Record<string, unknown>>;

/** What ES2026 adds to JSON, and the library's types don't have yet. */
interface ExactJson {
  parse(text: string, reviver: (key: string, value: unknown, of: { source?: string }) => unknown): unknown;
  rawJSON(text: string): unknown;
}
const exact = JSON as unknown as ExactJson;

/**
 * Parses a flag so that `printFlag` gives every value back: a number with more digits than a double holds stays as it
 * is written. Throws RolloutError `flag-json` on what is no JSON object; the message tells no value.
 */
export function parseFlag(text: string): RawFlag {
  const parsed = parse(text);
  if (typeof parsed === "object" && parsed !== null && !Array.isArray(parsed)) {
    return parsed as RawFlag;
  }
  throw notJson("is no JSON object", "Write the flag anew, with the id, or delete the key.");
}

/** A flag as text; indented only where the text that it came from was. */
export function printFlag(flag: RawFlag, like = ""): string {
  return JSON.stringify(flag, undefined, /^\s*\{\s*\n/.test(like) ? 2 : undefined);
}

function parse(text: string): unknown {
  try {
    return exact.parse(text, (_key, value, { source }) =>
      typeof value === "number" && source !== undefined && losesDigits(source)
        ? exact.rawJSON(source)
        : value,
    );
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause;
    const comment = /\/[/*]/.test(text.replace(/"(\\.|[^"\\])*"/g, ""));
    throw notJson(
      comment ? "is no JSON: it has a comment" : "is no JSON",
      "App Configuration takes any text, and applications then find no flag: take the comments out.",
    );
  }
}

function losesDigits(source: string): boolean {
  const value = Number(source);
  const digits = source.replace(/e.*$/i, "").replace(/\D/g, "").replace(/^0+/, "");
  if (!Number.isFinite(value) || (value === 0 && digits !== "")) return true;
  return digits.length > 15 && String(value) !== source;
}

function notJson(what: string, hint: string): RolloutError {
  return new RolloutError(`The flag's value ${what}.`, { code: "flag-json", exit: "resource", hint });
}
