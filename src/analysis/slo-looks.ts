import { formatDuration } from "../lib/duration.ts";
import type { SloState } from "./slo.ts";

/** The state of the SLOs at one look. */
export interface SloLook {
  /** ms since the epoch. */
  readonly atMs: number;
  readonly state: SloState;
}

export interface SloRule {
  /** ms since the epoch, not before the last look. */
  readonly nowMs: number;
  /** How long a critical state may last, ms. Default 10 min, the guide's. */
  readonly resolveWithinMs?: number;
}

/** What the looks of a step come to. `hold`: no promotion, and the gates stay on. */
export interface SloRuling {
  readonly action: "revert" | "hold" | "go-on";
  /** For people. */
  readonly message: string;
  /** While it is critical: since when, and until when it has to be resolved; ms since the epoch. */
  readonly criticalSinceMs?: number;
  readonly resolveByMs?: number;
}

const tenMinutesMs = 600_000;

/**
 * The guide's "Performance degradation (SLO miss): rollback if not resolved in 10 min". A critical state that is
 * still there when its time is over reverts; until then, and while there is a warning, nothing is promoted. A look
 * that can't tell resolves nothing: the time runs on, and a step that nobody could look at doesn't go on. A target
 * that is missed without a warning goes on. Takes the looks since the step began, in any order. Pure, total.
 */
export function readSloLooks(looks: readonly SloLook[], rule: SloRule): SloRuling {
  const byTime = [...looks].sort((a, b) => a.atMs - b.atMs);
  const last = byTime.at(-1);
  if (last === undefined)
    return { action: "hold", message: "nobody has looked at the SLOs of this step yet" };
  const since = criticalSince(byTime);
  if (since !== undefined) return critical(since, last, rule);
  switch (last.state) {
    case "met":
      return { action: "go-on", message: "every SLO is met" };
    case "missed":
      return { action: "go-on", message: "an SLO is missed, and no warning threshold is reached" };
    case "unknown":
      return { action: "hold", message: "nobody can say whether the SLOs are met" };
    default:
      return { action: "hold", message: "an SLO is past its warning threshold: nothing is promoted" };
  }
}

/** When the critical state that still lasts began. Only a look that saw something better ends one. */
function criticalSince(byTime: readonly SloLook[]): number | undefined {
  const better = byTime.findLastIndex(({ state }) => state !== "critical" && state !== "unknown");
  return byTime.slice(better + 1).find(({ state }) => state === "critical")?.atMs;
}

function critical(since: number, last: SloLook, rule: SloRule): SloRuling {
  const within = rule.resolveWithinMs ?? tenMinutesMs;
  const resolveByMs = since + within;
  const times = { criticalSinceMs: since, resolveByMs };
  const limit = formatDuration(within / 1000);
  const blind = last.state === "unknown" ? ", and the last look could not tell" : "";
  if (rule.nowMs >= resolveByMs) {
    return { action: "revert", ...times, message: `an SLO is critical, not resolved in ${limit}${blind}` };
  }
  const left = formatDuration((resolveByMs - rule.nowMs) / 1000);
  return { action: "hold", ...times, message: `an SLO is critical: ${left} of ${limit} left${blind}` };
}
