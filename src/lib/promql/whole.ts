const closes: Readonly<Record<string, string>> = { "(": ")", "[": "]", "{": "}" };
/** Texts with their escapes, raw ones, and comments to the end of their line; what is left open is a lone quote. */
const texts = /"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`[^`]*`|#[^\n]*/g;

/**
 * Why an expression can't stand in brackets as it is: one that is empty, has a text that doesn't end, or closes a bracket
 * that it didn't open could leave them. Undefined: it can. Whether Prometheus understands it is not asked. Pure.
 */
export function promqlProblem(query: string): string | undefined {
  const code = query.replaceAll(texts, (text) => (text.startsWith("#") ? "" : "0"));
  if (code.trim() === "") return "it is empty";
  if (/["'`]/.test(code)) return "a text in it doesn't end";
  const open: string[] = [];
  for (const sign of code) {
    const closing = closes[sign];
    if (closing !== undefined) open.push(closing);
    else if (Object.values(closes).includes(sign) && open.pop() !== sign)
      return `a ${sign} in it closes nothing`;
  }
  return open.length === 0 ? undefined : `a ${open.at(-1)} is missing`;
}
