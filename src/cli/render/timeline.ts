import { formatDuration } from "../../lib/duration.ts";
import { exposureTrail } from "../../lib/strategies.ts";
import { isFlagStep, movesFlag } from "../../plan/flag-steps.ts";
import type { JournalEntry } from "../../types/journal.ts";
import type { RolloutPlan } from "../../types/plan.ts";
import type { GateReading } from "../../types/verdict.ts";
import { renderGates } from "./gates.ts";
import { type Paint, painter } from "./human.ts";
import { alarmLine } from "./timeline-alarm.ts";
import { renderCheck } from "./timeline-checks.ts";
import { renderDecision } from "./timeline-decisions.ts";
import { renderEffect } from "./timeline-effects.ts";
import { backText, stepLabel, type TimelineLine, type TimelineMemory } from "./words.ts";

/**
 * Renders a journal as lines that a person reads while the rollout runs: one a meaningful event, undefined for the
 * rest. Times count from the rollout's `begin` by its own clock. Give every entry in order: of a rollout that is
 * taken up, the old ones first.
 */
export function createTimeline(options: {
  readonly color: boolean;
}): (entry: JournalEntry) => string | undefined {
  const paint = painter(options.color);
  let memory: TimelineMemory = { readings: [], spoken: new Set() };
  return (entry) => {
    if (entry.kind === "begin") memory = { readings: [], spoken: new Set() };
    memory.beginMs ??= Date.parse(entry.at);
    const lines = linesOf(entry, memory, paint);
    if (entry.step !== "revert") memory.step = entry.step;
    if (lines.length === 0) return undefined;
    const time = clockText(Date.parse(entry.at) - memory.beginMs);
    return lines.map((line) => `${paint("dim", time)}  ${renderLine(line, paint)}`).join("\n");
  };
}

function linesOf(entry: JournalEntry, memory: TimelineMemory, paint: Paint): readonly TimelineLine[] {
  switch (entry.kind) {
    case "begin":
      return [begun(entry, memory)];
    case "verdict":
      return verdicts(entry, memory, paint);
    case "decision":
      return renderDecision(entry, memory, paint);
    case "effect":
      return renderEffect(entry, memory);
    case "observed":
      return observed(entry);
    case "end":
      return ended(entry, memory);
    case "intent":
      return [];
  }
}

function begun({ data }: JournalEntry, memory: TimelineMemory): TimelineLine {
  const plan = data["plan"] as RolloutPlan;
  memory.plan = plan;
  const { service, from, to, steps, strategy, duration, change } = plan;
  const shares = steps.flatMap(({ kind, exposure = 0 }) =>
    kind === "increment" || kind === "phase" ? [exposure] : [],
  );
  const way = shares.length > 0 ? `${strategy} ${exposureTrail(shares)}` : strategy;
  const shortest = duration.minSeconds > 0 ? `, ${formatDuration(duration.minSeconds)} at the shortest` : "";
  const what = change === undefined ? "" : ` for ${change}`;
  const text = `${service} ${from} → ${to}: ${way}${what}${shortest}`;
  return { symbol: "○", label: "begin", text };
}

/** Only what a person would want to know before the step's end: a gate that fails or can't speak, and its return. */
function verdicts(
  { data, step }: JournalEntry,
  memory: TimelineMemory,
  paint: Paint,
): readonly TimelineLine[] {
  const readings = data["readings"] as readonly GateReading[];
  const label = stepLabel(step);
  memory.readings = readings;
  if (readings.some(({ verdict }) => verdict === "fail")) {
    return [{ symbol: "✗", label, text: renderGates(readings, paint), tone: "fail" }];
  }
  const silent = readings.filter((reading) => isTrouble(reading, memory));
  for (const { gate, verdict } of readings) if (verdict === "pass") memory.spoken.add(gate);
  const before = memory.trouble;
  const [first] = silent;
  memory.trouble =
    first && (first.message.startsWith(first.gate) ? first.message : `${first.gate}: ${first.message}`);
  if (memory.trouble !== undefined) {
    return memory.trouble === before ? [] : [{ symbol: "!", label, text: memory.trouble, tone: "warn" }];
  }
  const back = before !== undefined && readings.every(({ verdict }) => verdict === "pass");
  return back ? [{ symbol: "·", label, text: "every gate passes again", tone: "quiet" }] : [];
}

/** A gate that has not spoken yet is how every step begins; one that falls silent, or asks for more time, is news. */
function isTrouble({ verdict, reason, gate }: GateReading, { spoken }: TimelineMemory): boolean {
  if (verdict === "pass" || reason === "BelowMinRequests" || reason === "StepTooYoung") return false;
  return verdict !== "no-data" || reason === "BreachNotSustained" || spoken.has(gate);
}

function observed({ data, step }: JournalEntry): readonly TimelineLine[] {
  const label = stepLabel(step);
  if (typeof data["progress"] === "string") {
    const line: TimelineLine = { symbol: "·", label, text: data["progress"], tone: "quiet" };
    return [line];
  }
  if (data["resumed"] === true) {
    const recovered = Array.isArray(data["recovered"]) ? data["recovered"] : [];
    const notes = recovered.length > 0 ? `: ${recovered.join(" ")}` : "";
    return [{ symbol: "↻", label, text: `taken up in ${data["from"]}, last seen ${data["lastAt"]}${notes}` }];
  }
  if (Array.isArray(data["recovered"]))
    return [{ symbol: "↻", label: "engine", text: data["recovered"].join(" "), tone: "warn" }];
  if (typeof data["locked"] === "string")
    return [{ symbol: "!", label: "engine", text: data["locked"], tone: "warn" }];
  if (data["interrupted"] === true) {
    return [{ symbol: "!", label, text: String(data["message"]), tone: "warn" }];
  }
  if (data["note"] !== undefined) {
    const { by, reason } = Object(data["note"]);
    return [{ symbol: "○", label: "note", text: `${by}: ${reason}` }];
  }
  const alarm = alarmLine(data);
  if (alarm !== undefined) return [alarm];
  if (Array.isArray(data["advice"])) return data["advice"].map(adviceLine);
  if (data["cohort"] !== undefined) return [{ symbol: "·", label, text: cohortText(data["cohort"]) }];
  const check = renderCheck(data);
  if (check !== undefined) return [check];
  if (data["clearance"] !== undefined) {
    const { cause, by } = Object(data["clearance"]);
    return [{ symbol: "○", label: "quarantine", text: `lifted by ${by}: ${cause}`, tone: "warn" }];
  }
  return [];
}

/** What a guardrail recommends, which stops nothing. */
function adviceLine(advice: unknown): TimelineLine {
  const { policy, resource, message } = Object(advice);
  const of = resource === undefined ? "" : ` (${resource})`;
  return { symbol: "·", label: "advice", text: `${policy}${of}: ${message}`, tone: "quiet" };
}

/** Who enters with the phase that is about to be written. */
function cohortText(cohort: unknown): string {
  const { tenants, enters, on, names, entersTraffic } = Object(cohort);
  const traffic = typeof entersTraffic === "number" ? ` (${entersTraffic.toFixed(1)} % of the traffic)` : "";
  const listed: readonly unknown[] = Array.isArray(names) ? names : [];
  const rest = Number(enters) - listed.length;
  const who = listed.length === 0 ? "" : `: ${listed.join(", ")}${rest > 0 ? ` and ${rest} more` : ""}`;
  return `lets in ${enters} of ${tenants} tenants${traffic}${who}; ${on} in all`;
}

function ended({ data }: JournalEntry, memory: TimelineMemory): readonly TimelineLine[] {
  const { plan } = memory;
  switch (data["outcome"]) {
    case "promoted":
      return [{ symbol: "★", label: "promoted", text: promotedText(plan), tone: "good" }];
    case "reverted":
      return [{ symbol: "◀", label: "reverted", text: revertedText(memory), tone: "good" }];
    case "revert-failed":
      return [
        { symbol: "✗", label: "revert failed", text: "the way back did not verify: look now", tone: "fail" },
      ];
    default:
      return [];
  }
}

function promotedText(plan: RolloutPlan | undefined): string {
  const serves = `${plan?.service} serves ${plan?.to}`;
  if (plan?.flag === undefined) return serves;
  const open = `${plan.flag.id} is on for everybody`;
  return plan.steps.some(({ id }) => isFlagStep(id)) ? `${serves}, ${open}` : open;
}

function revertedText({ plan, step }: TimelineMemory): string {
  if (plan !== undefined && step !== undefined && movesFlag(plan.steps, step))
    return `${plan.flag?.id}: ${backText(plan, step)}`;
  return `${plan?.service} serves ${plan?.from ?? "the version before"}, as before`;
}

const labelWidth = 17;

function renderLine({ symbol, label, text, tone }: TimelineLine, paint: Paint): string {
  const head = `${symbol} ${label.padEnd(labelWidth)}`;
  switch (tone) {
    case "good":
      return `${paint("green", head)} ${text}`;
    case "warn":
      return `${paint("yellow", head)} ${text}`;
    case "fail":
      return paint("red", `${head} ${text}`);
    case "quiet":
      return paint("dim", `${head} ${text}`);
    default:
      return `${head} ${text}`;
  }
}

function clockText(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const two = (value: number) => String(value).padStart(2, "0");
  return `${two(Math.floor(seconds / 3600))}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
}
