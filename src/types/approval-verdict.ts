/** Why an approval doesn't count. Stable: they stand in the journal and in docs/approvals.md. */
export type RefusalReason =
  | "rejected"
  | "not-a-person"
  | "unverifiable-source"
  | "malformed"
  | "bad-signature"
  | "unknown-key"
  | "shared-key"
  | "wrong-person"
  | "names-no-plan"
  | "wrong-stack"
  | "wrong-version"
  | "plan-changed"
  | "undated"
  | "from-the-future"
  | "expired"
  | "already-used"
  | "author"
  | "requester"
  | "same-person";

export interface CountedApproval {
  /** `github:dana-m`, as the source knows the person. */
  readonly by: string;
  readonly at: string;
  readonly expiresAtMs: number;
  readonly where: string;
}

export interface RefusedApproval {
  readonly by: string;
  readonly where: string;
  readonly reason: RefusalReason;
  readonly message: string;
}

export interface ApprovalVerdict {
  readonly ok: boolean;
  readonly counted: readonly CountedApproval[];
  readonly refused: readonly RefusedApproval[];
  /** One sentence: what is there and what is missing. */
  readonly message: string;
}
