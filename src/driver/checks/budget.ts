import { planBudget, questionOf } from "../../analysis/budget-sight.ts";
import { type BudgetTerms, budgetTerms } from "../../analysis/budget-terms.ts";
import { startText } from "../../analysis/budget-text.ts";
import type { PlanBudget } from "../../types/plan.ts";
import { sightOfStart } from "../budget.ts";
import type { EffectResult } from "../effect.ts";
import { journal, type Session } from "../session.ts";

/**
 * The error budget that the plan was made on lets it start, or doesn't; the journal has the numbers. A driver that takes
 * up a rollout here asks again, for a start on a budget of days ago would be none: both have to let it start.
 */
export async function checkBudget(session: Session): Promise<EffectResult> {
  const { deps, plan } = session;
  const { budget: planned, change } = plan;
  const { slo } = plan.gates;
  if (planned === undefined || slo === undefined) return { ok: true };
  const asked = questionOf(planned, change);
  const sight = session.budget ?? (await sightOfStart(deps, slo, asked));
  const termsOn = (budget: PlanBudget): BudgetTerms => budgetTerms(questionOf(budget, change));
  const onPlan = termsOn(planned);
  const terms = [onPlan, termsOn(planBudget(sight, asked))].find(({ refusal }) => refusal) ?? onPlan;
  const { verdict, refusal, override } = terms;
  const message = startText(sight, terms, slo.window);
  const ok = refusal === undefined;
  await journal(session, "observed", {
    budget: { ok, message, verdict, ...sight, ...(override === undefined ? {} : { override }) },
  });
  return ok ? { ok } : { ok, kind: refusal, message };
}
