import { openItems } from "../../analysis/checklist-items.ts";
import { type PreItem, preItems } from "../../types/checklist.ts";
import type { ItemStatus } from "../../types/checklist-status.ts";
import { preItemsOf } from "../checklist-pre.ts";
import type { EffectResult } from "../effect.ts";
import { journal, type Session } from "../session.ts";

/** The change and the window are checked by themselves. */
const own: ReadonlySet<PreItem> = new Set(["change-approved", "window"]);
const items = preItems.filter((item) => !own.has(item));

/** The checklist before the start: everything that is unmet is named at once, and the journal has all of it. */
export async function checkChecklist(session: Session): Promise<EffectResult> {
  const { deps, plan, options } = session;
  const { checklist, origins } = deps.policy;
  if (checklist === undefined) {
    const off = origins["checklist"] === "config";
    if (off) await journal(session, "observed", { checklist: "off", message: "switched off in config" });
    return { ok: true };
  }
  if (options.rehearsed) {
    const asked = `the ${items.length} items of the checklist before the start`;
    await journal(session, "observed", { checklist: "rehearsed", asked });
    return { ok: true };
  }
  const { candidate } = plan.identity;
  const found = await preItemsOf(
    deps,
    {
      version: plan.to,
      strategy: plan.strategy,
      ...(candidate === undefined ? {} : { identity: candidate }),
      ...(plan.change === undefined ? {} : { change: plan.change }),
    },
    items,
  );
  const unmet = openItems(found);
  const ok = unmet.length === 0;
  const message = ok ? messageOf(found) : refusalOf(unmet);
  await journal(session, "observed", { checklist: { phase: "pre", ok, message, items: found } });
  return ok ? { ok } : { ok, kind: "ChecklistUnmet", message };
}

function messageOf(found: readonly ItemStatus[]): string {
  const count = (status: ItemStatus["status"]) => found.filter((one) => one.status === status).length;
  const waived = found.flatMap(({ item, status, by }) => (status === "waived" ? [`${item} by ${by}`] : []));
  const without = waived.length === 0 ? "" : `, waived: ${waived.join(", ")}`;
  return `the checklist holds: ${count("met")} met, ${count("not-applicable")} not applicable${without}`;
}

/** Everything at once: who mends one must not find the next. */
function refusalOf(unmet: readonly ItemStatus[]): string {
  const count = unmet.length === 1 ? "1 item" : `${unmet.length} items`;
  const lines = unmet.map(({ item, evidence, hint = "" }) => `${item}: ${evidence}. ${hint}`.trim());
  return `${count} of the checklist unmet: ${lines.join(" | ")}`;
}
