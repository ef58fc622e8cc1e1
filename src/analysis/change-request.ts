import type { ChangeKind } from "../types/change.ts";
import type { ChangeAnswer, ChangeRequest } from "../types/change-request.ts";

/** The states in which a change may be carried out, where config names no others. */
export const defaultApprovedStates: readonly string[] = ["approved"];

export interface ChangeCheck {
  /** Undefined: no change request was named. */
  readonly answer: ChangeAnswer | undefined;
  readonly service: string;
  /** Compared without case. Default: `approved`. */
  readonly approvedStates?: readonly string[];
  /** ms since the epoch. */
  readonly now: number;
  /** For a hotfix an emergency change may follow. */
  readonly change?: ChangeKind;
}

export type ChangeProblem =
  | "not-named"
  | "not-found"
  | "error"
  | "state"
  | "no-service"
  | "service"
  | "no-window"
  | "too-early"
  | "too-late";

export interface ChangeVerdict {
  readonly ok: boolean;
  readonly problem?: ChangeProblem;
  readonly message: string;
  /** Started without one: an emergency change has to follow, and the journal says so. */
  readonly follows?: true;
}

/**
 * Whether the advisory board's change covers this rollout: in an approved state, of this service, now within its
 * window (its start counts, its end no longer). What the change leaves open is a problem, never a yes. A hotfix
 * starts without, and then an emergency change has to follow. Pure, total.
 */
export function checkChange(check: ChangeCheck): ChangeVerdict {
  const found = problemOf(check);
  if (!("problem" in found)) return { ok: true, message: found.message };
  if (check.change !== "hotfix") return { ok: false, ...found };
  return {
    ok: true,
    follows: true,
    ...found,
    message: `an emergency change has to follow: ${found.message}`,
  };
}

type Finding = { readonly message: string } | { readonly problem: ChangeProblem; readonly message: string };

function problemOf({ answer, service, approvedStates, now }: ChangeCheck): Finding {
  if (answer === undefined) return { problem: "not-named", message: "no change request is named" };
  if (answer.status === "not-found")
    return { problem: "not-found", message: "there is no such change request" };
  if (answer.status === "error") return { problem: "error", message: answer.message };
  const { change } = answer;
  const states = approvedStates ?? defaultApprovedStates;
  if (!states.some((state) => same(state, change.state))) {
    const message = `${change.id} is ${change.state}, not ${states.join(" or ")}`;
    return { problem: "state", message };
  }
  if (change.service === undefined)
    return { problem: "no-service", message: `${change.id} names no service` };
  if (!same(change.service, service)) {
    return { problem: "service", message: `${change.id} is for ${change.service}, not ${service}` };
  }
  return timeProblem(change, now) ?? { message: `${change.id} is ${change.state}${riskOf(change)}` };
}

function timeProblem({ id, startMs, endMs }: ChangeRequest, now: number): Finding | undefined {
  if (startMs === undefined || endMs === undefined || !(endMs > startMs)) {
    return { problem: "no-window", message: `${id} has no planned start and end` };
  }
  if (now < startMs) return { problem: "too-early", message: `${id} starts at ${iso(startMs)}` };
  if (now >= endMs) return { problem: "too-late", message: `${id} ended at ${iso(endMs)}` };
  return undefined;
}

function riskOf({ risk }: ChangeRequest): string {
  return risk === undefined ? "" : `, risk ${risk}`;
}

function same(a: string, b: string): boolean {
  return a.trim().toLowerCase() === b.trim().toLowerCase();
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}
