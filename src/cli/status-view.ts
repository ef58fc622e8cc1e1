import { isEnd } from "../decide/states.ts";
import { alarmOf } from "../driver/alarm.ts";
import { keptIn } from "../driver/outcome.ts";
import type { Recorded } from "../driver/resume.ts";
import { formatDuration } from "../lib/duration.ts";
import type { Decision, RolloutRequest } from "../types/decision.ts";
import type { JournalEntry } from "../types/journal.ts";
import type { GateReading } from "../types/verdict.ts";
import type { RolloutStatus } from "./render/status.ts";

/** A rollout's status from its journal: pure. */
export function statusOf(
  recorded: Recorded,
  entries: readonly JournalEntry[],
  requests: readonly RolloutRequest[],
): RolloutStatus {
  const { rolloutId, plan, state } = recorded;
  const own = entries.filter((entry) => entry.rolloutId === rolloutId);
  const verdict = own.findLast(({ kind }) => kind === "verdict");
  const readings = (verdict?.data["readings"] ?? []) as readonly GateReading[];
  return {
    rolloutId,
    from: plan.from,
    to: plan.to,
    state: state.name,
    step: state.step,
    since: sinceOf(recorded, own),
    exposures: state.exposures,
    ...(state.cause ? { cause: state.cause } : {}),
    ...(state.failedAt === undefined ? {} : { failedAt: state.failedAt }),
    ...keptIn(state),
    ...(recorded.ended === undefined ? {} : { outcome: recorded.ended }),
    waitsFor: waitsFor(recorded, own, requests),
    ...alarmView(own, requests),
    readings,
    ...(verdict ? { readingsAt: verdict.wallAt } : {}),
    lastAt: recorded.lastAt,
  };
}

/** Only where one is open. */
function alarmView(
  own: readonly JournalEntry[],
  requests: readonly RolloutRequest[],
): Pick<RolloutStatus, "alarm"> {
  const { openSinceMs, acknowledged, down, sev1, told } = alarmOf(own, requests);
  const since = openSinceMs ?? down?.sinceMs ?? sev1?.sinceMs;
  if (since === undefined) return {};
  return {
    alarm: {
      since: new Date(since).toISOString(),
      ...(acknowledged === undefined ? {} : { acknowledgedBy: acknowledged.by }),
      ...(down === undefined ? {} : { down: down.why }),
      ...(sev1 === undefined ? {} : { sev1: sev1.why }),
      told: [...told],
    },
  };
}

/** Wall time of the decision that led into the present state. */
function sinceOf({ state, lastAt }: Recorded, own: readonly JournalEntry[]): string {
  const entered = own.findLast(({ kind, at }) => kind === "decision" && Date.parse(at) === state.enteredAtMs);
  return entered?.wallAt ?? own[0]?.wallAt ?? lastAt;
}

function waitsFor(
  recorded: Recorded,
  own: readonly JournalEntry[],
  requests: readonly RolloutRequest[],
): string {
  const { state } = recorded;
  const pause = requests.findLast(({ kind }) => kind === "pause" || kind === "resume");
  const paused = pause?.kind === "pause" ? `; paused by ${pause.by}: ${pause.reason}` : "";
  const abort = requests.find(({ kind }) => kind === "abort");
  if (abort && !isEnd(state.name) && !state.name.startsWith("reverting-")) {
    return `turning back, as ${abort.by} asked`;
  }
  if (isEnd(state.name) && state.name !== "held") return "nothing: it is over";
  return `${whatFor(recorded, own)}${paused}`;
}

function whatFor({ state, plan }: Recorded, own: readonly JournalEntry[]): string {
  switch (state.name) {
    case "applying":
    case "promoting-stable":
    case "promoting-switch":
    case "promoting-clean":
      return `the update to ${state.step}`;
    case "confirming": {
      const { exposure, kind } = plan.steps.find(({ id }) => id === state.step) ?? {};
      if (kind === "phase" || kind === "dark")
        return `every application to read the flag (every ${plan.flag?.refreshSeconds} s)`;
      return exposure === undefined ? `${state.step} to be read back` : `the route to carry ${exposure} %`;
    }
    case "validating":
      return "the checks of the staged version";
    case "soaking": {
      const soak = plan.steps.find(({ id }) => id === state.step)?.soakSeconds ?? 0;
      const end = (state.confirmedAtMs ?? state.enteredAtMs) + soak * 1000 + state.extendedMs;
      return `${formatDuration(soak)} of watching, until ${new Date(end).toISOString()}`;
    }
    case "holding":
      return `proof: ${lastMessage(own)}`;
    case "held":
      return `a person: ${lastMessage(own)}`;
    default:
      return `${state.name} to finish`;
  }
}

function lastMessage(own: readonly JournalEntry[]): string {
  const decision = own.findLast(({ kind }) => kind === "decision")?.data["decision"] as Decision | undefined;
  return decision?.message ?? "no reason is written";
}
