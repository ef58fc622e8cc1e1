import { describe, expect, it } from "vitest";
import { approvalTermMs, checkApprovals } from "../../src/analysis/approvals.ts";
import type { ApprovalQuery, Approvals } from "../../src/ports/approval.ts";
import type { ApprovalSubject, TrustedKey } from "../../src/types/approval.ts";

export interface ApprovalsUnderTest {
  readonly approvals: Approvals;
  /** Lets a person approve at the suite's time, by the means of the source. */
  readonly approve: (person: string, subject: ApprovalSubject) => Promise<void>;
  /** Makes the source unreachable. */
  readonly breakIt: () => Promise<void>;
  /** What its answers must never hold. */
  readonly secrets?: readonly string[];
  /** Keys of the persons that the suite names, where the source works with keys. */
  readonly keys?: readonly TrustedKey[];
}

/** The plan that the suite approves, and another. */
export const subject: ApprovalSubject = { stack: "prod", version: "1.2.4", planHash: "4".repeat(64) };
const other: ApprovalSubject = { ...subject, planHash: "9".repeat(64) };
export const query: ApprovalQuery = { planHash: subject.planHash, version: "1.2.4", from: "1.2.3" };
/** Approvals of the suite are given then, or a little earlier. */
export const approvedAt = "2026-01-15T09:30:00Z";
const now = Date.parse("2026-01-15T10:00:00Z");

/** What every source of approvals keeps to. */
export function approvalSuite(name: string, open: () => Promise<ApprovalsUnderTest>): void {
  const check = async ({ approvals, keys }: ApprovalsUnderTest) => {
    const answer = await approvals.list(query);
    if (answer.status === "error") throw new Error(answer.message);
    const { authors = [], requesters = [] } = answer;
    return checkApprovals({
      ...subject,
      required: 2,
      approvals: answer.approvals,
      authors,
      requesters,
      now,
      expiresAfterMs: approvalTermMs(undefined),
      trustedKeys: keys ?? [],
    });
  };

  describe(`approvals: ${name}`, () => {
    it("answers with an empty list only where nobody approved", async () => {
      const { approvals } = await open();
      expect(await approvals.list(query)).toMatchObject({ status: "value", approvals: [] });
      expect(approvals.name).not.toBe("");
    });

    it("tells who approved which plan, so that two people count", async () => {
      const source = await open();
      await source.approve("dana@atp.example", subject);
      expect(await check(source)).toMatchObject({ ok: false, counted: [{}] });
      await source.approve("erin@atp.example", subject);
      const verdict = await check(source);
      expect(verdict).toMatchObject({ ok: true, refused: [] });
      expect(new Set(verdict.counted.map(({ by }) => by)).size).toBe(2);
    });

    it("carries the plan along, so that an approval of another one is told apart", async () => {
      const source = await open();
      await source.approve("dana@atp.example", other);
      expect((await check(source)).refused).toMatchObject([{ reason: "plan-changed" }]);
    });

    it("answers the same to the same question", async () => {
      const { approvals, approve } = await open();
      await approve("dana@atp.example", subject);
      expect(await approvals.list(query)).toEqual(await approvals.list(query));
    });

    it("answers with an error, never with nobody, where it can't be read or is cancelled", async () => {
      const { approvals, approve, breakIt, secrets = [] } = await open();
      await approve("dana@atp.example", subject);
      const cancelled = await approvals.list({ ...query, signal: AbortSignal.abort() });
      expect(cancelled.status).toBe("error");
      await breakIt();
      const broken = await approvals.list(query);
      expect(broken.status).toBe("error");
      for (const secret of secrets) expect(JSON.stringify([cancelled, broken])).not.toContain(secret);
    });
  });
}
