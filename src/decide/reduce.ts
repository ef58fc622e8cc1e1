import type { Decision } from "../types/decision.ts";
import type { StepId } from "../types/release.ts";
import type { RolloutState, StateName } from "../types/state.ts";

/** The state at the beginning of a rollout. `at`: ms of its clock. */
export function initialState(firstStep: StepId, at: number): RolloutState {
  return { name: "planned", step: firstStep, enteredAtMs: at, extendedMs: 0, exposures: [], attempts: 1 };
}

/**
 * The state after a decision: a pure fold, so that a restarted driver finds its state by folding the decisions
 * of the journal, and there is no second truth. `exposure` is what the route was read back at, with a decision
 * that confirms it. Decisions to wait change nothing.
 */
export function reduce(
  state: RolloutState,
  decision: Decision,
  at: { readonly ms: number; readonly exposure?: number },
): RolloutState {
  switch (decision.kind) {
    case "wait":
      return state;
    case "hold":
      return { ...state, name: "holding", extendedMs: state.extendedMs + decision.extendMs };
    case "revert":
      return {
        ...enter(state, "reverting-lever", at.ms),
        step: "revert",
        cause: decision.cause,
        failedAt: state.step,
      };
    case "complete":
      return {
        ...enter(state, decision.to, at.ms),
        ...(decision.cause ? { cause: decision.cause, failedAt: state.step } : {}),
      };
    case "escalate":
      if (state.name === "held") return state;
      return {
        ...enter(state, "held", at.ms),
        heldFrom: state.name,
        ...(decision.concern && state.cause ? { cause: { ...state.cause, concern: decision.concern } } : {}),
        ...(decision.cause ? { cause: decision.cause } : {}),
        ...(decision.cause && decision.cause.kind !== "evidence" ? { failedAt: state.step } : {}),
      };
    case "continue":
      return continued(state, decision, at);
  }
}

type Continue = Extract<Decision, { readonly kind: "continue" }>;

function continued(
  state: RolloutState,
  decision: Continue,
  at: { readonly ms: number; readonly exposure?: number },
): RolloutState {
  if (decision.retry) return again(state, at.ms);
  if (!decision.confirmed) {
    const off = decision.off ? ({ trafficOff: true } as const) : {};
    const entered = { ...enter(state, decision.to, at.ms), ...off };
    if (decision.step === state.step) return entered;
    const { confirmedAtMs: _previous, ...fresh } = entered;
    if (!decision.anew) return { ...fresh, step: decision.step, extendedMs: 0 };
    const { exposedSinceMs: _others, ...unexposed } = fresh;
    return { ...unexposed, step: decision.step, extendedMs: 0 };
  }
  const exposure = at.exposure ?? 0;
  const since = exposure > 0 && state.exposedSinceMs === undefined ? { exposedSinceMs: at.ms } : {};
  const seen = exposure > 0 ? { exposures: [...state.exposures, exposure] } : {};
  const entered = decision.to === state.name ? state : enter(state, decision.to, at.ms);
  return { ...entered, ...since, ...seen, confirmedAtMs: at.ms };
}

/** The same state once more; a held one is taken up where it stopped, with its extensions given back. */
function again(state: RolloutState, ms: number): RolloutState {
  if (state.name !== "held") return { ...state, enteredAtMs: ms, attempts: state.attempts + 1 };
  const { heldFrom, ...held } = state;
  // A way back goes on for the reason that it turned back for.
  if (heldFrom?.startsWith("reverting-")) return { ...held, name: heldFrom, enteredAtMs: ms, attempts: 1 };
  const { cause: _cause, failedAt: _failedAt, ...rest } = held;
  return { ...rest, name: heldFrom ?? "holding", enteredAtMs: ms, extendedMs: 0, attempts: 1 };
}

function enter(state: RolloutState, name: StateName, ms: number): RolloutState {
  return { ...state, name, enteredAtMs: ms, attempts: 1 };
}
