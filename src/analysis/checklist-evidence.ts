import type { EvidenceAnswer } from "../types/evidence.ts";
import { type Found, met, unmet } from "./checklist-status.ts";
import { iso, spanText, within } from "./checklist-time.ts";

/** What an answer is judged by. */
export interface EvidenceTerms {
  /** ms since the epoch. */
  readonly now: number;
  /** How old it may be, ms; absent: it is of now. */
  readonly withinMs?: number;
  /** What to do where it is unmet. */
  readonly hint: string;
}

/** One answer. Only a value that says met, and not too long ago, is met. Pure. */
export function judgeEvidence(answer: EvidenceAnswer, { now, withinMs, hint }: EvidenceTerms): Found {
  if (answer.status !== "value") {
    const how = answer.status === "error" ? "it could not be checked" : "nothing was found";
    return unmet(`${how}: ${answer.message}`, hint);
  }
  const { message, atMs = now } = answer;
  if (!answer.met) return unmet(message, hint);
  if (withinMs !== undefined && !within(atMs, { now, spanMs: withinMs })) {
    const when = atMs > now ? "is dated in the future" : `is older than ${spanText(withinMs)}`;
    return unmet(`${message}, but that ${when} (${iso(atMs)})`, hint);
  }
  return met(message, atMs);
}

/** What one dashboard answered. */
export interface DashboardAnswer {
  readonly name: string;
  readonly answer: EvidenceAnswer;
}

/** Every dashboard answers. None at all is nothing to look at. Pure. */
export function judgeDashboards(asked: readonly DashboardAnswer[], now: number): Found {
  if (asked.length === 0) {
    const hint = "Write rollout.communication.dashboards: [{ name: Grafana, url: https://… }].";
    return unmet("no dashboard is named", hint);
  }
  const failed = asked.filter(({ answer }) => answer.status !== "value" || !answer.met);
  if (failed.length === 0) return met(`${asked.map(({ name }) => name).join(", ")}: reachable`, now);
  const why = failed.map(({ name, answer }) => `${name}: ${answer.message}`).join("; ");
  return unmet(why, "Mend the dashboard, or its URL in rollout.communication.dashboards.");
}
