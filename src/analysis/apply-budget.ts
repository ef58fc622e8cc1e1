import type { FlagConfig } from "../types/flag-config.ts";
import type { EnvironmentPolicy } from "../types/policy.ts";
import { type BudgetTerms, halvedFirst } from "./budget-terms.ts";

/** Half of the first of several phases: where the code is there already, it is the first weight. */
function halvedPhases({ phases }: FlagConfig): FlagConfig["phases"] {
  const shares = phases.map(({ percentage, soakSeconds }) => ({ exposure: percentage, soakSeconds }));
  return halvedFirst(shares).map(({ exposure, soakSeconds }) => ({ percentage: exposure, soakSeconds }));
}

/**
 * The policy that a plan is made of under an error budget: half of the first of several weights, one more approval,
 * and for an override of a freeze at least its two people before that one. Nothing changes where it goes as planned,
 * and where it doesn't go at all. Pure.
 */
export function applyBudget(policy: EnvironmentPolicy, terms: BudgetTerms): EnvironmentPolicy {
  if (terms.verdict !== "caution") return policy;
  const { approvals, increments, flag } = policy;
  const least = terms.override?.leastApprovers ?? 0;
  return {
    ...policy,
    increments: terms.halveFirst ? halvedFirst(increments) : increments,
    ...(terms.halveFirst && flag !== undefined ? { flag: { ...flag, phases: halvedPhases(flag) } } : {}),
    approvals: { ...approvals, required: Math.max(approvals.required, least) + terms.extraApprovals },
  };
}
