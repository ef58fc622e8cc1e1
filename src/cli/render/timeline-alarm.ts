import type { JournalEntry } from "../../types/journal.ts";
import type { TimelineLine } from "./words.ts";

/** What an entry says of an alarm: whom it goes up to, what people say of it, and whether the service is down. */
export function alarmLine(data: JournalEntry["data"]): TimelineLine | undefined {
  const { rung, why } = Object(data["escalation"]);
  if (rung !== undefined) return { symbol: "▲", label: "escalation", text: `${rung}: ${why}`, tone: "fail" };
  const { kind, by, reason } = Object(data["alarm"]);
  if (kind !== undefined) return { symbol: "○", label: "alarm", text: `${by}, ${kind}: ${reason}` };
  const { by: who, source } = Object(data["acknowledged"]);
  if (who !== undefined) return { symbol: "○", label: "alarm", text: `${who} has it, by ${source}` };
  const { service, why: because } = Object(data["service"]);
  if (service === "down") return { symbol: "!", label: "service", text: `down: ${because}`, tone: "fail" };
  if (service === "up") return { symbol: "✓", label: "service", text: `up again: ${because}` };
  return undefined;
}
