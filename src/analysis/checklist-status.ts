import { shellWord } from "../lib/shell-word.ts";
import type { ChecklistItem } from "../types/checklist.ts";
import type { WaivedItem } from "../types/checklist-config.ts";
import type { Confirmation, ItemStatus } from "../types/checklist-status.ts";
import { iso } from "./checklist-time.ts";

/** An item without its name: what one evaluator comes to. */
export type Found = Omit<ItemStatus, "item">;

/** The tool has checked it; `atMs`: when. */
export function met(evidence: string, atMs?: number): Found {
  return { status: "met", how: "tool", evidence, ...(atMs === undefined ? {} : { at: iso(atMs) }) };
}

/** The tool has found it wanting, or could not tell. */
export function unmet(evidence: string, hint: string): Found {
  return { status: "unmet", how: "tool", evidence, hint };
}

/** Nothing of the kind comes with this rollout. */
export function notApplicable(evidence: string): Found {
  return { status: "not-applicable", how: "tool", evidence };
}

/** A person's word, and when they gave it. */
export function vouched({ by, at }: Pick<Confirmation, "by" | "at">, evidence: string): Found {
  return { status: "met", how: "person", evidence, by, at };
}

/** Replaced in a rehearsal: nobody is asked there, and nothing of the real places is. */
export function rehearsedFinding(what: string): Found {
  return met(`rehearsed: ${what}`);
}

/** The stack does without it, in the words of its config; undefined where it doesn't. */
export function waivedAs(item: ChecklistItem, waived: readonly WaivedItem[]): Found | undefined {
  const found = waived.find((one) => one.item === item);
  if (found === undefined) return undefined;
  return { status: "waived", how: "person", by: found.by, evidence: found.reason };
}

/** The command by which a person vouches for an item. */
export function confirmCommand(item: ChecklistItem, stack: string, by = "NAME"): string {
  return `\`rollouts checklist confirm ${item} --by ${shellWord(by)} --stack ${shellWord(stack)}\``;
}
