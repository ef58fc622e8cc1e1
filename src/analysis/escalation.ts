import { formatDuration } from "../lib/duration.ts";
import type { Alarm, Escalation, EscalationConfig, Rung } from "../types/escalation.ts";

/** One row of the path: when it begins for them, or that it doesn't. */
interface Row {
  readonly rung: Rung;
  begins(alarm: Alarm): { readonly sinceMs: number; readonly why: string } | undefined;
  afterSeconds(terms: EscalationConfig): number;
  /** The guide says "within" of the lead, which is met at the very moment; "more than" of those above, which is past it. */
  readonly past: boolean;
}

/**
 * The guide's escalation path. The person on call is told at once, by the alarm's own message. An acknowledgement stops
 * the lead's time alone: that a service is down, or a SEV1 lasts, is no less true when somebody is at it.
 */
const path: readonly Row[] = [
  {
    rung: "lead",
    begins: ({ openSinceMs, acknowledged }) =>
      openSinceMs === undefined || acknowledged !== undefined
        ? undefined
        : { sinceMs: openSinceMs, why: "nobody has acknowledged the alarm" },
    afterSeconds: ({ leadAfterSeconds }) => leadAfterSeconds,
    past: false,
  },
  {
    rung: "manager",
    begins: ({ revertFailedAtMs }) =>
      revertFailedAtMs === undefined ? undefined : { sinceMs: revertFailedAtMs, why: "the way back failed" },
    afterSeconds: () => 0,
    past: false,
  },
  {
    rung: "vp",
    begins: ({ down }) =>
      down === undefined ? undefined : { ...down, why: `the service is down: ${down.why}` },
    afterSeconds: ({ vpAfterSeconds }) => vpAfterSeconds,
    past: true,
  },
  {
    rung: "cto",
    begins: ({ sev1 }) => (sev1 === undefined ? undefined : { ...sev1, why: `SEV1: ${sev1.why}` }),
    afterSeconds: ({ ctoAfterSeconds }) => ctoAfterSeconds,
    past: true,
  },
];

/** Who is to be told now, and when somebody is next, ms; absent: nobody will be, as it stands. */
export interface Due {
  readonly now: readonly Escalation[];
  readonly nextAtMs?: number;
}

/**
 * Whom an alarm goes up to. Times are those of the journal, so a driver that comes after another one tells whom that one
 * would have told, and nobody twice. Pure.
 */
export function escalationDue(alarm: Alarm, terms: EscalationConfig, nowMs: number): Due {
  const now: Escalation[] = [];
  let nextAtMs = Number.POSITIVE_INFINITY;
  for (const row of path) {
    const begun = alarm.told.has(row.rung) ? undefined : row.begins(alarm);
    if (begun === undefined) continue;
    const afterSeconds = row.afterSeconds(terms);
    const atMs = begun.sinceMs + afterSeconds * 1000 + (row.past ? 1 : 0);
    if (nowMs < atMs) nextAtMs = Math.min(nextAtMs, atMs);
    else now.push({ rung: row.rung, sinceMs: begun.sinceMs, why: whyOf(begun.why, afterSeconds) });
  }
  return { now, ...(Number.isFinite(nextAtMs) ? { nextAtMs } : {}) };
}

function whyOf(why: string, afterSeconds: number): string {
  return afterSeconds === 0 ? why : `${why}, for ${formatDuration(afterSeconds)} and longer`;
}
