import type { Concern } from "../types/concern.ts";
import type { JournalEntry } from "../types/journal.ts";
import type { MessageKind, MessagePhase, RolloutMessage, Severity } from "../types/message.ts";
import { type MessageSource, messageWith } from "./message-base.ts";

/** What an entry says by itself, where no decision does: an approval that is missing, an SLO, something done by hand. */
export interface SaidInEntry {
  readonly phase: MessagePhase;
  readonly kind: MessageKind;
  readonly title: string;
  readonly text: string;
  /** Default: that of the kind. */
  readonly severity?: Severity;
  /** Whom an alarm goes up to. */
  readonly to?: NonNullable<RolloutMessage["to"]>;
  readonly nextSteps?: readonly string[];
  readonly concern?: Concern;
}

/** The message of such an entry. Pure. */
export function saidBy(source: MessageSource, entry: JournalEntry, said: SaidInEntry): RolloutMessage {
  const severity = severities[said.kind] ?? "info";
  return messageWith(source, entry, { severity, ...said, status: said.text });
}

const severities: Readonly<Partial<Record<MessageKind, Severity>>> = {
  hold: "warning",
  revert: "error",
  "revert-failed": "critical",
  escalation: "critical",
};
