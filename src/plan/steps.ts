import { RolloutError } from "../errors/errors.ts";
import type { PlanStep } from "../types/plan.ts";
import type { EnvironmentPolicy } from "../types/policy.ts";

/**
 * The steps of a rollout under a policy. `installed: false` is the first install: nothing to protect, so one
 * step to everybody. Throws `not-built` for a strategy that has no steps yet: it never falls back to another.
 */
export function stepsOf(
  policy: EnvironmentPolicy,
  stack: { readonly installed: boolean },
): readonly PlanStep[] {
  if (!stack.installed) return [{ id: "install", kind: "install" }];
  switch (policy.strategy) {
    case "canary":
      return canarySteps(policy);
    case "direct":
      return inPlaceSteps("direct", policy);
    case "rolling":
      return inPlaceSteps("roll", policy);
    case "blue-green":
    case "feature-flag":
      throw notBuilt(
        policy.strategy,
        "rollout.strategy",
        "Built are canary, rolling and direct: set rollout.strategy to one of them.",
      );
  }
}

function canarySteps(policy: EnvironmentPolicy): readonly PlanStep[] {
  const increments = policy.increments.map(
    ({ exposure, soakSeconds }): PlanStep => ({
      id: String(exposure),
      kind: "increment",
      exposure,
      soakSeconds,
    }),
  );
  return [
    ...increments,
    { id: "promote-stable", kind: "promote-stable", exposure: 100 },
    { id: "promote-switch", kind: "promote-switch", exposure: 0, drainSeconds: policy.drainSeconds },
    { id: "promote-clean", kind: "promote-clean", exposure: 0 },
  ];
}

/**
 * The new version takes stable's place. With a watch the old one stays in the record until it has passed, so that
 * there is something to go back to; without one (dev) the version is the baseline at once.
 */
function inPlaceSteps(id: string, policy: EnvironmentPolicy): readonly PlanStep[] {
  const soakSeconds = policy.increments.at(-1)?.soakSeconds ?? 0;
  if (soakSeconds === 0) return [{ id, kind: "replace", exposure: 100 }];
  return [
    { id, kind: "replace", exposure: 100, soakSeconds },
    { id: "settle", kind: "settle", exposure: 0 },
  ];
}

/** Whether a plan's new version takes stable's place instead of standing beside it. */
export function isInPlace(steps: readonly PlanStep[]): boolean {
  return steps.some((step) => step.kind === "replace");
}

function notBuilt(what: string, path: string, hint: string): RolloutError {
  return new RolloutError(`The strategy ${what} is not built yet.`, {
    code: "not-built",
    exit: "config",
    path,
    hint,
  });
}
