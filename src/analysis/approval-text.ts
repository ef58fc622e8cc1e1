import * as z from "zod";
import type { ApprovalSubject } from "../types/approval.ts";

/**
 * The line that binds a review's comment to what was reviewed: `approve prod 1.2.4 plan <64 hex digits>`. The
 * reviewer writes it anywhere in the comment, on a line of its own.
 */
export function approvalLine({ stack, version, planHash }: ApprovalSubject): string {
  return `approve ${stack} ${version} plan ${planHash}`;
}

/** What a comment approves. Every line counts, so that one review can stand for several stacks. Pure. */
export function subjectsIn(comment: string): readonly ApprovalSubject[] {
  return comment.split(/\r?\n/).flatMap((line) => {
    const found = /^\s*`*\s*approve\s+(\S+)\s+(\S+)\s+plan\s+([0-9a-fA-F]{64})\s*`*\s*$/.exec(line);
    const [, stack, version, planHash] = found ?? [];
    if (stack === undefined || version === undefined || planHash === undefined) return [];
    return [{ stack, version, planHash: planHash.toLowerCase() }];
  });
}

/** What a person signs. */
export interface SignedStatement extends ApprovalSubject {
  /** As the trusted keys name the signer. */
  readonly by: string;
  /** ISO 8601 in UTC. */
  readonly at: string;
}

const statementSchema = z.strictObject({
  schemaVersion: z.literal(1),
  decision: z.literal("approve"),
  stack: z.string().min(1),
  version: z.string().min(1),
  planHash: z.string().regex(/^[0-9a-f]{64}$/),
  by: z.string().min(1),
  at: z.iso.datetime(),
});

/** The text to sign, with a newline at its end. */
export function statementText({ stack, version, planHash, by, at }: SignedStatement): string {
  const statement = { schemaVersion: 1, decision: "approve", stack, version, planHash, by, at };
  return `${JSON.stringify(statement, null, 2)}\n`;
}

/** Reads a signed text: undefined where it is no statement of ours. Unknown members are refused. Never throws. */
export function parseStatement(text: string): SignedStatement | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  const parsed = statementSchema.safeParse(value);
  if (!parsed.success) return undefined;
  const { stack, version, planHash, by, at } = parsed.data;
  return { stack, version, planHash, by, at };
}
