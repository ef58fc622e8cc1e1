import { styleText } from "node:util";
import type { Issue, RolloutError } from "../../errors/errors.ts";
import { messageOf } from "../../lib/error-message.ts";

/** How a text may look. */
export type Style = Parameters<typeof styleText>[0];

/** Paints a text, or leaves it as it is: decided once, where the stream is known. */
export type Paint = (style: Style, text: string) => string;

/** A painter for a stream. */
export function painter(color: boolean): Paint {
  return (style, text) => (color ? styleText(style, text, { validateStream: false }) : text);
}

/** Cells in columns, two spaces apart; the last column isn't padded. The first column is the indentation. */
export function columns(rows: readonly (readonly string[])[]): string {
  const widths: number[] = [];
  for (const row of rows) {
    row.forEach((cell, index) => {
      widths[index] = Math.max(widths[index] ?? 0, cell.length);
    });
  }
  const line = (row: readonly string[]) =>
    row
      .map((cell, index) => (index === 0 ? cell : cell.padEnd((widths[index] ?? 0) + 2)))
      .join("")
      .trimEnd();
  return rows.map(line).join("\n");
}

/** A user's mistake: what, all details, a hint; never a stack. */
export function renderError(error: RolloutError, paint: Paint): string {
  const details = error.issues.flatMap((issue) => renderIssue(issue, paint));
  const hint =
    error.hint === undefined || error.issues.length > 0 ? [] : [`  ${paint("cyan", "hint")}  ${error.hint}`];
  return [
    `${paint("red", "error")}  ${error.message} ${paint("dim", `(${error.code})`)}`,
    ...details,
    ...hint,
  ].join("\n");
}

function renderIssue({ path, received, rule, hint }: Issue, paint: Paint): readonly string[] {
  const got = received === undefined ? "" : ` is ${received}`;
  return [`  ${paint("bold", path)}${got}: ${rule}`, `    ${paint("cyan", "hint")}  ${hint}`];
}

/** Our own bug: what a report needs, with the stack. */
export function renderInternal(
  error: unknown,
  about: { readonly command: string; readonly version: string },
): string {
  const stack = error instanceof Error && error.stack !== undefined ? error.stack : String(error);
  return [
    `internal error: ${messageOf(error)}`,
    "",
    "This is a bug in rollouts. Please report it with these lines:",
    `  rollouts ${about.version}, node ${process.version}, ${process.platform} ${process.arch}`,
    `  rollouts ${about.command}`,
    ...stack.split("\n").map((line) => `  ${line}`),
  ].join("\n");
}
