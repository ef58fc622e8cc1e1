import type { ChannelRef } from "../types/communication.ts";
import type { JournalEntry } from "../types/journal.ts";
import type { LastLook, MetricFamily, MetricSample } from "../types/own-metrics.ts";
import type { RolloutState } from "../types/state.ts";
import type { GateReading, Verdict } from "../types/verdict.ts";
import { announcedIn } from "./announced.ts";
import { owedIn, waitingIn } from "./outbox-owed.ts";
import { lastRollout, type Recorded } from "./resume.ts";

const verdicts: readonly Verdict[] = ["pass", "fail", "no-data", "error", "cancelled", "review"];

type Labels = Readonly<Record<string, string>>;
type Facts = Omit<MetricFamily, "samples">;

/**
 * The driver's own metrics: of the last rollout of a journal, and what the journal counts of all. Pure; redacted as the
 * journal is. What isn't known has no sample: never 0 for want of data. `look`: of the driver that is alive.
 */
export function metricsOf(entries: readonly JournalEntry[], look?: LastLook): readonly MetricFamily[] {
  const recorded = lastRollout(entries);
  if (recorded === undefined) return [];
  const own = entries.filter(({ rolloutId }) => rolloutId === recorded.rolloutId);
  const at: Labels = {
    stack: announcedIn(own)?.announcement.stack ?? recorded.plan.environment,
    service: recorded.plan.service,
  };
  const all = [
    ...ofRollout(recorded, own, at),
    ...ofGates(isOver(recorded) ? [] : (look?.readings ?? lastReadings(own)), at),
    ...ofRevert(own, at),
    ...ofTimes(recorded, own, { at, look }),
    ...ofMessages(entries, at),
    ...ofJournal(entries, at),
  ];
  return all.filter(({ samples }) => samples.length > 0);
}

function ofRollout({ plan, state, rolloutId }: Recorded, own: readonly JournalEntry[], at: Labels) {
  const { from, to, strategy } = plan;
  const rehearsed = own.some(({ data }) => data["rehearsed"] === true);
  const exposure = exposureOf(state, own);
  const info = { ...at, rollout: rolloutId, from, to, strategy, rehearsed: String(rehearsed) };
  return [
    family(
      { name: "rollouts_rollout_info", type: "gauge", help: "The last rollout of the stack; always 1." },
      [{ labels: info, value: 1 }],
    ),
    family(
      {
        name: "rollouts_exposure_percent",
        type: "gauge",
        unit: "%",
        help: "Share of the traffic on the new version, as it was read back; of a flag: of the tenants.",
      },
      exposure === undefined ? [] : [{ labels: { ...at, from, to }, value: exposure }],
    ),
    family({ name: "rollouts_step_info", type: "gauge", help: "Where the rollout is; always 1." }, [
      { labels: { ...at, step: state.step, state: state.name }, value: 1 },
    ]),
  ];
}

/** Undefined: nobody has read it back yet. */
function exposureOf(state: RolloutState, own: readonly JournalEntry[]): number | undefined {
  if (state.name === "completed" || state.name.startsWith("promoting-")) return 100;
  if (state.name === "reverted") return 0;
  const seen = own.findLast(
    ({ kind, data }) =>
      typeof data["exposure"] === "number" &&
      (kind === "decision" || (kind === "effect" && data["ok"] === true)),
  )?.data["exposure"];
  return typeof seen === "number" ? seen : undefined;
}

function ofGates(readings: readonly GateReading[], at: Labels): readonly MetricFamily[] {
  const each = (samples: (reading: GateReading, labels: Labels) => readonly MetricSample[]) =>
    readings.flatMap((reading) => samples(reading, { ...at, gate: reading.gate }));
  const evidence = readings.find(({ gate }) => gate === "evidence");
  return [
    family(
      {
        name: "rollouts_gate_verdict",
        type: "gauge",
        help: "1 for what the gate has said at the newest look, 0 for everything else that it can say.",
      },
      each(({ verdict }, labels) =>
        verdicts.map((one) => ({ labels: { ...labels, verdict: one }, value: one === verdict ? 1 : 0 })),
      ),
    ),
    family(
      {
        name: "rollouts_gate_value",
        type: "gauge",
        help: "What the gate has measured, in the unit of its limit.",
      },
      each(({ value }, labels) => (value === undefined ? [] : [{ labels, value }])),
    ),
    family(
      { name: "rollouts_gate_limit", type: "gauge", help: "What the value of the gate may be at most." },
      each(({ limit }, labels) => [{ labels, value: limit }]),
    ),
    family(
      {
        name: "rollouts_evidence_odds",
        type: "gauge",
        help: "Evidence that the new version is worse, odds to 1 (an e-value); it reverts at rollouts_gate_limit.",
      },
      evidence?.value === undefined ? [] : [{ labels: at, value: evidence.value }],
    ),
  ];
}

/** Of the newest look that the journal has kept. */
function lastReadings(own: readonly JournalEntry[]): readonly GateReading[] {
  const entry = own.findLast(({ data }) => Array.isArray(data["readings"]));
  return (entry?.data["readings"] ?? []) as readonly GateReading[];
}

function ofRevert(own: readonly JournalEntry[], at: Labels): readonly MetricFamily[] {
  const end = own.findLast(({ kind }) => kind === "end")?.data["revert"];
  const { leverMs, stackMs }: { leverMs?: unknown; stackMs?: unknown } = Object(end);
  const part = (name: string, ms: unknown): readonly MetricSample[] =>
    typeof ms === "number" ? [{ labels: { ...at, part: name }, value: ms / 1000 }] : [];
  return [
    family(
      {
        name: "rollouts_revert_duration_seconds",
        type: "gauge",
        unit: "s",
        help: "From the verdict to the traffic read back at 0 (lever), and to the baseline restored (stack).",
      },
      [...part("lever", leverMs), ...part("stack", stackMs)],
    ),
  ];
}

function ofTimes(
  { state }: Recorded,
  own: readonly JournalEntry[],
  { at, look }: { readonly at: Labels; readonly look: LastLook | undefined },
): readonly MetricFamily[] {
  const entered = own.findLast(
    ({ kind, at: of }) => kind === "decision" && Date.parse(of) === state.enteredAtMs,
  );
  const time = (name: string, ms: number | undefined, help: string) =>
    family({ name: `rollouts_${name}_timestamp_seconds`, type: "gauge", unit: "s", help }, [
      ...(ms === undefined ? [] : [{ labels: at, value: ms / 1000 }]),
    ]);
  const wall = (entry: JournalEntry | undefined) =>
    entry === undefined ? undefined : Date.parse(entry.wallAt);
  return [
    time("begin", wall(own[0]), "Wall time at which the rollout began."),
    time("state_entered", wall(entered ?? own[0]), "Wall time at which the present state was entered."),
    time("last_look", look?.atMs, "Wall time of the newest look at the gates, by the driver that is alive."),
    time("last_entry", wall(own.at(-1)), "Wall time of the newest entry of the rollout's journal."),
  ];
}

function ofMessages(entries: readonly JournalEntry[], at: Labels): readonly MetricFamily[] {
  const owed = [...owedIn(entries), ...waitingIn(entries)].map(({ channel }) => channel);
  const given = entries.filter(({ data }) => data["effect"] === "message" && data["gaveUp"] === true);
  const names = [...new Set([...channelsIn(entries), ...owed])].sort();
  const count = (list: readonly unknown[], name: string) => list.filter((one) => one === name).length;
  const of = (list: readonly unknown[]) =>
    names.map((channel) => ({ labels: { ...at, channel }, value: count(list, channel) }));
  return [
    family(
      {
        name: "rollouts_messages_owed",
        type: "gauge",
        help: "Messages that the journal still owes the channel.",
      },
      of(owed),
    ),
    family(
      {
        name: "rollouts_messages_given_up_total",
        type: "counter",
        help: "Messages that the channel has refused for good, or that were tried for too long.",
      },
      of(given.map(({ data }) => data["channel"])),
    ),
  ];
}

/** Channels of the newest rollout, as its last driver had them. */
function channelsIn(entries: readonly JournalEntry[]): readonly string[] {
  const found = entries.findLast(
    ({ data }) => Array.isArray(data["channels"]) || data["announcement"] !== undefined,
  );
  const list = found?.data["channels"] ?? Object(found?.data["announcement"]).channels ?? [];
  return (list as readonly ChannelRef[]).map(({ name }) => name);
}

function ofJournal(entries: readonly JournalEntry[], at: Labels): readonly MetricFamily[] {
  const ends = entries.filter(({ kind }) => kind === "end").map(({ data }) => String(data["outcome"]));
  const samples = [...new Set(ends)].sort().map((outcome) => ({
    labels: { ...at, outcome },
    value: ends.filter((one) => one === outcome).length,
  }));
  return [
    family(
      {
        name: "rollouts_ended_total",
        type: "counter",
        help: "Rollouts of the stack that have ended, by how.",
      },
      samples,
    ),
  ];
}

/** Gates of what is over say nothing of what serves now. */
function isOver({ ended, state }: Recorded): boolean {
  return ended !== undefined || state.name === "completed" || state.name === "reverted";
}

function family(facts: Facts, samples: readonly MetricSample[]): MetricFamily {
  return { ...facts, samples };
}
