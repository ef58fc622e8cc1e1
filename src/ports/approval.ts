import type { ApprovalAnswer } from "../types/approval.ts";

export interface ApprovalQuery {
  readonly planHash: string;
  readonly version: string;
  /** Version in service, where it is known: authors are those of what lies between. */
  readonly from?: string;
  readonly signal?: AbortSignal;
}

/**
 * A source of approvals. It reads what people said and who they are, and judges nothing: approvals for other plans
 * may be among the answer. Reads only; the same question may be asked again at any time. Never throws, and never
 * answers with an empty list for an error. No token stands in a message.
 */
export interface Approvals {
  readonly name: string;
  list(query: ApprovalQuery): Promise<ApprovalAnswer>;
}
