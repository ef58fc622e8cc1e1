/** The guide's three checklists: before anything is touched, while users meet the version, once it is everybody's. */
export type ChecklistPhase = "pre" | "during" | "post";

/** Before the start: what isn't met blocks it, exit 23. */
export const preItems = [
  "change-approved",
  "revert-rehearsed",
  "on-call",
  "dashboards",
  "channel",
  "flags",
  "migrations",
  "load-test",
  "security-scan",
  "window",
] as const;

/** At each look: what isn't met holds. */
export const duringItems = [
  "error-rate-fresh",
  "exceptions-watched",
  "queue-depth",
  "health-endpoints",
  "status-told",
  "pause-offered",
] as const;

/** After the promotion: what isn't met keeps the rollout open, and the next one waits. */
export const postItems = [
  "metrics-at-baseline",
  "smoke",
  "synthetics",
  "runbook",
  "lessons",
  "candidate-gone",
] as const;

export type PreItem = (typeof preItems)[number];
export type DuringItem = (typeof duringItems)[number];
export type PostItem = (typeof postItems)[number];
export type ChecklistItem = PreItem | DuringItem | PostItem;
