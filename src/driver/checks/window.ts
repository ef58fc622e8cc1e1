import { checkWindow } from "../../lib/deployment-windows.ts";
import type { EffectResult } from "../effect.ts";
import { journal, type Session } from "../session.ts";

/** A rollout starts only in an open window; one that runs goes on. A hotfix is exempt, recorded. */
export async function checkDeploymentWindow(session: Session): Promise<EffectResult> {
  const { deps, plan, options } = session;
  const { windows } = deps.policy;
  if (windows === undefined) return { ok: true };
  if (options.rehearsed) {
    await journal(session, "observed", {
      window: "rehearsed",
      asked: `the deployment window (${windows.zone})`,
    });
    return { ok: true };
  }
  const change = plan.change === undefined ? {} : { change: plan.change };
  const verdict = checkWindow({ ...windows, now: deps.runtime.clock.now(), ...change });
  await journal(session, "observed", { window: verdict });
  return verdict.open ? { ok: true } : { ok: false, kind: "WindowClosed", message: verdict.reason };
}
