import type { BudgetSight } from "../analysis/budget-sight.ts";
import { buildPlan } from "../plan/build-plan.ts";
import { stepsOf } from "../plan/steps.ts";
import type { PlanStep, RolloutPlan } from "../types/plan.ts";
import type { Release, StepId } from "../types/release.ts";
import { startOnBudget } from "./budget.ts";
import type { RunOptions } from "./run.ts";
import type { DriverDeps } from "./session.ts";

/** A plan, and what it was made on. */
interface NewPlan {
  readonly plan: RolloutPlan;
  /** The error budget; absent where nobody has asked for it. */
  readonly budget?: BudgetSight;
  /** Where the rollout stops, in the words of the plan. */
  readonly stop?: Pick<RunOptions, "stopAfter">;
}

/** The plan under what is left of the error budget. A first install has no user who could lose anything. */
export async function newPlan(
  deps: DriverDeps,
  options: RunOptions,
  found: { readonly record: Release | undefined; readonly identity: string },
): Promise<NewPlan> {
  const { version, change, priority, incident, rehearsed = false } = options;
  const { record, identity } = found;
  const asked = {
    rehearsed,
    ...(change === undefined ? {} : { change: change.kind }),
    ...(priority === undefined ? {} : { priority }),
    ...(incident === undefined ? {} : { incident }),
  };
  const start = record === undefined ? undefined : await startOnBudget(deps, asked);
  const wanted = { version, identity, ...change };
  if (start === undefined) return { plan: buildPlan(deps.policy, record ?? null, wanted) };
  const { policy, budget, sight } = start;
  const plan = buildPlan(policy, record ?? null, { ...wanted, budget });
  const configured = stepsOf(deps.policy, { installed: true });
  return { plan, budget: sight, ...stopOf(options.stopAfter, { configured, planned: plan.steps }) };
}

/** Half of a weight is a step of another name: who asked to stop after the step that config has there, stops after it. */
function stopOf(
  stop: StepId | undefined,
  {
    configured,
    planned,
  }: { readonly configured: readonly PlanStep[]; readonly planned: readonly PlanStep[] },
): Pick<NewPlan, "stop"> {
  // Where the code is there already the plan has fewer steps, by their own names.
  const renamed = planned.some(({ id }) => id === stop)
    ? undefined
    : planned[configured.findIndex(({ id }) => id === stop)]?.id;
  const named = renamed ?? stop;
  return named === undefined ? {} : { stop: { stopAfter: named } };
}
