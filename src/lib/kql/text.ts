/**
 * A KQL string literal. Everything that comes from configuration goes through here, so no value can end its quotes
 * and change the query's meaning.
 */
export function textLiteral(value: string): string {
  const escaped = value.replaceAll(/["\\]|\p{Cc}|[\u2028\u2029]/gu, escapeOne);
  return `"${escaped}"`;
}

/** A KQL datetime literal of a time in ms since the epoch. */
export function timeLiteral(ms: number): string {
  return `datetime(${new Date(ms).toISOString()})`;
}

/** A KQL number that is a real, also where it has no fraction: whole numbers would divide as whole numbers. */
export function realLiteral(value: number): string {
  return Number.isInteger(value) ? value.toFixed(1) : String(value);
}

/** `Slow1000`: the column with the count of requests slower than a threshold in ms. */
export function slowColumn(thresholdMs: number): string {
  return `Slow${String(thresholdMs).replaceAll(/\W/g, "_")}`;
}

const shortEscapes: Readonly<Record<string, string>> = {
  '"': '\\"',
  "\\": "\\\\",
  "\n": "\\n",
  "\r": "\\r",
  "\t": "\\t",
};

function escapeOne(character: string): string {
  const code = character.charCodeAt(0).toString(16).padStart(4, "0");
  return shortEscapes[character] ?? `\\u${code}`;
}
