import { formatDuration } from "../../lib/duration.ts";
import { movesFlag } from "../../plan/flag-steps.ts";
import { isInPlace } from "../../plan/steps.ts";
import type { JournalEntry } from "../../types/journal.ts";
import type { RolloutPlan } from "../../types/plan.ts";
import { formatSeconds, promotionText, stepLabel, type TimelineLine, type TimelineMemory } from "./words.ts";

/** Lines of one effect: of a revert each one with its time, of an update on the way up only what isn't told later. */
export function renderEffect(entry: JournalEntry, memory: TimelineMemory): readonly TimelineLine[] {
  const { data } = entry;
  if (data["effect"] === "up") return update(entry, memory);
  if (data["effect"] === "validate") return validated(entry);
  if (data["effect"] === "baseline") return data["ok"] === true ? [baseline(entry)] : [];
  if (data["effect"] === "message") return message(entry);
  const text = revertText(entry, memory);
  if (text === undefined) return [];
  const label = String(data["effect"]);
  return data["ok"] === true
    ? [{ symbol: "↩", label, text }]
    : [{ symbol: "✗", label, text, tone: label === "error-rate" ? "warn" : "fail" }];
}

function update({ data, step }: JournalEntry, memory: TimelineMemory): readonly TimelineLine[] {
  const ms = typeof data["ms"] === "number" ? data["ms"] : undefined;
  if (ms !== undefined) memory.upMs = ms;
  const label = stepLabel(step);
  if (data["ok"] !== true) {
    const failure = Object(data["failure"]);
    return [{ symbol: "✗", label, text: `the update failed: ${failure["message"]}`, tone: "fail" }];
  }
  if (memory.plan?.steps.some(({ id, kind }) => id === step && kind === "phase") || /^\d+$/.test(step))
    return [];
  const took = ms === undefined ? "" : ` (update ${formatSeconds(ms)})`;
  return [{ symbol: "▲", label, text: `${promotionText(step, memory.plan)}${took}` }];
}

/** Each check with its time: whoever reads of a failed one wants to know of the others too. */
function validated({ data }: JournalEntry): readonly TimelineLine[] {
  const results: readonly unknown[] = Array.isArray(data["results"]) ? data["results"] : [];
  return results.map((result) => {
    const { name, ok, ms, message } = Object(result);
    const text = `${name}: ${message} (${formatSeconds(Number(ms))})`;
    return ok === true
      ? { symbol: "✓", label: "validate", text }
      : { symbol: "✗", label: "validate", text, tone: "fail" };
  });
}

function baseline({ data }: JournalEntry): TimelineLine {
  const { record, stableReplicas, part } = Object(data["baseline"]);
  const version: unknown = Object(Object(record)["stable"])["version"];
  const ready = typeof stableReplicas === "number" ? `, ${stableReplicas} ready` : "";
  if (version === "off") return { symbol: "○", label: "baseline", text: "the flag is off" };
  const served = version === undefined ? "nothing is installed yet" : `${version} is in service${ready}`;
  const text = part === "flag" ? `${served}, its flag is off: the way back leads here from now on` : served;
  return { symbol: "○", label: "baseline", text };
}

/** A message that did not arrive, and those that call people; progress is in the timeline itself. */
function message({ data }: JournalEntry): readonly TimelineLine[] {
  const { channel, title, kind, ok } = data;
  if (ok !== true) {
    const text = `${channel} did not take "${title}": ${data["message"]}`;
    return [{ symbol: "!", label: "message", text, tone: "warn" }];
  }
  const calls = kind !== "progress" && kind !== "promoted" && kind !== "approval";
  return calls ? [{ symbol: "✉", label: "message", text: `${channel}: ${title}`, tone: "quiet" }] : [];
}

/** Whether what turns back is the flag, and not its code. */
function isFlags({ plan, step }: TimelineMemory): boolean {
  return plan !== undefined && step !== undefined && movesFlag(plan.steps, step);
}

/** In place the lever asks for the old pods: they take their time. */
function leverText(plan: RolloutPlan | undefined, took: string): string {
  const from = plan?.from ?? "stable";
  return isPlaced(plan) ? `${from} is asked back into its place${took}` : `all traffic to ${from}${took}`;
}

function isPlaced(plan: RolloutPlan | undefined): boolean {
  return plan !== undefined && isInPlace(plan.steps);
}

/** Undefined for an effect that nobody has told about: a later version's. */
function revertText({ data }: JournalEntry, memory: TimelineMemory): string | undefined {
  const { plan } = memory;
  const flag = isFlags(memory);
  const ok = data["ok"] === true;
  const took = typeof data["ms"] === "number" ? ` in ${formatSeconds(data["ms"])}` : "";
  const failure = String(Object(data["failure"])["message"] ?? data["message"] ?? "failed");
  switch (data["effect"]) {
    case "lever":
      if (ok && flag) return `${plan?.flag?.id} is off in the store${took}`;
      return ok ? leverText(plan, took) : failure;
    case "read-back":
      return ok
        ? `${goneText(memory)}, ${formatSeconds(Number(data["leverMs"]))} after the verdict`
        : failure;
    case "stack-at-zero":
      return ok
        ? `the stack follows${took}; ${formatDuration(plan?.drainSeconds ?? 0)} for what is in flight`
        : failure;
    case "candidate-removed":
      return ok ? `the baseline is back${took}` : failure;
    case "lever-released":
      return ok ? undefined : failure;
    case "state-equal":
      return ok ? "every input equals the baseline" : listText("differs", data["differences"]);
    case "preview-same":
      return ok ? "a preview with refresh shows only same" : listText("still to change", data["changes"]);
    case "stable-verified":
      return ok ? verifiedText(memory) : failure;
    case "error-rate":
      return String(data["message"] ?? "");
    case "verified":
      return listText("not verified", data["problems"]);
    default:
      return undefined;
  }
}

function goneText(memory: TimelineMemory): string {
  const { plan } = memory;
  if (isFlags(memory)) return "off wherever applications read it";
  return `${isPlaced(plan) ? "no pod" : "0 %"} on ${plan?.to ?? "the candidate"}`;
}

function verifiedText(memory: TimelineMemory): string {
  if (isFlags(memory)) return "the flag is read back off";
  return `${isPlaced(memory.plan) ? "no new pod" : "the route names no candidate"}, stable is ready`;
}

function listText(what: string, items: unknown): string {
  return `${what}: ${Array.isArray(items) ? items.slice(0, 5).join("; ") : "unknown"}`;
}
