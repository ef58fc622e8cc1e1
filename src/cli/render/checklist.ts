import { openItems } from "../../analysis/checklist-items.ts";
import type { ChecklistPhase } from "../../types/checklist.ts";
import type { ItemStatus } from "../../types/checklist-status.ts";
import { type Paint, painter, type Style } from "./human.ts";

/** `data` of `checklist --json`. */
export interface ChecklistView {
  readonly stack: string;
  readonly service: string;
  readonly version: string;
  readonly phase: ChecklistPhase;
  /** Nothing is unmet. */
  readonly ok: boolean;
  /** Of the rollout that the list is of; absent before there is one. */
  readonly rolloutId?: string;
  readonly items: readonly ItemStatus[];
}

const looks: Readonly<Record<ItemStatus["status"], { readonly symbol: string; readonly style: Style }>> = {
  met: { symbol: "✓", style: "green" },
  unmet: { symbol: "✗", style: "red" },
  "not-applicable": { symbol: "-", style: "dim" },
  waived: { symbol: "~", style: "yellow" },
};

const phases: Readonly<Record<ChecklistPhase, string>> = {
  pre: "before the start",
  during: "while it is watched",
  post: "after the promotion",
};

/** The list for people: one line an item, what to do below those that are unmet. */
export function renderChecklist(view: ChecklistView, { color }: { readonly color: boolean }): string {
  const paint = painter(color);
  const { service, version, stack, phase, items } = view;
  const width = Math.max(...items.map(({ item }) => item.length));
  const unmet = openItems(items).length;
  const verdict = unmet === 0 ? paint("green", "the checklist holds") : paint("red", `${unmet} unmet`);
  return [
    `${paint("bold", `${service} ${version} on ${stack}`)}: checklist ${phases[phase]}`,
    "",
    ...items.flatMap((item) => linesOf(item, { width, paint })),
    "",
    verdict,
  ].join("\n");
}

function linesOf(
  { item, status, evidence, by, at, hint }: ItemStatus,
  { width, paint }: { readonly width: number; readonly paint: Paint },
): readonly string[] {
  const { symbol, style } = looks[status];
  const who = status === "waived" && by !== undefined ? `waived by ${by}: ` : "";
  const when = at === undefined ? "" : paint("dim", ` (${at})`);
  const not = status === "not-applicable" ? "not applicable: " : "";
  const line = `  ${paint(style, symbol)} ${item.padEnd(width)}  ${not}${who}${evidence}${when}`;
  return hint === undefined ? [line] : [line, `    ${" ".repeat(width)}  ${paint("cyan", "hint")}  ${hint}`];
}
