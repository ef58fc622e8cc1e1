import { formatDuration } from "../lib/duration.ts";
import type { Approval, ApprovalAnswer, ApprovalSubject, Identity } from "../types/approval.ts";
import type { ApprovalDemand } from "../types/change.ts";
import { approvalLine } from "./approval-text.ts";

/** All sources together. */
export type GatheredApprovals =
  | {
      readonly status: "value";
      readonly approvals: readonly Approval[];
      readonly authors: readonly Identity[] | undefined;
      readonly requesters: readonly Identity[] | undefined;
    }
  | { readonly status: "error"; readonly message: string };

/**
 * Puts the answers of all configured sources together. One error makes an error of the whole: what that source
 * would have said, an author or a rejection, could forbid the start. Pure.
 */
export function gather(
  answers: readonly { readonly name: string; readonly answer: ApprovalAnswer }[],
): GatheredApprovals {
  const errors = answers.flatMap(({ name, answer }) =>
    answer.status === "error" ? [`${name}: ${answer.message}`] : [],
  );
  if (errors.length > 0) return { status: "error", message: errors.join("; ") };
  const values = answers.flatMap(({ answer }) => (answer.status === "value" ? [answer] : []));
  return {
    status: "value",
    approvals: values.flatMap(({ approvals }) => approvals),
    authors: union(values.map(({ authors }) => authors)),
    requesters: union(values.map(({ requesters }) => requesters)),
  };
}

/** Undefined only where no source knows any. */
function union(lists: readonly (readonly Identity[] | undefined)[]): readonly Identity[] | undefined {
  const known = lists.filter((list) => list !== undefined);
  return known.length === 0 ? undefined : known.flat();
}

/**
 * What approvers are told, the same text to all of them at one moment: nobody waits for another's answer. An
 * expedited one says that time is short.
 */
export function approvalRequest(
  subject: ApprovalSubject,
  { required, expedited }: ApprovalDemand,
  expiresAfterMs: number,
): string {
  const people = `${required} ${required === 1 ? "person" : "different people"}`;
  return [
    `${subject.version} on ${subject.stack} needs ${people} to approve its plan${expedited ? ", now and in parallel" : ""}.`,
    "Neither an author of its commits nor who asked for it can be one of them.",
    `An approval holds for ${formatDuration(expiresAfterMs / 1000)}. Write this line in the review, whole:`,
    approvalLine(subject),
  ].join("\n");
}
