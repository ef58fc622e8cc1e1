import type { StrategyKind } from "../types/plan.ts";

/** Whether a strategy ends with a flag that is opened phase by phase. */
export function opensFlag(strategy: StrategyKind): boolean {
  return strategy === "feature-flag" || strategy === "combined";
}

/** Whether a strategy brings code by a canary, so that whole tenants can be routed. */
export function routesCohort(strategy: StrategyKind): boolean {
  return strategy === "canary" || opensFlag(strategy);
}

/** What the phase of a flag's named tenants counts as, in percent: some, but whose share only their traffic tells. */
export const betaExposure = 0.5;

/** Exposures in their order, for people: `5 → 20 → 100 → beta → 10 → 100 %`. */
export function exposureTrail(exposures: readonly number[]): string {
  return `${exposures.map((share) => (share === betaExposure ? "beta" : share)).join(" → ")} %`;
}
