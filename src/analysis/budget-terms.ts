import { assertNever } from "../lib/assert-never.ts";
import type { ChangeKind } from "../types/change.ts";
import type { Increment } from "../types/policy.ts";
import type { BudgetBand } from "./budget.ts";

/** How urgent a rollout is. Everything but `normal` may start on a budget that is nearly used up. */
export const priorities = ["normal", "reliability", "security", "hotfix", "critical", "p0"] as const;
export type Priority = (typeof priorities)[number];

/** Why a rollout may start although the budget is frozen. It is part of the plan that people approve. */
export interface BudgetOverride {
  /** Id of the incident that it mends. */
  readonly incident: string;
  readonly priority: Priority;
  /** How many different people have to agree, before caution's one more: who they are is the approvals' business. */
  readonly leastApprovers: number;
}

export interface BudgetQuestion {
  readonly band: BudgetBand;
  /** A page-level burn rate that fires, or that nobody can tell; absent: quiet. */
  readonly burn?: "fires" | "unknown";
  /** Default `normal`; a change of kind hotfix is urgent by itself. */
  readonly priority?: Priority;
  readonly change?: ChangeKind;
  /** Id of the incident that an override of a freeze names. */
  readonly incident?: string;
}

/** Why a rollout doesn't start. */
export type BudgetRefusal = "BudgetDeferred" | "BudgetFrozen" | "BurnRateAlert";

/** What a budget means for a rollout. */
export interface BudgetTerms {
  readonly verdict: "as-planned" | "caution" | "blocked";
  /** For people; at least one. The first is about the band. */
  readonly reasons: readonly string[];
  /** Approvals on top of those that the environment asks for. */
  readonly extraApprovals: 0 | 1;
  /** Whether the first increment gets half of its weight: `halvedFirst`. */
  readonly halveFirst: boolean;
  /** The override that let it through, to be recorded. */
  readonly override?: BudgetOverride;
  /** Of `blocked`. */
  readonly refusal?: BudgetRefusal;
}

const asPlanned = { verdict: "as-planned", extraApprovals: 0, halveFirst: false } as const;
const caution = { verdict: "caution", extraApprovals: 1, halveFirst: true } as const;
const blocked = { verdict: "blocked", extraApprovals: 0, halveFirst: false } as const;

const cautionReasons = [
  "the first of several increments gets half of its weight, its soak is not shorter",
  "one more approval",
];

/**
 * The bands as gates (gates.md 4). Whatever is let through below `safe` goes under the terms of `caution`, so that
 * less budget never means laxer terms: half of the first weight, one more approval, soaks that are not shorter. A
 * freeze lets only P0 and security fixes through, for an incident and with two people. A page-level burn rate that
 * fires stops what isn't urgent; one that nobody can tell is caution. Pure, total.
 */
export function budgetTerms(question: BudgetQuestion): BudgetTerms {
  const ofBand = bandTerms(question);
  const ofBurn = burnTerms(question);
  if (ofBurn === undefined) return ofBand;
  const reasons = [...new Set([...ofBand.reasons, ...ofBurn.reasons])];
  const strictest = [ofBand, ofBurn].find(({ verdict }) => verdict === "blocked") ?? {
    ...ofBand,
    ...caution,
  };
  return { ...strictest, reasons };
}

function bandTerms(question: BudgetQuestion): BudgetTerms {
  const { band } = question;
  switch (band) {
    case "safe":
      return { ...asPlanned, reasons: ["more than 50 % of the error budget is left"] };
    case "caution":
      return { ...caution, reasons: ["20 to 50 % of the error budget is left", ...cautionReasons] };
    case "unknown":
      return { ...caution, reasons: ["nobody knows what is left of the error budget", ...cautionReasons] };
    case "defer":
      return deferred(question);
    case "freeze":
      return frozen(question);
    default:
      return assertNever(band, "budget band");
  }
}

function burnTerms(question: BudgetQuestion): BudgetTerms | undefined {
  if (question.burn === undefined) return undefined;
  if (question.burn === "unknown") {
    return { ...caution, reasons: ["nobody knows how fast the error budget burns", ...cautionReasons] };
  }
  const fires = "the error budget burns fast enough to wake somebody up";
  const urgency = urgencyOf(question);
  if (urgency === "normal") return { ...blocked, refusal: "BurnRateAlert", reasons: [fires, onlyUrgent] };
  return { ...caution, reasons: [fires, `it starts all the same: ${urgency}`, ...cautionReasons] };
}

const urgent = priorities.filter((one) => one !== "normal").join(", ");
const onlyUrgent = `only a rollout of one of these priorities starts: ${urgent}`;

function deferred(question: BudgetQuestion): BudgetTerms {
  const left = "less than 20 % of the error budget is left";
  const urgency = urgencyOf(question);
  if (urgency === "normal") return { ...blocked, refusal: "BudgetDeferred", reasons: [left, onlyUrgent] };
  return { ...caution, reasons: [left, `it starts all the same: ${urgency}`, ...cautionReasons] };
}

function urgencyOf({ priority = "normal", change }: BudgetQuestion): Priority {
  return priority === "normal" && change === "hotfix" ? "hotfix" : priority;
}

const leastApprovers = 2;

function frozen(question: BudgetQuestion): BudgetTerms {
  const used = "the error budget is overdrawn: nothing starts but what brings it back";
  const incident = question.incident?.trim() ?? "";
  const priority = urgencyOf(question);
  // Everything that an override lacks, at once.
  const missing = [
    ...(priority === "p0" || priority === "security"
      ? []
      : [`an override is for the priorities p0 and security, not ${priority}`]),
    ...(incident === "" ? ["an override names the id of an incident"] : []),
  ];
  if (missing.length > 0) return { ...blocked, refusal: "BudgetFrozen", reasons: [used, ...missing] };
  const overridden = `overridden as ${priority} for the incident ${incident}: at least ${leastApprovers} people approve`;
  return {
    ...caution,
    reasons: [used, overridden, ...cautionReasons],
    override: { incident, priority, leastApprovers },
  };
}

/**
 * The first increment with half of its weight, rounded down but at least 1. A rollout that gives everybody the
 * version at once has no first increment to halve.
 */
export function halvedFirst(increments: readonly Increment[]): readonly Increment[] {
  const [first, ...rest] = increments;
  if (first === undefined || rest.length === 0) return increments;
  return [{ ...first, exposure: Math.max(1, Math.floor(first.exposure / 2)) }, ...rest];
}
