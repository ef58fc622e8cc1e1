import { renderReport } from "../lib/message/report.ts";
import type { EvidenceFile } from "../ports/candidate.ts";
import type { Decision } from "../types/decision.ts";
import type { JournalEntry } from "../types/journal.ts";
import { incidentReport } from "./incident-report.ts";
import { messagesOf } from "./messages.ts";
import type { Recorded } from "./resume.ts";

/** What a journal alone tells of a rollout, as files. */
export interface JournalEvidence {
  readonly files: readonly EvidenceFile[];
  /** What the journal has not. */
  readonly notes: readonly string[];
}

/** Report, messages, plan, and what was seen when it turned back. Pure. */
export function journalEvidence(
  entries: readonly JournalEntry[],
  { rolloutId, plan, planHash, state }: Recorded,
): JournalEvidence {
  const own = entries.filter((entry) => entry.rolloutId === rolloutId);
  const messages = messagesOf(entries)
    .map(({ message }) => message)
    .filter((message) => message.rolloutId === rolloutId);
  const verdict = own.find(({ data }) => (data["decision"] as Decision | undefined)?.kind === "revert");
  const report = incidentReport(entries, rolloutId);
  return {
    files: [
      ...(report === undefined ? [] : [{ name: "report.md", content: renderReport(report) }]),
      jsonFile("messages.json", messages),
      jsonFile("plan.json", { rolloutId, planHash, plan }),
      jsonFile("evidence.json", {
        rolloutId,
        state,
        ...(verdict === undefined ? {} : { verdict: seenAt(verdict) }),
      }),
    ],
    notes: [
      ...(report === undefined ? ["report.md: no message tells of a way back"] : []),
      ...(verdict === undefined ? ["evidence.json: no verdict has turned it back"] : []),
    ],
  };
}

/** The look that turned back: what was decided, and on what. */
function seenAt({ seq, at, wallAt, data }: JournalEntry): Readonly<Record<string, unknown>> {
  const { decision, exposure, readings = [], counts } = data;
  return { seq, at, wallAt, decision, exposure, readings, counts };
}

/** A value as a file for people and machines. */
export function jsonFile(name: string, value: unknown): EvidenceFile {
  return { name, content: `${JSON.stringify(value, undefined, 2)}\n` };
}
