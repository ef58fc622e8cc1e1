import { approvalRequest, type GatheredApprovals, gather } from "../../analysis/approval-sources.ts";
import { checkApprovals as judgeApprovals } from "../../analysis/approvals.ts";
import { budgetNotes } from "../../analysis/budget-text.ts";
import type { Approvals } from "../../ports/approval.ts";
import type { ApprovalSubject, Identity } from "../../types/approval.ts";
import type { JournalEntry } from "../../types/journal.ts";
import type { EffectResult } from "../effect.ts";
import type { SaidInEntry } from "../message-said.ts";
import { journal, type Session } from "../session.ts";

const kind = "ApprovalsMissing";

/** People who agree to this very plan, as sources tell that can be checked. Fails closed. */
export async function checkApprovals(session: Session): Promise<EffectResult> {
  const { required, expedited } = session.plan.approvals;
  if (required === 0) return { ok: true };
  const asked = `${required} approver${required === 1 ? "" : "s"}${expedited ? " (expedited)" : ""}`;
  if (session.options.rehearsed) {
    await journal(session, "observed", { approvals: "rehearsed", asked });
    return { ok: true };
  }
  const { start } = session.deps;
  if (start === undefined || start.approvals.length === 0) {
    const message = `this stack asks for ${asked}, and no source of approvals is configured: set rollout.approvals.sources (docs/approvals.md), or rollout.approvals.required: 0 to take that on yourself`;
    await journal(session, "observed", { approvals: { ok: false, message } });
    return { ok: false, kind, message };
  }
  return await askFor(session, { stack: start.stack, sources: start.approvals });
}

async function askFor(
  session: Session,
  { stack, sources }: { readonly stack: string; readonly sources: readonly Approvals[] },
): Promise<EffectResult> {
  const subject = { stack, version: session.plan.to, planHash: session.planHash };
  const gathered = await gatherAll(session, sources);
  const verdict =
    gathered.status === "error"
      ? { ok: false, message: `approvals can't be read: ${gathered.message}` }
      : await judge(session, subject, gathered);
  if (verdict.ok) {
    await journal(session, "observed", { approvals: verdict });
    return { ok: true };
  }
  await request(session, subject, verdict);
  return { ok: false, kind, message: verdict.message };
}

async function gatherAll(
  { deps, plan, planHash }: Session,
  sources: readonly Approvals[],
): Promise<GatheredApprovals> {
  const known = plan.from !== "none" && plan.from !== "unknown";
  const query = {
    planHash,
    version: plan.to,
    ...(known ? { from: plan.from } : {}),
    signal: deps.runtime.signal,
  };
  const answers = sources.map(async (source) => ({ name: source.name, answer: await source.list(query) }));
  return gather(await Promise.all(answers));
}

async function judge(
  { deps, plan, options }: Session,
  subject: ApprovalSubject,
  { approvals, authors, requesters }: Extract<GatheredApprovals, { status: "value" }>,
) {
  const { approvers } = deps.policy;
  const usedUntilMs = usedUntil(await deps.record.journal.read(), subject.planHash);
  return judgeApprovals({
    ...subject,
    required: plan.approvals.required,
    approvals,
    authors,
    requesters: withCaller(requesters, options.requesters),
    now: deps.runtime.clock.now(),
    expiresAfterMs: approvers.expiresSeconds * 1000,
    trustedKeys: approvers.keys,
    aliases: approvers.people,
    ...(usedUntilMs === undefined ? {} : { usedUntilMs }),
  });
}

/** Who calls can only be ruled out; where neither the sources nor the machine know anybody, nobody counts. */
function withCaller(
  told: readonly Identity[] | undefined,
  callers: readonly Identity[],
): readonly Identity[] | undefined {
  return told === undefined && callers.length === 0 ? undefined : [...(told ?? []), ...callers];
}

/** When the last rollout of this plan ended that did more than wait at the door. Pure. */
function usedUntil(entries: readonly JournalEntry[], planHash: string): number | undefined {
  const last = entries.findLast(
    (entry) => entry.kind === "end" && entry.planHash === planHash && entry.data["outcome"] !== "blocked",
  );
  return last === undefined ? undefined : Date.parse(last.at);
}

/** Says what is asked for: in the journal each time, on the channels once a plan. */
async function request(
  session: Session,
  subject: ApprovalSubject,
  verdict: { readonly ok: boolean; readonly message: string },
): Promise<void> {
  const { deps, plan } = session;
  const asked = approvalRequest(subject, plan.approvals, deps.policy.approvers.expiresSeconds * 1000);
  const text = [...budgetNotes(plan.budget), asked].join("\n");
  session.request = text;
  const entries = await deps.record.journal.read();
  const told = entries.some(
    ({ planHash, data }) => planHash === subject.planHash && Object(data["said"]).kind === "approval",
  );
  const title = `${plan.service} ${plan.from} → ${plan.to} on ${subject.stack} waits for approval`;
  const said: SaidInEntry = {
    phase: "hold",
    kind: "approval",
    title,
    text: `${verdict.message}\n${text}`,
  };
  await journal(session, "observed", {
    approvals: verdict,
    subject,
    request: text,
    ...(told ? {} : { said }),
  });
}
