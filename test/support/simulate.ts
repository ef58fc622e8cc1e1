import { type DecideInput, decide, type EffectStatus, type Observations } from "../../src/decide/decide.ts";
import { initialState, reduce } from "../../src/decide/reduce.ts";
import { isEnd, isWatched } from "../../src/decide/states.ts";
import { stepOf } from "../../src/decide/steps.ts";
import type { Decision, RolloutRequest } from "../../src/types/decision.ts";
import type { RouteReading, StableReading } from "../../src/types/observation.ts";
import type { RolloutPlan } from "../../src/types/plan.ts";
import type { RolloutState, StateName } from "../../src/types/state.ts";
import type { GateReading, Verdict } from "../../src/types/verdict.ts";

export interface Moment {
  readonly state: RolloutState;
  /** ms since the rollout began. */
  readonly ms: number;
  readonly exposure: number;
}

/** A scripted world: every member is asked at each look. */
export interface Script {
  readonly verdict?: (moment: Moment) => Verdict;
  readonly effect?: (moment: Moment) => EffectStatus;
  readonly requests?: (moment: Moment) => readonly RolloutRequest[];
  /** What the route is read back at; default: what was last applied. */
  readonly routed?: (moment: Moment) => number;
  /** Where stable's pods aren't those of the new version: what they are read back as; null: they may not be read. */
  readonly stable?: (moment: Moment) => Partial<StableReading> | null;
  readonly lease?: (moment: Moment) => "held" | "lost";
  readonly from?: RolloutState;
}

export interface Trace {
  readonly end: RolloutState;
  readonly states: readonly StateName[];
  readonly decisions: readonly Decision[];
  /** Exposures in force, in order, without repetition. */
  readonly weights: readonly number[];
  /** ms at the end. */
  readonly ms: number;
}

/** Runs `decide` and `reduce` over a scripted world, on a manual clock, from plan to end. */
export function simulate(plan: RolloutPlan, script: Script = {}): Trace {
  let state = script.from ?? initialState(plan.steps[0]?.id ?? "", 0);
  let ms = state.enteredAtMs;
  let weight = state.exposures.at(-1) ?? 0;
  const states: StateName[] = [state.name];
  const decisions: Decision[] = [];
  const weights = [weight];
  for (let looks = 0; !isEnd(state.name); looks += 1) {
    if (looks > 20_000)
      throw new Error(`no end after ${looks} looks: stuck in ${state.name} of ${state.step}`);
    weight = inForce(plan, state, weight);
    if (weights.at(-1) !== weight) weights.push(weight);
    const moment = { state, ms, exposure: weight };
    const decision = decide(inputAt(plan, moment, script));
    decisions.push(decision);
    const before = state.name;
    state = reduce(state, decision, { ms, exposure: weight });
    if (state.name !== before) states.push(state.name);
    if (decision.kind === "wait") ms = Math.max(decision.untilMs, ms + 1);
    if (decision.kind === "hold") ms += plan.look.seconds * 1000;
  }
  return { end: state, states, decisions, weights, ms };
}

function inForce(plan: RolloutPlan, state: RolloutState, before: number): number {
  if (state.name === "confirming" || state.name.startsWith("promoting-"))
    return stepOf(plan, state.step).exposure ?? 0;
  if (state.name.startsWith("reverting-")) return 0;
  return before;
}

function inputAt(plan: RolloutPlan, moment: Moment, script: Script): DecideInput {
  const { state } = moment;
  const exposed = state.exposedSinceMs !== undefined && isWatched(state.name);
  const observations: Observations = {
    lease: script.lease?.(moment) ?? "held",
    effect: script.effect?.(moment) ?? { status: "done" },
    readings: exposed ? [reading(script.verdict?.(moment) ?? "pass")] : [],
    route: {
      exposure: script.routed?.(moment) ?? moment.exposure,
      accepted: true,
      hasCandidate: true,
      ...stable(plan, script.stable?.(moment)),
    },
  };
  return { plan, state, observations, requests: script.requests?.(moment) ?? [], now: moment.ms };
}

function stable(
  plan: RolloutPlan,
  said: Partial<StableReading> | null | undefined,
): Pick<RouteReading, "stable"> {
  if (said === null) return {};
  const identity = plan.identity.candidate;
  const all = { complete: true, progress: "6 of 6 updated", ...(identity === undefined ? {} : { identity }) };
  return { stable: { ...all, ...said } };
}

export function reading(verdict: Verdict): GateReading {
  return {
    gate: "error-rate",
    verdict,
    reason: `Scripted${verdict}`,
    message: `scripted ${verdict}`,
    limit: 1,
  };
}
