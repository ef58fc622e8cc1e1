import type { Decision } from "../types/decision.ts";
import type { Cause } from "../types/state.ts";
import type { DecideInput, Observations } from "./decide.ts";
import { confirmed } from "./in-force.ts";
import { afterStep, ask, stepOf } from "./steps.ts";

/**
 * The watch of one step. Before its end: look again. At its end: pause, then evidence or a person's approval,
 * then advance. Without proof it holds, in extensions, and at the limit it asks; exposure never grows meanwhile.
 */
export function soak(input: DecideInput): Decision {
  const { plan, state, observations, now } = input;
  const step = stepOf(plan, state.step);
  const soakMs = (step.soakSeconds ?? 0) * 1000;
  const confirmedAt = state.confirmedAtMs ?? state.enteredAtMs;
  const { foreign } = observations;
  if (foreign) return heldBy(foreign.message, now >= confirmedAt + soakMs * plan.hold.maxFactor);
  const end = confirmedAt + soakMs;
  if (now < end) {
    const untilMs = Math.min(end, now + plan.look.seconds * 1000);
    return { kind: "wait", untilMs, reason: "Soaking", message: `${state.step} is watched` };
  }
  const paused = pausedBy(input);
  if (paused !== undefined) return hold(0, { reason: "Paused", message: `paused by ${paused}` });
  const approver = approvedBy(input);
  // A person's approval stands for evidence; what the checklist asks for has to be so.
  const unproven = (approver === undefined ? whatIsMissing(input) : undefined) ?? unticked(observations);
  if (unproven === undefined) return afterStep(input, step, passedBy(state.step, approver));
  const allowedMs = soakMs * (plan.hold.maxFactor - 1);
  if (now - end < state.extendedMs) return hold(0, unproven);
  const extendMs = Math.min(plan.hold.stepSeconds * 1000, allowedMs - state.extendedMs);
  if (extendMs > 0) return hold(extendMs, unproven);
  const message = `${unproven.message}; the soak was extended to its limit`;
  return ask({ reason: unproven.reason, message, kind: "evidence" });
}

/** Somebody else's change is theirs to undo, for as long as silence would be borne; then a person decides. */
function heldBy(message: string, atLimit: boolean): Decision {
  const cause: Cause = { reason: "ForeignChange", message, kind: "foreign-change" };
  return atLimit ? ask(cause) : hold(0, { reason: cause.reason, message });
}

function hold(extendMs: number, why: { readonly reason: string; readonly message: string }): Decision {
  return { kind: "hold", extendMs, ...why };
}

/** Every gate has to have passed in this very look: silence, errors and missing gates are not proof. */
function whatIsMissing({
  plan,
  state,
  observations,
}: DecideInput): { reason: string; message: string } | undefined {
  const { readings, route } = observations;
  const step = stepOf(plan, state.step);
  if (step.kind === "replace" && !confirmed(step, route)) {
    return { reason: "PodsNotReady", message: `not every pod is ready: ${route?.progress ?? "no answer"}` };
  }
  if (readings.length === 0) return { reason: "NoData", message: "no gate has spoken" };
  const unproven = readings.find((reading) => reading.verdict !== "pass");
  return unproven && { reason: unproven.reason, message: unproven.message };
}

function passedBy(step: string, approver: string | undefined): { reason: string; message: string } {
  return approver === undefined
    ? { reason: "SoakPassed", message: `${step}: every gate passes` }
    : { reason: "ManualApproval", message: `${step} approved by ${approver}` };
}

/** Every item has to be met in this very look; what the stack does without has said so in its config. */
function unticked({ checklist = [] }: Observations): { reason: string; message: string } | undefined {
  const open = checklist.filter(({ status }) => status === "unmet");
  if (open.length === 0) return undefined;
  const message = open.map(({ item, evidence }) => `${item}: ${evidence}`).join("; ");
  return { reason: "ChecklistUnmet", message };
}

function pausedBy({ requests }: DecideInput): string | undefined {
  const last = requests.findLast((request) => request.kind === "pause" || request.kind === "resume");
  return last?.kind === "pause" ? last.by : undefined;
}

function approvedBy({ requests, state }: DecideInput): string | undefined {
  const approval = requests.find((request) => request.kind === "approve" && request.step === state.step);
  return approval?.by;
}
