import type { TimelineLine } from "./words.ts";

/** Checks before the start, by the member of the entry that holds their verdict. */
const checks = ["budget", "window", "promotions", "checklist", "change", "approvals"] as const;

/**
 * The line of a check before the start: that it holds, that it is waived, or that a rehearsal replaced it. A refusal
 * is told by the decision behind it, and has none.
 */
export function renderCheck(data: Readonly<Record<string, unknown>>): TimelineLine | undefined {
  const name = checks.find((one) => data[one] !== undefined);
  if (name === undefined) return undefined;
  const verdict = data[name];
  const line = { symbol: "○", label: name } as const;
  if (verdict === "rehearsed") return { ...line, text: `rehearsed: ${data["asked"]}`, tone: "quiet" };
  if (verdict === "off") return { ...line, text: String(data["message"]), tone: "warn" };
  const { ok, open, message, reason, exempt, follows, verdict: terms } = Object(verdict);
  if (ok !== true && open !== true) return undefined;
  const waived = exempt === true || follows === true || terms === "caution";
  return { ...line, text: String(message ?? reason), tone: waived ? "warn" : "quiet" };
}
