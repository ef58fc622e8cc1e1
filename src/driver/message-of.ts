import { impactOf } from "../analysis/impact.ts";
import { messageMetrics } from "../analysis/message-metrics.ts";
import { standsBeside } from "../decide/kept.ts";
import { clockText } from "../lib/clock-text.ts";
import { exposureTrail } from "../lib/strategies.ts";
import { rtoOf } from "../plan/matrix.ts";
import type { JournalEntry } from "../types/journal.ts";
import type { NextStep, RolloutMessage } from "../types/message.ts";
import { messageWith, type Said } from "./message-base.ts";
import type { Told } from "./message-told.ts";
import {
  nextInWords,
  ofFlagPart,
  shareInWords,
  stepInWords,
  watchInWords,
  whatMoves,
  whomInWords,
} from "./message-words.ts";

type Entry = Pick<JournalEntry, "seq" | "at" | "data">;

/** Everything was checked, nothing was touched yet: people hear of it before the first step. */
export function startingMessage(told: Told, entry: Entry): RolloutMessage {
  const { plan, state } = told;
  const first = plan.steps.find(({ id }) => id === state.step);
  const doing = first === undefined ? `Starting ${plan.to}` : stepInWords(plan, first);
  return messageWith(told, entry, {
    phase: "starting",
    kind: "progress",
    severity: "info",
    title: `${whatMoves(plan)}: ${plan.environment} deployment starting`,
    text: `${doing}; every check before the start has passed.`,
    status: `Starting: ${doing.charAt(0).toLowerCase()}${doing.slice(1)}…`,
    step: state.step,
    next: { text: doing },
  });
}

/** A step is in force, read back. */
export function incrementMessage(told: Told, entry: Entry): RolloutMessage {
  const { plan, state } = told;
  const step = plan.steps.find(({ id }) => id === state.step);
  const text = nextInWords(told);
  return messageWith(told, entry, {
    phase: "increment",
    kind: "progress",
    severity: "info",
    title: `${whatMoves(plan)}: ${shareInWords(told)}`,
    text: watchInWords(told),
    status: `${shareInWords(told)}; read back`,
    ...whereOf(told, step?.exposure),
    ...metricsOf(told),
    ...(text === undefined ? {} : { next: nextAt(told, entry, { text, seconds: step?.soakSeconds ?? 0 }) }),
  });
}

/** It doesn't go on: without proof, or until a person has decided. `asked`: somebody wanted just that. */
export function holdMessage(
  told: Told,
  entry: Entry,
  why: { readonly message: string; readonly waits: boolean; readonly asked: boolean },
): RolloutMessage {
  const { plan, state } = told;
  const place = state.step === "revert" ? "its way back" : state.step;
  const share = state.exposures.at(-1);
  const gate = told.seen.readings.find(({ message }) => message === why.message)?.gate;
  const reason = [...(gate === undefined ? [] : [gate]), why.message || "a person has to decide"].join(": ");
  return messageWith(told, entry, {
    phase: "hold",
    kind: why.asked ? "progress" : "hold",
    severity: why.asked ? "info" : why.waits ? "warning" : "error",
    title: `${whatMoves(plan)} is held at ${place}`,
    text: `${reason}.`,
    status: why.waits
      ? `Watched on at ${place}: nothing goes on until it is proved`
      : `Held at ${place}: a person has to decide`,
    ...whereOf(told, share),
    ...metricsOf(told),
    reason,
    nextSteps: [
      `Go on: \`rollouts approve\` or \`rollouts run --stack ${told.announcement.stack}\``,
      `Take it back: \`rollouts abort --stack ${told.announcement.stack}\``,
    ],
  });
}

/** Traffic is being taken off, by now. */
export function rollingBackMessage(told: Told, entry: Entry): RolloutMessage {
  const { plan, state } = told;
  const cause = state.cause?.message ?? "";
  const kept = state.cause?.concern !== undefined && standsBeside(plan.steps, state.failedAt);
  const off = rtoOf(plan.strategy) + plan.drainSeconds;
  const then = kept ? ` ${plan.to} is kept without traffic, as evidence.` : "";
  const action = ofFlagPart(told)
    ? `${plan.flag?.id} is switched off for everybody; the code stays as it is.`
    : `All traffic goes back to ${plan.from}.${then}`;
  const next = kept
    ? { text: "Traffic off and drained, about", seconds: off }
    : { text: "Rollback complete and verified, about", seconds: off + plan.timeouts.afterRevertSeconds };
  return messageWith(told, entry, {
    phase: "rolling-back",
    kind: "revert",
    severity: "error",
    title: `ROLLBACK IN PROGRESS: ${whatMoves(plan)}`,
    text: `At ${state.failedAt}: ${cause}. ${action}`,
    status: "Rolling back",
    step: state.failedAt ?? state.step,
    ...backOf(told, entry),
    action,
    next: nextAt(told, entry, next),
    nextSteps: afterwards(told),
  });
}

/** The stack equals its baseline. */
export function rolledBackMessage(told: Told, entry: Entry): RolloutMessage {
  const { plan, state, errorRate } = told;
  const cause = state.cause?.message ?? "";
  return messageWith(told, entry, {
    phase: "rolled-back",
    kind: "revert",
    severity: "warning",
    title: ofFlagPart(told)
      ? `Rollback complete: ${plan.flag?.id} is off`
      : `Rollback complete: ${plan.service} serves ${plan.from}`,
    text: `${plan.to} was taken back at ${state.failedAt}: ${cause}`,
    status: `The stack equals its baseline${errorRate === undefined ? "" : `; ${errorRate}`}`,
    step: state.failedAt ?? state.step,
    ...backOf(told, entry),
    nextSteps: afterwards(told),
  });
}

/** The way back did not verify. */
export function revertFailedMessage(told: Told, entry: Entry, problem: string): RolloutMessage {
  const { plan, state } = told;
  const cause = state.cause?.message ?? "";
  return messageWith(told, entry, {
    phase: "rolling-back",
    kind: "revert-failed",
    severity: "critical",
    title: `ROLLBACK FAILED: ${whatMoves(plan)}`,
    text: `A person has to look now. ${problem}. It turned back for this: ${cause}`,
    status: `The way back is not verified: ${problem}`,
    step: state.failedAt ?? state.step,
    ...backOf(told, entry),
    nextSteps: [
      "Look at the stack and its route now; the commands below take traffic off by hand",
      ...afterwards(told),
    ],
  });
}

export function promotedMessage(told: Told, entry: Entry): RolloutMessage {
  const { plan, state, counted } = told;
  const trail = state.exposures.length > 0;
  // The last watch is over by now; what it has seen last is told.
  const seen = counted === undefined ? told.seen : { counts: counted.counts, readings: [] };
  return messageWith(told, entry, {
    phase: "promoted",
    kind: "promoted",
    severity: "info",
    title: `${plan.service} serves ${plan.to}`,
    text: trail ? `Promoted after ${exposureTrail(state.exposures)}.` : "Everybody has it.",
    status: `${plan.to} is the baseline now`,
    ...metricsOf({ ...told, seen }),
  });
}

function whereOf({ state }: Told, exposure: number | undefined): Partial<Said> {
  return { step: state.step, ...(exposure === undefined ? {} : { exposure }) };
}

function metricsOf({ seen, plan }: Pick<Told, "seen" | "plan">): Partial<Said> {
  const metrics = messageMetrics(seen, plan.gates);
  return metrics === undefined ? {} : { metrics };
}

/** Reason and impact of a way back. */
function backOf(told: Told, entry: Entry): Partial<Said> {
  const { plan, state, counted, incident, announcement } = told;
  const exposure =
    state.exposures.at(-1) ?? plan.steps.find(({ id }) => id === state.failedAt)?.exposure ?? 0;
  const { zone } = announcement.communication;
  const until =
    counted === undefined
      ? "before it turned back"
      : counted.turnedBack
        ? "as counted until the verdict"
        : `as counted until ${clockText(counted.atMs, zone, Date.parse(entry.at))}`;
  const impact = impactOf({
    ...(counted === undefined ? {} : { counts: counted.counts }),
    until,
    exposure,
    whom: whomInWords(told, exposure),
    versions: plan,
    gates: plan.gates,
  });
  return {
    ...(state.cause === undefined ? {} : { reason: state.cause.message }),
    exposure,
    impact,
    ...(incident === undefined ? {} : { incident }),
  };
}

function afterwards({ announcement, plan }: Told): readonly string[] {
  const { rca } = announcement.communication;
  return [
    ...(rca === undefined ? [] : [`RCA: ${rca}`]),
    `${plan.to} stays out until somebody says why it may come again: \`rollouts run --cause TEXT --by NAME\``,
    `Incident report: \`rollouts report --stack ${announcement.stack}\``,
  ];
}

function nextAt(
  { announcement }: Told,
  entry: Entry,
  { text, seconds }: { readonly text: string; readonly seconds: number },
): NextStep {
  const atMs = Date.parse(entry.at);
  const etaMs = atMs + seconds * 1000;
  return { text, etaMs, eta: clockText(etaMs, announcement.communication.zone, atMs) };
}
