import { formatDuration } from "../../lib/duration.ts";
import { betaExposure } from "../../lib/strategies.ts";
import { isFlagStep, movesFlag, ofFlag } from "../../plan/flag-steps.ts";
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

/** `5 %` for an increment, `25 % of tenants` for a phase beside a service, else the step's own name. */
export function stepLabel(step: string): string {
  const own = ofFlag(step);
  if (!/^\d+$/.test(own)) return own;
  return isFlagStep(step) ? `${own} % of tenants` : `${own} %`;
}

/** How far a flag is open, for people. */
export function flagShare(exposure: number): string {
  if (exposure === 0) return "off";
  if (exposure === betaExposure) return "beta: named tenants";
  return exposure === 100 ? "everybody" : `${exposure} % of the tenants`;
}

/** What the way back from a step leaves: the version before, or the code with its flag off. */
export function backText(plan: RolloutPlan | undefined, step: string | undefined): string {
  if (plan === undefined || step === undefined || !movesFlag(plan.steps, step))
    return `to ${plan?.from ?? "the version before"}`;
  return isFlagStep(step) ? `flag off, code of ${plan.to} stays` : "flag off";
}

/** What a step without a watch does, for people. */
export function promotionText(step: string, plan: RolloutPlan | undefined): string {
  const to = plan?.to ?? "the new version";
  if (plan?.flag !== undefined && ofFlag(step) === "settle")
    return `the flag stays on, the baseline from now on`;
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

/** `5 min ago`; older than two days the time itself. */
export function ago(iso: string, nowMs: number): string {
  const seconds = Math.max(0, Math.round((nowMs - Date.parse(iso)) / 1000));
  if (seconds >= 2 * 86_400) return iso;
  return seconds < 2
    ? "just now"
    : `${formatDuration(seconds < 3600 ? seconds : seconds - (seconds % 60))} ago`;
}

/** `1.9 s`, or `12 ms` below a second. */
export function formatSeconds(ms: number): string {
  return ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`;
}
