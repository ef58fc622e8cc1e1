import type { Concern } from "../types/concern.ts";
import type { PlanStep, StepKind } from "../types/plan.ts";
import type { RolloutState } from "../types/state.ts";
import { concernOf } from "./concern.ts";
import type { DecideInput } from "./decide.ts";

/** Steps whose version stands beside the one before it, so that it can be kept without a user. */
const beside: ReadonlySet<StepKind> = new Set(["increment", "stage", "validate", "swap"]);

/** Whether a version that turned back at a step has pods or a slot of its own. In place, and of a flag, nothing has. */
export function standsBeside(steps: readonly PlanStep[], failedAt: string | undefined): boolean {
  const step = steps.find(({ id }) => id === failedAt);
  return step !== undefined && beside.has(step.kind);
}

/** Whether a rollout is held with its candidate kept as evidence, without a user. */
export function isKept({ name, heldFrom }: Pick<RolloutState, "name" | "heldFrom">): boolean {
  return name === "held" && heldFrom === "reverting-drain";
}

/** What the candidate of a way back is kept for; undefined: nothing, or there is none to keep. */
export function keptFor(input: DecideInput): Concern | undefined {
  const { plan, state } = input;
  if (!standsBeside(plan.steps, state.failedAt)) return undefined;
  return state.cause?.concern ?? concernOf(input);
}
