import { checkApprovals } from "./checks/approvals.ts";
import { checkBudget } from "./checks/budget.ts";
import { checkChangeRequest } from "./checks/change-request.ts";
import { checkChecklist } from "./checks/checklist.ts";
import { checkPostOpen } from "./checks/post-open.ts";
import { checkPreflight } from "./checks/preflight.ts";
import { checkPromoted } from "./checks/promoted.ts";
import { checkQuarantine } from "./checks/quarantine.ts";
import { checkDeploymentWindow } from "./checks/window.ts";
import type { EffectResult } from "./effect.ts";
import type { Session } from "./session.ts";

/** In this order: what people can't change soon comes before what they are asked for. */
const checks = [
  checkQuarantine,
  checkPostOpen,
  checkBudget,
  checkDeploymentWindow,
  checkPromoted,
  checkPreflight,
  checkChecklist,
  checkChangeRequest,
  checkApprovals,
] as const;

/** What has to hold before anything is touched. The first refusal ends it; each verdict is in the journal. */
export async function checkStart(session: Session): Promise<EffectResult> {
  for (const check of checks) {
    const result = await check(session);
    if (!result.ok) return result;
  }
  return { ok: true };
}
