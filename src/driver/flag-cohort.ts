import { previewCohort } from "../plan/flag-cohort.ts";
import type { FlagDeps } from "./flag-deps.ts";
import type { Session } from "./session.ts";
import { journal } from "./session.ts";

/** Names of tenants that are told one by one. */
const most = 20;

/** Who enters with the phase that is about to be written, before it is. */
export async function sayCohort(session: Session, { tenants }: FlagDeps): Promise<void> {
  const { plan, state, deps } = session;
  const at = plan.steps.findIndex(({ id }) => id === state.step);
  const step = plan.steps[at];
  const { flag } = deps.policy;
  if (tenants === undefined || flag === undefined || step?.kind !== "phase") return;
  const { spec } = flag;
  const before = plan.steps[at - 1];
  const from = before?.kind === "phase" ? (before.exposure ?? 0) : 0;
  const { on, enters, ...figures } = previewCohort(spec, tenants, { from, to: step.exposure ?? 0 });
  const cohort = { ...figures, on: on.length, enters: enters.length, names: enters.slice(0, most) };
  await journal(session, "observed", { cohort });
}
