import { isUntouched } from "../analysis/budget-sight.ts";
import { exposuresOf, recordSteps } from "../plan/steps.ts";
import type { Engine } from "../ports/engine.ts";
import type { Target, Way } from "../types/engine.ts";
import type { PlanStep, RolloutPlan, StrategyKind } from "../types/plan.ts";

/** How a rollout goes, by its steps. */
export function wayOf(strategy: StrategyKind, steps: readonly PlanStep[]): Way {
  const increments = exposuresOf(steps).map(({ exposure }) => exposure);
  return { strategy, steps: recordSteps(steps), increments };
}

/**
 * An engine that tells the program how the plan goes, in every call. Only where a change has picked the way, or the
 * error budget has made the first step smaller: else it is stack config's own, which a plain `pulumi up` reads too.
 */
export function engineOfPlan(
  engine: Engine,
  plan: Pick<RolloutPlan, "change" | "overridden" | "budget" | "strategy" | "steps">,
): Engine {
  const { change, overridden, budget, strategy, steps } = plan;
  if (change === undefined && isUntouched(budget)) return engine;
  const way: Way = {
    ...wayOf(strategy, steps),
    ...(change === undefined ? {} : { change }),
    ...(overridden === undefined ? {} : { reason: overridden.reason }),
  };
  const onWay = (target: Target): Target => ({ ...target, way });
  return {
    preview: (options) => engine.preview({ ...options, target: onWay(options.target) }),
    up: (options) => engine.up({ ...options, target: onWay(options.target) }),
    deployed: () => engine.deployed(),
    recover: (options) => engine.recover(options),
  };
}
