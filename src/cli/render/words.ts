import type { RolloutPlan } from "../../types/plan.ts";
import type { GateReading } from "../../types/verdict.ts";

/** What lines about one rollout have to remember of the entries before. */
export interface TimelineMemory {
  plan?: RolloutPlan;
  /** ms of the rollout's clock at its `begin`. */
  beginMs?: number;
  readings: readonly GateReading[];
  /** Duration of the last update, ms of wall time. */
  upMs?: number;
  /** Step of the last entry on the way up. */
  step?: string;
  /** Gates that have passed once. */
  readonly spoken: Set<string>;
  /** What kept a gate from passing at the last look, as it was told. */
  trouble?: string | undefined;
}

/** A line without its time: symbol, label, text. */
export interface TimelineLine {
  readonly symbol: string;
  readonly label: string;
  readonly text: string;
  /** Colours the symbol and the label; `fail` the whole line. */
  readonly tone?: "good" | "warn" | "fail" | "quiet";
}

/** `5 %` for an increment, else the step's own name. */
export function stepLabel(step: string): string {
  return /^\d+$/.test(step) ? `${step} %` : step;
}

/** What a step without a watch does, for people. */
export function promotionText(step: string, plan: RolloutPlan | undefined): string {
  const to = plan?.to ?? "the new version";
  switch (step) {
    case "promote-stable":
      return `stable takes ${to} while the candidate serves`;
    case "promote-switch":
      return `traffic goes to stable, now ${to}`;
    case "stage":
      return `${to} comes up beside the version in service`;
    case "swap":
      return `${to} is swapped in`;
    case "settle":
      return `${to} is the baseline`;
    case "promote-clean":
      return "the candidate is removed";
    default:
      return `${to} is applied`;
  }
}

/** `1.9 s`, or `12 ms` below a second. */
export function formatSeconds(ms: number): string {
  return ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`;
}
