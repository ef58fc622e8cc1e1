import { formatDuration } from "../lib/duration.ts";
import type { Approval, ApprovalSubject, Identity, TrustedKey } from "../types/approval.ts";
import type { ApprovalVerdict, CountedApproval, RefusedApproval } from "../types/approval-verdict.ts";
import type { ChangeKind } from "../types/change.ts";
import { type Claim, claimOf } from "./approval-claims.ts";
import { type Aliases, identityText, personResolver } from "./people.ts";

export interface ApprovalCheck extends ApprovalSubject {
  /** How many distinct people must agree. */
  readonly required: number;
  readonly approvals: readonly Approval[];
  /** Who wrote what the version brings; undefined: not known, and then nothing counts. */
  readonly authors: readonly Identity[] | undefined;
  /** Who asked for the rollout; undefined: not known, and then nothing counts. */
  readonly requesters: readonly Identity[] | undefined;
  /** ms since the epoch. */
  readonly now: number;
  /** How long an approval holds, ms: `approvalTermMs`. */
  readonly expiresAfterMs: number;
  /** Approvals up to this moment are used up: the end of the last rollout of this plan. */
  readonly usedUntilMs?: number;
  readonly trustedKeys?: readonly TrustedKey[];
  readonly aliases?: Aliases;
}

const hourMs = 3_600_000;

/** How long an approval holds: a day, and an hour for a hotfix. */
export function approvalTermMs(change: ChangeKind | undefined): number {
  return change === "hotfix" ? hourMs : 24 * hourMs;
}

/**
 * Counts the approvals that hold for this very plan on this stack: of distinct people, none of them an author or the
 * requester, dated and not expired, from a source that authenticated them. Each other one is refused with its
 * reason. A rejection of this very plan blocks, however many agree. Pure, total.
 */
export function checkApprovals(check: ApprovalCheck): ApprovalVerdict {
  const person = personResolver(check.aliases);
  const counted: CountedApproval[] = [];
  const refused: RefusedApproval[] = [];
  const seen = new Set<string>();
  for (const approval of check.approvals) {
    const judged = judge(approval, check, person);
    if (judged.ok && !seen.has(judged.person)) {
      seen.add(judged.person);
      counted.push(judged.counted);
    } else if (judged.ok) {
      const { by, where } = judged.counted;
      refused.push({ by, where, reason: "same-person", message: "this person has approved already" });
    } else refused.push(judged.refused);
  }
  const unknown =
    check.authors === undefined ? "authors" : check.requesters === undefined ? "requester" : undefined;
  const vetoed = refused.find(({ reason }) => reason === "rejected");
  const enough = counted.length >= check.required;
  const ok = enough && vetoed === undefined && (unknown === undefined || check.required === 0);
  return { ok, counted, refused, message: sentence(check, { counted, refused, vetoed, unknown }) };
}

type Judged =
  | { readonly ok: true; readonly person: string; readonly counted: CountedApproval }
  | { readonly ok: false; readonly refused: RefusedApproval };

type Objection = Pick<RefusedApproval, "reason" | "message">;

function judge(approval: Approval, check: ApprovalCheck, person: (identity: Identity) => string): Judged {
  const { where } = approval;
  const claim = claimOf(approval, { person, keys: check.trustedKeys ?? [] });
  const by = claim.by === undefined ? "somebody" : identityText(claim.by);
  if (!claim.ok) return { ok: false, refused: { by, where, reason: claim.reason, message: claim.message } };
  const objection = wrongSubject(claim.subjects, check) ?? rejection(claim) ?? wrongTime(claim.at, check);
  const refusal = objection ?? wrongPerson(person(claim.by), check, person);
  if (refusal !== undefined) return { ok: false, refused: { by, where, ...refusal } };
  const at = claim.at ?? "";
  const counted = { by, at, where, expiresAtMs: Date.parse(at) + check.expiresAfterMs };
  return { ok: true, person: person(claim.by), counted };
}

function rejection({ decision }: Claim): Objection | undefined {
  return decision === "rejected"
    ? { reason: "rejected", message: "this person rejected this plan" }
    : undefined;
}

function wrongPerson(
  who: string,
  { authors, requesters }: ApprovalCheck,
  person: (identity: Identity) => string,
): Objection | undefined {
  const isWho = (one: Identity) => person(one) === who;
  if (authors?.some(isWho))
    return { reason: "author", message: "an author of these commits can't approve them" };
  if (requesters?.some(isWho))
    return { reason: "requester", message: "who asks for a rollout can't approve it" };
  return undefined;
}

function wrongSubject(subjects: readonly ApprovalSubject[], check: ApprovalSubject): Objection | undefined {
  const ofStack = subjects.filter(({ stack }) => stack === check.stack);
  const ofVersion = ofStack.filter(({ version }) => version === check.version);
  if (ofVersion.some(({ planHash }) => planHash === check.planHash)) return undefined;
  const [other] = ofVersion;
  if (other !== undefined) {
    const message = `it is for the plan ${short(other.planHash)}, and this is ${short(check.planHash)}`;
    return { reason: "plan-changed", message };
  }
  if (ofStack[0] !== undefined) {
    return { reason: "wrong-version", message: `it is for ${ofStack[0].version}, not ${check.version}` };
  }
  if (subjects[0] !== undefined) {
    return { reason: "wrong-stack", message: `it is for the stack ${subjects[0].stack}, not ${check.stack}` };
  }
  return { reason: "names-no-plan", message: "the comment doesn't hold the approval line" };
}

/** Clocks of different machines differ by so much at most. */
const skewMs = 300_000;

function wrongTime(at: string | undefined, check: ApprovalCheck): Objection | undefined {
  const atMs = at === undefined ? Number.NaN : Date.parse(at);
  if (Number.isNaN(atMs)) return { reason: "undated", message: "nothing tells when it was given" };
  if (atMs > check.now + skewMs) return { reason: "from-the-future", message: `it is dated ${at}` };
  if (check.now >= atMs + check.expiresAfterMs) {
    const term = formatDuration(check.expiresAfterMs / 1000);
    return { reason: "expired", message: `it is of ${at}, and approvals hold for ${term}` };
  }
  if (check.usedUntilMs !== undefined && atMs <= check.usedUntilMs) {
    return { reason: "already-used", message: `it is of ${at}, before the last rollout of this plan ended` };
  }
  return undefined;
}

interface Found {
  readonly counted: readonly CountedApproval[];
  readonly refused: readonly RefusedApproval[];
  readonly vetoed: RefusedApproval | undefined;
  readonly unknown: "authors" | "requester" | undefined;
}

function sentence({ required }: ApprovalCheck, { counted, refused, vetoed, unknown }: Found): string {
  const names = counted.length === 0 ? "" : ` (${counted.map(({ by }) => by).join(", ")})`;
  const others = refused.map(({ by, reason, message }) => `${by}: ${reason}, ${message}`);
  const parts = [
    `${counted.length} of ${required} approvals count${names}`,
    ...(vetoed === undefined ? [] : [`${vetoed.by} rejected this plan`]),
    ...(unknown === undefined || required === 0
      ? []
      : [`no source tells the ${unknown}, so nobody can be ruled out`]),
    ...(others.length === 0 ? [] : [`refused: ${others.join("; ")}`]),
  ];
  return parts.join("; ");
}

function short(planHash: string): string {
  return planHash.slice(0, 16);
}
