import { RolloutError } from "../errors/errors.ts";
import type { RolloutPlan } from "../types/plan.ts";

export function nothingInFlight(): RolloutError {
  return new RolloutError("Nothing is in flight on this stack.", {
    code: "nothing-in-flight",
    exit: "nothingToDo",
    hint: "`rollouts status` shows the last rollout; going back to an older version is a rollout of its own: `rollouts run --version`.",
  });
}

export function steppedByHand(version: string, step: string): RolloutError {
  return new RolloutError(`${version} is at step ${step} by hand, and the journal has no rollout of it.`, {
    code: "stepped-by-hand",
    exit: "blocked",
    hint: "Go on by hand (`pulumi config set step …`), or take it back (`pulumi config set step revert && pulumi up`) and run again.",
  });
}

export function otherChange({ to, change, strategy }: RolloutPlan): RolloutError {
  const as = change === undefined ? "without a change" : `as ${change}`;
  return new RolloutError(`${to} is in flight ${as} (${strategy}), and a rollout doesn't change its way.`, {
    code: "rollout-in-flight",
    exit: "blocked",
    hint: "Leave --change out to finish it, or take it back (`rollouts abort`).",
  });
}
