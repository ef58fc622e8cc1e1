import type { ChangeKind } from "../types/change.ts";
import { spanText } from "./checklist-time.ts";

/** A version that a stack's journal shows as promoted. */
export interface Promotion {
  readonly stack: string;
  /** Comparable over stacks: `acrossStacks`. */
  readonly identity: string;
  /** When, ms since the epoch. */
  readonly atMs: number;
}

/** Where a version must have been promoted before, and how long that holds. */
export interface PromotionRule {
  readonly stacks: readonly string[];
  readonly withinMs: number;
}

/** The guide's path: test, then staging; not older than 14 days. */
export const defaultPromotionRule: PromotionRule = { stacks: ["test", "staging"], withinMs: 14 * 86_400_000 };

/**
 * The part of a version's identity that is the same in every stack: the image's digest or tag. The rest is the hash
 * of a config that differs from stack to stack on purpose.
 */
export function acrossStacks(identity: string): string {
  const plus = identity.lastIndexOf("+");
  return plus < 0 ? identity : identity.slice(0, plus);
}

export interface PromotionCheck {
  readonly rule: PromotionRule;
  /** Identity of what is to start, comparable over stacks: `acrossStacks`. */
  readonly identity: string;
  readonly promotions: readonly Promotion[];
  /** ms since the epoch. */
  readonly now: number;
  /** A hotfix is exempt. */
  readonly change?: ChangeKind;
}

export interface MissingPromotion {
  readonly stack: string;
  readonly why: "never" | "too-old";
  readonly message: string;
}

export interface PromotionVerdict {
  readonly ok: boolean;
  /** The newest promotion of each stack that holds. */
  readonly found: readonly Promotion[];
  readonly missing: readonly MissingPromotion[];
  /** Something is missing, and the change may start all the same: recorded. */
  readonly exempt?: true;
  readonly message: string;
}

/**
 * Whether this very identity was promoted in each stack of the rule, not longer ago than it allows. A promotion that
 * is dated in the future doesn't hold. Pure, total.
 */
export function checkPromotions(check: PromotionCheck): PromotionVerdict {
  const judged = check.rule.stacks.map((stack) => judge(stack, check));
  const found = judged.flatMap((one) => ("atMs" in one ? [one] : []));
  const missing = judged.flatMap((one) => ("why" in one ? [one] : []));
  if (missing.length === 0) {
    const where = check.rule.stacks.join(" and ");
    return {
      ok: true,
      found,
      missing,
      message: where === "" ? "no stack is asked for" : `promoted in ${where}`,
    };
  }
  const message = missing.map((one) => one.message).join("; ");
  if (check.change !== "hotfix") return { ok: false, found, missing, message };
  return { ok: true, found, missing, exempt: true, message: `a hotfix is exempt: ${message}` };
}

function judge(
  stack: string,
  { rule, identity, promotions, now }: PromotionCheck,
): Promotion | MissingPromotion {
  const ofStack = promotions.filter((one) => one.stack === stack && one.atMs <= now);
  const same = ofStack.filter((one) => one.identity === identity).sort((a, b) => b.atMs - a.atMs)[0];
  if (same === undefined) {
    const last = ofStack.sort((a, b) => b.atMs - a.atMs)[0];
    const instead = last === undefined ? "" : ` (last there: ${last.identity})`;
    return { stack, why: "never", message: `${identity} was never promoted in ${stack}${instead}` };
  }
  const age = now - same.atMs;
  if (age <= rule.withinMs) return same;
  return {
    stack,
    why: "too-old",
    message: `${identity} was promoted in ${stack} ${spanText(age)} ago, and ${spanText(rule.withinMs)} is the limit`,
  };
}
