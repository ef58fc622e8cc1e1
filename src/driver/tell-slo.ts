import type { GateReading } from "../types/verdict.ts";
import type { SaidInEntry } from "./message-said.ts";
import type { Session } from "./session.ts";

/** What people are told of an SLO. */
export interface SloNews {
  /** `SloWarning` or `SloCritical`; empty while it is well. What was said once is not said again before it changes. */
  readonly said: string;
  readonly message?: SaidInEntry;
}

const worth: ReadonlySet<string> = new Set(["SloWarning", "SloCritical"]);

/**
 * The guide's warning thresholds: people hear of one at once, not only where a soak ends. What turns back has a message
 * of its own. Pure.
 */
export function sloNews(
  { plan, state }: Pick<Session, "plan" | "state">,
  readings: readonly GateReading[],
  said: string,
): SloNews {
  const slo = readings.find(({ gate }) => gate === "slo");
  // A look that can't tell changes nothing.
  if (slo === undefined || slo.verdict === "fail" || slo.reason === "BelowMinRequests") return { said };
  if (!worth.has(slo.reason)) return { said: "" };
  if (slo.reason === said) return { said };
  const title = `${plan.service} ${plan.from} → ${plan.to}: SLO ${slo.reason === "SloCritical" ? "critical" : "warning"} at ${state.step}`;
  return {
    said: slo.reason,
    message: { phase: "hold", kind: "hold", title, text: `${slo.message}. Nothing goes on meanwhile.` },
  };
}
