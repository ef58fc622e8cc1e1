import type { RouteReading, StableReading } from "../types/observation.ts";
import type { PlanStep, RolloutPlan } from "../types/plan.ts";
import type { Cause } from "../types/state.ts";

/** Whether the route, read back, carries the step: accepted and exactly at its weight. */
export function confirmed(step: PlanStep, route: RouteReading | undefined): boolean {
  if (route === undefined) return false;
  if (step.kind === "install" || step.kind === "settle") return route.accepted;
  // Nothing watches it and nothing has to be read back but that the update took.
  if (step.kind === "replace" && step.soakSeconds === undefined) return route.accepted;
  if (step.kind === "promote-clean") return route.accepted && route.exposure === 0;
  return route.accepted && route.exposure === step.exposure;
}

/** What a promotion still waits for, with the reason while it does, and the one once it has taken too long. */
interface Missing {
  readonly awaits: string;
  readonly late: string;
  readonly kind: Cause["kind"];
  readonly message: string;
}

/**
 * What isn't in force yet of a promotion's step. Traffic goes to stable next, so stable's update is over only once its
 * own Deployment says so: the engine may have skipped its wait, or gone by conditions that were still those of the version before.
 */
export function missingOf(
  { identity }: Pick<RolloutPlan, "identity">,
  step: PlanStep,
  route: RouteReading | undefined,
): Missing | undefined {
  if (!confirmed(step, route))
    return { awaits: "AwaitingRoute", late: "RouteNotConfirmed", kind: "router", message: "the route" };
  const message = step.kind === "promote-stable" ? oldStable(identity.candidate, route?.stable) : undefined;
  if (message === undefined) return undefined;
  return { awaits: "AwaitingStable", late: "StableNotConfirmed", kind: "engine", message };
}

/** Why stable isn't the new version yet; undefined: it is, with every pod. */
function oldStable(wanted: string | undefined, stable: StableReading | undefined): string | undefined {
  if (stable === undefined) return "stable, whose Deployment can't be read: `get` on deployments is needed";
  const { identity = "a version that nothing names", complete, progress } = stable;
  if (identity !== wanted) return `stable, whose pods are of ${identity}`;
  return complete ? undefined : `stable: ${progress}`;
}
