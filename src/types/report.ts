import type { RolloutMessage } from "./message.ts";
import type { GateReading } from "./verdict.ts";

/** One line of an incident's timeline. */
export interface ReportLine {
  /** By the rollout's clock, ISO 8601, and as people of the zone read it. */
  readonly at: string;
  readonly atText: string;
  readonly seq: number;
  readonly text: string;
}

/** The skeleton of an incident report: what the journal knows, and room for what only people do. */
export interface IncidentReport {
  readonly rolloutId: string;
  /** The newest message of its way back: impact, reason, who. */
  readonly told: RolloutMessage;
  /** `reverted`, `revert-failed`; absent while the way back is under way. */
  readonly outcome?: string;
  readonly planHash: string;
  readonly timeline: readonly ReportLine[];
  /** Every gate at the verdict. */
  readonly evidence: readonly GateReading[];
  /** Verdict to weight 0 read back, its objective, and verdict to the baseline restored; ms. */
  readonly times: { readonly leverMs?: number; readonly objectiveMs?: number; readonly stackMs?: number };
  /** Who has driven it, approved it and asked for what. */
  readonly people: readonly string[];
}
