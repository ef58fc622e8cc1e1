import type { ApprovalConfig, TrustedKey } from "./approval.ts";
import type { ChangeConfig } from "./change-request.ts";

/** Whose approvals count. Never part of a plan: sources hold tokens. */
export interface Approvers {
  /** An empty `runId` or `buildId` is the run that asks, from the CI's environment. */
  readonly sources: readonly ApprovalConfig[];
  readonly keys: readonly TrustedKey[];
  /** Names of one person, over the sources. */
  readonly people: Readonly<Record<string, readonly string[]>>;
  /** How long an approval holds, seconds. */
  readonly expiresSeconds: number;
}

/** The advisory board's system, and the states in which it lets a change be carried out. */
export type ChangeSystem = ChangeConfig & { readonly approvedStates: readonly string[] };

/** Stacks where the same image must have been promoted before, and for how many days that holds; none: empty. */
export interface PromotedIn {
  readonly stacks: readonly string[];
  readonly withinDays: number;
}
