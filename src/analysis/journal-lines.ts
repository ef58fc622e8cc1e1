/** A line of a journal as it lies there. */
export interface JournalLine {
  /** From 1. */
  readonly line: number;
  /** Offset of its first byte. */
  readonly start: number;
  readonly text: string;
  /** Absent where it is no JSON object. */
  readonly entry?: Readonly<Record<string, unknown>>;
  /** Why there is no entry. */
  readonly why?: string;
}

const newline = 0x0a;
// Bytes that are no UTF-8 must not read like others that are; nor may a byte-order mark go unseen.
const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** The complete lines of a journal, one at a time. */
export function* linesOf(bytes: Uint8Array): Generator<JournalLine, void, undefined> {
  let start = 0;
  for (let line = 1; ; line += 1) {
    const end = bytes.indexOf(newline, start);
    if (end < 0) return;
    yield { line, start, ...parsed(bytes.subarray(start, end)) };
    start = end + 1;
  }
}

/** What stands behind the last newline. */
export function tailOf(bytes: Uint8Array): Uint8Array {
  return bytes.subarray(bytes.lastIndexOf(newline) + 1);
}

function parsed(bytes: Uint8Array): Pick<JournalLine, "text" | "entry" | "why"> {
  let text = "";
  try {
    text = strict.decode(bytes);
  } catch {
    return { text, why: "it is not UTF-8" };
  }
  try {
    const value: unknown = JSON.parse(text);
    if (value !== null && typeof value === "object" && !Array.isArray(value)) {
      return { text, entry: value as Record<string, unknown> };
    }
    return { text, why: "it is JSON, and no object" };
  } catch {
    return { text, why: "it is not JSON" };
  }
}

/**
 * Whether a crash while entry `seq` was written could have left this: its beginning, with nothing or zeros (which
 * a file system fills in) behind it. A whole entry has nothing behind it: its newline was written with it.
 */
export function isTorn(tail: Uint8Array, seq: number): boolean {
  const text = new TextDecoder("utf-8", { ignoreBOM: true }).decode(tail);
  const zero = text.indexOf("\0");
  const kept = zero < 0 ? text : text.slice(0, zero);
  const begins = `{"schemaVersion":1,"seq":${seq},`;
  if (!kept.startsWith(begins) && !begins.startsWith(kept)) return false;
  const end = endOfObject(text);
  return end === undefined || end === text.length;
}

/** Offset behind the object that a text begins with; undefined: it doesn't end. */
function endOfObject(text: string): number | undefined {
  let depth = 0;
  let quoted = false;
  for (let at = 0; at < text.length; at += 1) {
    const letter = text[at];
    if (quoted && letter === "\\") at += 1;
    else if (letter === '"') quoted = !quoted;
    else if (!quoted && letter === "{") depth += 1;
    else if (!quoted && letter === "}") {
      depth -= 1;
      if (depth === 0) return at + 1;
    }
  }
  return undefined;
}
