import { clockText } from "../lib/clock-text.ts";
import type { Decision } from "../types/decision.ts";
import type { JournalEntry } from "../types/journal.ts";
import type { ReportLine } from "../types/report.ts";

/** What a rollout has done, entry by entry: decisions, effects with their times, and what people asked. Pure. */
export function reportLines(entries: readonly JournalEntry[], zone: string): readonly ReportLine[] {
  const first = Date.parse(entries[0]?.at ?? "");
  return entries.flatMap((entry) => {
    const text = textOf(entry);
    if (text === undefined) return [];
    const { at, seq } = entry;
    return [{ at, atText: clockText(Date.parse(at), zone, first), seq, text }];
  });
}

function textOf({ kind, data, step }: JournalEntry): string | undefined {
  switch (kind) {
    case "begin":
      return `begun by ${String(data["holder"])}`;
    case "decision":
      return decisionText(data["decision"] as Decision);
    case "effect":
      return effectText(data, step);
    case "observed":
      return observedText(data);
    case "end":
      return `ended: ${String(data["outcome"])}`;
    default:
      return undefined;
  }
}

function decisionText({ kind, reason, message }: Decision): string {
  return `${kind === "continue" ? "" : `${kind}: `}${message} (${reason})`;
}

/** Messages are in the journal; here they would hide what happened. */
function effectText(data: JournalEntry["data"], step: string): string | undefined {
  const { effect, ok, ms, message, failure } = data;
  if (effect === "message") return undefined;
  if (effect === "incident")
    return ok === true
      ? `incident ${String(data["id"])} opened`
      : `no incident was opened: ${String(message)}`;
  const took = typeof ms === "number" ? ` in ${(ms / 1000).toFixed(1)} s` : "";
  const why = message ?? Object(failure)["message"];
  const said = why === undefined ? "" : `: ${String(why)}`;
  const at = effect === "up" ? ` of step ${step}` : "";
  return `${String(effect)}${at} ${ok === true ? "done" : "FAILED"}${took}${said}`;
}

function observedText({
  note,
  resumed,
  interrupted,
  message,
  from,
  holder,
}: JournalEntry["data"]): string | undefined {
  if (note !== undefined) return `${Object(note).by} noted: ${Object(note).reason}`;
  if (resumed === true) return `taken up in ${String(from)} by ${String(holder)}`;
  return interrupted === true ? String(message) : undefined;
}
