import type { EnvironmentPolicy } from "../types/policy.ts";
import { type BudgetTerms, halvedFirst } from "./budget-terms.ts";

/**
 * The policy that a plan is made of under an error budget: half of the first of several weights, one more approval,
 * and for an override of a freeze at least its two people before that one. Nothing changes where it goes as planned,
 * and where it doesn't go at all. Pure.
 */
export function applyBudget(policy: EnvironmentPolicy, terms: BudgetTerms): EnvironmentPolicy {
  if (terms.verdict !== "caution") return policy;
  const { approvals, increments } = policy;
  const least = terms.override?.leastApprovers ?? 0;
  return {
    ...policy,
    increments: terms.halveFirst ? halvedFirst(increments) : increments,
    approvals: { ...approvals, required: Math.max(approvals.required, least) + terms.extraApprovals },
  };
}
