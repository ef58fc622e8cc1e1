import { formatDuration } from "../../lib/duration.ts";
import type { Decision } from "../../types/decision.ts";
import type { JournalEntry } from "../../types/journal.ts";
import type { GateReading } from "../../types/verdict.ts";
import { renderGates } from "./gates.ts";
import type { Paint } from "./human.ts";
import {
  backText,
  flagShare,
  formatSeconds,
  stepLabel,
  type TimelineLine,
  type TimelineMemory,
} from "./words.ts";

/** Lines of one decision; none for a step from state to state that people don't ask about. */
export function renderDecision(
  entry: JournalEntry,
  memory: TimelineMemory,
  paint: Paint,
): readonly TimelineLine[] {
  const decision = entry.data["decision"] as Decision;
  const label = stepLabel(entry.step);
  const { message } = decision;
  switch (decision.kind) {
    case "continue":
      return continued(entry, decision, { memory, paint });
    case "hold": {
      const more =
        decision.extendMs > 0 ? `; watched for ${formatDuration(decision.extendMs / 1000)} more` : "";
      return [{ symbol: "◌", label, text: `holding: ${message}${more}`, tone: "warn" }];
    }
    case "revert":
      return turnedBack(entry, decision, { memory, paint });
    case "escalate":
      return [{ symbol: "■", label: `held at ${label}`, text: message, tone: "warn" }];
    case "complete":
      return decision.to === "blocked"
        ? [{ symbol: "■", label: "blocked", text: message, tone: "fail" }]
        : [];
    case "wait":
      return [];
  }
}

function turnedBack(
  { data }: JournalEntry,
  { cause, message }: Extract<Decision, { readonly kind: "revert" }>,
  { memory, paint }: { readonly memory: TimelineMemory; readonly paint: Paint },
): readonly TimelineLine[] {
  // The entry is written once the state has changed: the step that failed is the one before.
  const label = stepLabel(memory.step ?? "?");
  const readings = (data["readings"] as readonly GateReading[] | undefined) ?? [];
  const gates = cause.gate === undefined || readings.length === 0 ? [] : [renderGates(readings, paint)];
  const ill = cause.kind === "environment" ? " (stable is ill too)" : "";
  return [
    ...gates.map((text): TimelineLine => ({ symbol: "✗", label, text, tone: "fail" })),
    { symbol: "✗", label, text: `${message}${ill}`, tone: "fail" },
    {
      symbol: "◀",
      label: "turning back",
      text: backText(memory.plan, memory.step),
      tone: "warn",
    },
  ];
}

function continued(
  entry: JournalEntry,
  decision: Extract<Decision, { readonly kind: "continue" }>,
  { memory, paint }: { readonly memory: TimelineMemory; readonly paint: Paint },
): readonly TimelineLine[] {
  const { reason, message, to } = decision;
  const label = stepLabel(entry.step);
  if (decision.confirmed) return [{ symbol: "●", label, text: confirmedText(entry, memory), tone: "good" }];
  switch (reason) {
    case "Applied":
      // The evidence of a step begins with it: a gate that has not spoken yet is no news again.
      memory.spoken.clear();
      return [];
    case "SoakPassed":
      return [{ symbol: "✓", label, text: renderGates(memory.readings, paint), tone: "good" }];
    case "ManualApproval":
      return [{ symbol: "✓", label, text: message, tone: "good" }];
    case "Retry":
      return [{ symbol: "↻", label, text: `${to}: once more`, tone: "warn" }];
    case "LeverFailed":
    case "StackUpdateFailed":
      return [{ symbol: "!", label, text: `${message}; the way back goes on`, tone: "warn" }];
    case "EvidenceGivenUp":
      return [{ symbol: "!", label: "given up", text: message, tone: "warn" }];
    case "EvidenceReleased":
      return [{ symbol: "↩", label: "evidence", text: message }];
    case "Drained":
      return [{ symbol: "↩", label: "drained", text: message }];
    default:
      return [];
  }
}

function confirmedText({ step, data }: JournalEntry, { plan, upMs }: TimelineMemory): string {
  const update = upMs === undefined ? "" : ` (update ${formatSeconds(upMs)})`;
  const planned = plan?.steps.find(({ id }) => id === step);
  if (planned?.soakSeconds !== undefined) {
    return `read back, watching for ${formatDuration(planned.soakSeconds)}${update}`;
  }
  const drain = planned?.drainSeconds;
  if (planned?.kind === "dark") return "the flag is off, and the code serves everybody";
  if (planned?.kind === "phase") return `${flagShare(planned.exposure ?? 0)}, read back${update}`;
  const share = typeof data["exposure"] === "number" ? `${data["exposure"]} % on the candidate, ` : "";
  return `${share}read back${drain === undefined ? "" : `, draining for ${formatDuration(drain)}`}`;
}
