import { openItems } from "../../analysis/checklist-items.ts";
import type { ItemStatus } from "../../types/checklist-status.ts";
import { closePost } from "../checklist-post.ts";
import type { EffectResult } from "../effect.ts";
import { journal, type Session } from "../session.ts";

/**
 * The rollout before is over once its list is: looked at again here, and closed where nothing is open any more. A hotfix
 * doesn't wait for it, recorded; nor does a rehearsal.
 */
export async function checkPostOpen(session: Session): Promise<EffectResult> {
  const { deps, lease, plan, options } = session;
  if (deps.policy.checklist === undefined || options.rehearsed) return { ok: true };
  const list = await closePost(deps, lease);
  if (list === undefined || list.closed) return { ok: true };
  const { rolloutId, version } = list;
  const items = openItems(list.items);
  const hotfix = plan.change === "hotfix";
  const open = items.map(({ item }) => item);
  await journal(session, "observed", {
    open: { rolloutId, version, items: open, ...(hotfix ? { passedBy: "hotfix" } : {}) },
  });
  if (hotfix) return { ok: true };
  const message = `${version} is promoted, and its checklist is open: ${items.map(whatToDo).join("; ")}`;
  return { ok: false, kind: "PostChecklistOpen", message };
}

function whatToDo({ item, evidence, hint }: ItemStatus): string {
  return `${item}: ${evidence}${hint === undefined ? "" : ` → ${hint}`}`;
}
