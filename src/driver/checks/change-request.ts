import { type ChangeVerdict, checkChange } from "../../analysis/change-request.ts";
import type { ChangeAnswer } from "../../types/change-request.ts";
import type { RolloutPlan } from "../../types/plan.ts";
import type { EffectResult } from "../effect.ts";
import { type DriverDeps, journal, type Session } from "../session.ts";

/**
 * The advisory board's change, where the stack asks for it; one that is named without being asked for has to hold
 * too. A hotfix starts without, and the journal says that an emergency change has to follow.
 */
export async function checkChangeRequest(session: Session): Promise<EffectResult> {
  const { plan, options } = session;
  const follows = plan.change === "hotfix" && plan.approvals.expedited;
  const named = options.changeRequest;
  if (!plan.approvals.cab && !follows && named === undefined) return { ok: true };
  if (options.rehearsed) {
    const asked = follows ? "an emergency change has to follow" : "the CAB's change";
    await journal(session, "observed", { change: "rehearsed", asked });
    return { ok: true };
  }
  const verdict = await changeVerdict(session.deps, plan, named);
  await journal(session, "observed", { change: verdict, ...(named === undefined ? {} : { id: named }) });
  return verdict.ok ? { ok: true } : { ok: false, kind: "ChangeNotApproved", message: verdict.message };
}

/** What the advisory board's change says of a start now; `named` undefined: nobody has named one. */
export async function changeVerdict(
  deps: DriverDeps,
  plan: Pick<RolloutPlan, "service" | "change">,
  named: string | undefined,
): Promise<ChangeVerdict> {
  const system = deps.policy.change;
  const verdict = checkChange({
    answer: named === undefined ? undefined : await read(deps, named),
    service: plan.service,
    now: deps.runtime.clock.now(),
    ...(system === undefined ? {} : { approvedStates: system.approvedStates }),
    ...(plan.change === undefined ? {} : { change: plan.change }),
  });
  if (verdict.ok || verdict.problem !== "not-named") return verdict;
  const where = system === undefined ? ", and rollout.change says where it is read" : "";
  return { ...verdict, message: `${verdict.message}: run with --change-request ID${where}` };
}

async function read(deps: DriverDeps, id: string): Promise<ChangeAnswer> {
  const change = deps.start?.change;
  if (change === undefined) {
    return { status: "error", message: `${id} can't be read: rollout.change names no change system` };
  }
  return await change.read({ id, signal: deps.runtime.signal });
}
