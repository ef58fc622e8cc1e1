import { budgetCost, type HarmStep, planHarm } from "../../analysis/harm.ts";
import { errorsMetric } from "../../analysis/pace-options.ts";
import {
  leastFirstWeight,
  requestsIn,
  requestsToCertify,
  smallestVisibleRatio,
} from "../../analysis/soak-power.ts";
import { RolloutError } from "../../errors/errors.ts";
import { exposuresOf } from "../../plan/steps.ts";
import type { RolloutPlan } from "../../types/plan.ts";
import type { OptionSpec } from "../command.ts";
import type { StableDay } from "./plan-measure.ts";

/** What a plan comes to at a traffic: `data.expected` of `plan --json`. What never happens is null. */
export interface PlanFigures {
  readonly requestsPerSecond: number;
  /** `--traffic`, or the source that counted the last 24 h. */
  readonly source: string;
  /** What the worst case assumes. Shares of failed requests in percent. */
  readonly assumed: typeof assumed;
  readonly increments: readonly IncrementFigures[];
  readonly notes: readonly string[];
  /** Of `--measure`: limits that stable itself would have broken. */
  readonly stable?: StableDay;
}

export interface IncrementFigures {
  readonly exposure: number;
  readonly soakSeconds: number;
  /** Requests of the canary in the soak. */
  readonly requests: number;
  /** How many times worse than stable a canary has to be for one soak to see it; absent where nothing is compared. */
  readonly smallestVisibleRatio?: number | null;
  /** Minutes of this soak until a canary without a failure is proved; 0 where the soaks before have proved it. */
  readonly minutesToCertify?: number | null;
  readonly certifies?: boolean;
  /** A canary that begins to fail at this increment. */
  readonly worst?: {
    readonly minutesToRevert: number | null;
    /** Requests that fail and would not have: 1.5 times the estimate, which is its error. */
    readonly failedRequests: number;
    /** Percent of the error budget of 30 days. */
    readonly budgetPercent: number;
  };
}

export const figureOptions: readonly OptionSpec[] = [
  {
    flags: "--traffic <rate>",
    summary: "requests of the service, 100/s or 6000/min: print what each increment can see and cost",
  },
  {
    flags: "--measure",
    summary: "the same with the traffic of the last 24 h, and stable's own breaches in them",
  },
];

/** Delays around the evidence in seconds (gates.md 5): until a request is counted, and until users are off. */
const assumed = { stablePercent: 0.1, canaryPercent: 2, lagSeconds: 60, revertSeconds: 30 } as const;
const errorOfEstimate = 1.5;
const perSecond = { s: 1, min: 1 / 60, h: 1 / 3600 } as const;

/** Requests a second of `100/s`, `6000/min`, `360000/h`. Throws `usage` (exit 2) for anything else. */
export function parseTraffic(written: string): number {
  const [, count = "", unit = ""] = /^(\d+(?:\.\d+)?)\/(s|min|h)$/.exec(written) ?? [];
  const rate = Number(count) * (perSecond[unit as keyof typeof perSecond] ?? Number.NaN);
  if (rate > 0) return rate;
  const hint = "Write --traffic 100/s, or --traffic 6000/min.";
  const rule = "requests per time, above 0";
  const received = JSON.stringify(written);
  throw new RolloutError("rollouts plan has 1 problem in its options.", {
    code: "usage",
    exit: "config",
    issues: [{ path: "--traffic", received, rule, hint }],
    hint,
  });
}

/** Figures of a plan's watched steps. Pure. */
export function figuresOf(
  plan: RolloutPlan,
  { requestsPerSecond, source }: Pick<PlanFigures, "requestsPerSecond" | "source">,
): PlanFigures {
  const watched = exposuresOf(plan.steps).filter(
    ({ exposure, soakSeconds }) => exposure > 0 && soakSeconds > 0,
  );
  const steps = watched.map(({ exposure, soakSeconds }) => ({ weight: exposure / 100, soakSeconds }));
  const increments = watched.map((step, index) => {
    const soak = { weight: step.exposure / 100, soakSeconds: step.soakSeconds, requestsPerSecond };
    const base = { ...step, requests: requestsIn(soak) };
    if (plan.gates.evidence === undefined) return base;
    return {
      ...base,
      smallestVisibleRatio: finite(smallestVisibleRatio(soak)),
      ...certified(plan, steps.slice(0, index + 1), requestsPerSecond),
      worst: worstOf(plan, steps.slice(index), requestsPerSecond),
    };
  });
  const notes = notesOf(plan, increments, requestsPerSecond);
  return { requestsPerSecond, source, assumed, increments, notes };
}

/** Proof is of all requests since the exposure (gates.md 2.5, item 4): those of the soaks before count. */
function certified(plan: RolloutPlan, steps: readonly HarmStep[], requestsPerSecond: number) {
  const last = steps.at(-1) ?? { weight: 0, soakSeconds: 0 };
  const before = steps
    .slice(0, -1)
    .reduce((sum, step) => sum + requestsIn({ ...step, requestsPerSecond }), 0);
  const needed = requestsToCertify(plan.gates.errorRate.limitPercent / 100);
  const seconds = Math.max(0, needed - before) / (last.weight * requestsPerSecond);
  return { minutesToCertify: finite(seconds / 60), certifies: seconds <= last.soakSeconds };
}

function worstOf(plan: RolloutPlan, steps: readonly HarmStep[], requestsPerSecond: number) {
  const { canaryPercent, stablePercent, lagSeconds, revertSeconds } = assumed;
  const situation = {
    requestsPerSecond,
    canaryShare: canaryPercent / 100,
    stableShare: stablePercent / 100,
  };
  const harm = planHarm(situation, steps, { lagSeconds, lookSeconds: plan.look.seconds, revertSeconds });
  const failedRequests = harm.extraFailures * errorOfEstimate;
  // The cost is of an objective of 99.9 %; a stricter one has less to spend.
  const promised = 1 - (plan.gates.slo?.availabilityPercent ?? 99.9) / 100;
  const share = (budgetCost(failedRequests, requestsPerSecond) * errorsMetric.sloShare) / promised;
  return { minutesToRevert: finite(harm.minutesToRevert), failedRequests, budgetPercent: share * 100 };
}

function notesOf(
  { gates }: RolloutPlan,
  increments: readonly IncrementFigures[],
  requestsPerSecond: number,
): readonly string[] {
  const [first] = increments;
  if (first === undefined) return ["nothing of this plan is watched: there is nothing to expect of it"];
  if (gates.evidence === undefined)
    return ["the comparison with stable is off: the hard limits alone revert, and nothing has to be proved"];
  const late = increments.filter(({ certifies }) => certifies === false);
  const { tolerance, odds, noise } = gates.evidence;
  const own = tolerance === 1.5 && odds === 20 && noise === 0.5 && gates.errorRate.limitPercent === 1;
  return [
    ...late.map(({ exposure }) => `${exposure} % can't be proved within its soak: it holds`),
    ...(late.includes(first) ? [leastText(leastFirstWeight({ ...first, requestsPerSecond }))] : []),
    ...(own
      ? []
      : ["what is seen and what it costs are figures of the defaults: 1 % failed, 1.5 times stable, 20:1"]),
  ];
}

/** `w1 ≥ 299 / (requests · soak)` (gates.md 5). */
function leastText(weight: number): string {
  if (weight > 1)
    return "no first increment can be proved in that time: longer soaks, probes, or a person decides";
  return `a first increment of ${Math.ceil(weight * 100)} % could be proved in that time`;
}

function finite(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}
