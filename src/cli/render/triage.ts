import type { Triage, TriageAction } from "../../analysis/triage.ts";
import { formatDuration } from "../../lib/duration.ts";
import { columns, painter, type Style } from "./human.ts";

const actions: Readonly<Record<TriageAction, { readonly words: string; readonly style: Style }>> = {
  revert: { words: "revert now", style: "red" },
  "revert-and-hotfix": { words: "revert, then a hotfix", style: "red" },
  watch: { words: "watch", style: "yellow" },
  continue: { words: "continue the rollout", style: "green" },
  "file-bug": { words: "file a bug", style: "green" },
};

/** The way through the tree, what it comes to, and what to do next. */
export function renderTriage(found: Triage, { color }: { readonly color: boolean }): string {
  const paint = painter(color);
  const { words, style } = actions[found.action];
  const length = found.watchSeconds === undefined ? "" : ` for ${formatDuration(found.watchSeconds)}`;
  return [
    paint([style, "bold"].flat() as Style, `${words}${length}`),
    "",
    columns([
      ...found.path.map(({ question, answer }) => ["  ", question, answer]),
      ["  ", "so", found.reason],
    ]),
    "",
    "  next",
    ...found.next.map((line) => `    ${line}`),
  ].join("\n");
}
