import type { ItemStatus } from "../types/checklist-status.ts";

/** What was found of one item, before what the stack does without. */
export type Finding = Omit<ItemStatus, "item">;

/** Seen by the tool. */
export function met(evidence: string): Finding {
  return { status: "met", how: "tool", evidence };
}

/** Not met, or nobody can tell; with what to do about it. */
export function unmet(evidence: string, hint: string): Finding {
  return { status: "unmet", how: "tool", evidence, hint };
}

export function notApplicable(evidence: string): Finding {
  return { status: "not-applicable", how: "tool", evidence };
}

/** Replaced in a rehearsal: nobody is asked there, and nothing of the real places is. */
export function rehearsedFinding(what: string): Finding {
  return met(`rehearsed: ${what}`);
}
