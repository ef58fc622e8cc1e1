import type { Document } from "yaml";
import { type Issue, RolloutError } from "../errors/errors.ts";
import { isObject } from "./json.ts";

/**
 * A YAML file whose top is an object; an empty file is an empty one. Throws a RolloutError (code
 * `config-syntax`, exit 2) with each syntax error's line. Excerpts of the file stay out of the messages: a
 * line may hold a secret.
 */
export async function parseYaml(file: string, text: string): Promise<Readonly<Record<string, unknown>>> {
  const { LineCounter, parseDocument } = await import("yaml");
  const lineCounter = new LineCounter();
  const document = parseDocument(text, { lineCounter, prettyErrors: false, logLevel: "error" });
  const issues = document.errors.map((error): Issue => {
    const { line, col } = lineCounter.linePos(error.pos[0]);
    return {
      path: `${file}:${line}:${col}`,
      rule: `valid YAML: ${withoutExcerpt(error.message)}`,
      hint: hintOf(error.code),
    };
  });
  if (issues.length > 0) throw syntaxError(file, issues);
  const content = contentOf(file, document);
  if (content === null || content === undefined) return {};
  if (isObject(content)) return content;
  throw syntaxError(file, [
    { path: file, rule: "an object of keys and values", hint: "Write key: value lines." },
  ]);
}

/** The file's value. What aliases do wrong shows only here: unresolved, circular, or a bomb of them. */
function contentOf(file: string, document: Document): unknown {
  try {
    const content: unknown = document.toJS({ maxAliasCount: 100 });
    JSON.stringify(content);
    return content;
  } catch {
    const rule = "valid YAML: each alias (*name) has its anchor (&name) before it and never inside itself";
    const hint = "Quote a text that begins with a star.";
    throw syntaxError(file, [{ path: file, rule, hint }]);
  }
}

function withoutExcerpt(message: string): string {
  return (message.split("\n")[0] ?? message).replace(/: .*$/, "");
}

function hintOf(code: string): string {
  if (code === "DUPLICATE_KEY") return "Keep one of the two: YAML has each key once.";
  if (code === "TAB_AS_INDENT") return "Indent with spaces.";
  return "Look at the indentation, brackets and quotes of this line and the one before it.";
}

function syntaxError(file: string, issues: readonly Issue[]): RolloutError {
  const count = issues.length === 1 ? "1 syntax error" : `${issues.length} syntax errors`;
  const hint = issues[0]?.hint;
  return new RolloutError(`${file} has ${count}.`, {
    code: "config-syntax",
    exit: "config",
    issues,
    ...(hint === undefined ? {} : { hint }),
  });
}
