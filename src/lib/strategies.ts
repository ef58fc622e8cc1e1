import type { StepKind, StrategyKind } from "../types/plan.ts";
import type { Platform } from "../types/slots.ts";

/** Whether a strategy ends with a flag that is opened phase by phase. */
export function opensFlag(strategy: StrategyKind): boolean {
  return strategy === "feature-flag" || strategy === "combined";
}

/** Whether a flag is all that a stack rolls out. */
export function isFlagAlone({ platform }: { readonly platform: Platform }): boolean {
  return platform === "app-configuration";
}

/** Whether a step of that kind moves a flag, or watches it off. */
export function isFlagKind(kind: StepKind): boolean {
  return kind === "dark" || kind === "phase";
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
