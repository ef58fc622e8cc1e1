import type { JournalEntry } from "../types/journal.ts";
import type { EffectResult } from "./effect.ts";
import { journal, type Session } from "./session.ts";

/** What has to hold before anything is touched. */
export async function checkStart(session: Session): Promise<EffectResult> {
  const quarantined = await checkQuarantine(session);
  return quarantined.ok ? await checkApprovals(session) : quarantined;
}

/** A version that was reverted stays out until a person has written down why it may come again. */
async function checkQuarantine(session: Session): Promise<EffectResult> {
  const { plan, options, deps } = session;
  const identity = plan.identity.candidate;
  if (identity === undefined) return { ok: true };
  const reverted = quarantine(await deps.record.journal.read(), identity);
  if (reverted === undefined) return { ok: true };
  if (options.clearance) {
    await journal(session, "observed", { clearance: { identity, ...options.clearance } });
    return { ok: true };
  }
  return {
    ok: false,
    kind: "Quarantined",
    message: `${plan.to} was reverted at ${reverted.at} (${reverted.cause}): run it again with --cause TEXT --by NAME, which the journal keeps`,
  };
}

/** The last revert of an identity that no clearance came after. Pure. */
export function quarantine(
  entries: readonly JournalEntry[],
  identity: string,
): { readonly at: string; readonly cause: string } | undefined {
  let found: { at: string; cause: string } | undefined;
  for (const { kind, data, at } of entries) {
    if (kind === "end" && data["outcome"] === "reverted" && data["identity"] === identity) {
      found = { at, cause: String(data["message"] ?? "no cause") };
    }
    const clearance = data["clearance"];
    if (
      clearance !== null &&
      typeof clearance === "object" &&
      "identity" in clearance &&
      clearance.identity === identity
    ) {
      found = undefined;
    }
  }
  return found;
}

/** Fails closed: approvals whose source can be verified are not built yet, so a stack that asks for them waits. */
async function checkApprovals(session: Session): Promise<EffectResult> {
  const { required, cab } = session.plan.approvals;
  if (required === 0 && !cab) return { ok: true };
  const asked = `${required} approver${required === 1 ? "" : "s"}${cab ? " and the CAB's change" : ""}`;
  if (session.options.rehearsed) {
    await journal(session, "observed", { approvals: "rehearsed", asked });
    return { ok: true };
  }
  return {
    ok: false,
    kind: "ApprovalsMissing",
    message: `this stack asks for ${asked}, and sources that can be verified are not built yet: set rollout.approvals to { required: 0, cab: false } to take that on yourself`,
  };
}
