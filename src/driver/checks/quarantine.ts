import type { JournalEntry } from "../../types/journal.ts";
import type { EffectResult } from "../effect.ts";
import { journal, type Session } from "../session.ts";

/** A version that was reverted stays out until a person has written down why it may come again. */
export async function checkQuarantine(session: Session): Promise<EffectResult> {
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
