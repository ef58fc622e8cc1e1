import { isFlagAlone } from "../lib/strategies.ts";
import type { FlagConfig } from "../types/flag-config.ts";
import type { PlanStep } from "../types/plan.ts";
import type { EnvironmentPolicy } from "../types/policy.ts";
import { exposuresOfPhases, flagSteps, phaseSteps } from "./flag-steps.ts";

/** The phases of a flag as its stack's steps, in order: with the ids that `pulumi config set step` takes. */
export function phasesOf(flag: FlagConfig, policy: Pick<EnvironmentPolicy, "platform">): readonly PlanStep[] {
  const steps = isFlagAlone(policy) ? phaseSteps(flag, exposuresOfPhases(flag)) : flagSteps(flag);
  return steps.filter(({ kind }) => kind === "phase");
}
