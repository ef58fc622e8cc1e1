import { acrossStacks, checkPromotions, type Promotion } from "../../analysis/promotions.ts";
import { rehearsedIn } from "../../analysis/rehearsed.ts";
import { messageOf } from "../../lib/error-message.ts";
import type { JournalEntry } from "../../types/journal.ts";
import type { EffectResult } from "../effect.ts";
import { journal, type Session } from "../session.ts";

const dayMs = 86_400_000;

/** The same image has to have been promoted elsewhere before. A hotfix is exempt, recorded; so is `promotedIn: false`. */
export async function checkPromoted(session: Session): Promise<EffectResult> {
  const { deps, plan, options } = session;
  const { promotedIn, origins } = deps.policy;
  const { stacks, withinDays } = promotedIn;
  if (stacks.length === 0) {
    const off = origins["promotedIn.stacks"] === "config";
    if (off) await journal(session, "observed", { promotions: "off", message: "switched off in config" });
    return { ok: true };
  }
  if (options.rehearsed) {
    await journal(session, "observed", {
      promotions: "rehearsed",
      asked: `promoted in ${stacks.join(" and ")}`,
    });
    return { ok: true };
  }
  const known = await promotionsOf(session, stacks);
  if (!known.ok) {
    await journal(session, "observed", { promotions: known });
    return plan.change === "hotfix"
      ? { ok: true }
      : { ok: false, kind: "NotPromoted", message: known.message };
  }
  const verdict = checkPromotions({
    rule: { stacks, withinMs: withinDays * dayMs },
    identity: acrossStacks(plan.identity.candidate ?? ""),
    promotions: known.promotions,
    now: deps.runtime.clock.now(),
    ...(plan.change === undefined ? {} : { change: plan.change }),
  });
  await journal(session, "observed", { promotions: verdict });
  if (verdict.ok) return { ok: true };
  const message = `${verdict.message}; without that: rollout.promotedIn: false, which the journal keeps`;
  return { ok: false, kind: "NotPromoted", message };
}

type Known =
  | { readonly ok: true; readonly promotions: readonly Promotion[] }
  | { readonly ok: false; readonly message: string };

/** What can't be read was never promoted. */
async function promotionsOf({ deps }: Session, stacks: readonly string[]): Promise<Known> {
  if (deps.start === undefined) return { ok: false, message: "nobody can tell what was promoted elsewhere" };
  try {
    return { ok: true, promotions: await deps.start.promotions(stacks) };
  } catch (error) {
    const where = stacks.join(" and ");
    return { ok: false, message: `the journals of ${where} can't be read: ${messageOf(error)}` };
  }
}

/** Every promotion that a stack's journal tells and that was not taken back later; rehearsals are none. Pure. */
export function promotionsIn(stack: string, entries: readonly JournalEntry[]): readonly Promotion[] {
  const rehearsed = rehearsedIn(entries);
  const ends = entries.filter(({ kind, rolloutId }) => kind === "end" && !rehearsed.has(rolloutId));
  return ends.flatMap(({ data, at }, index) => {
    const { identity, outcome } = data;
    if (outcome !== "promoted" || typeof identity !== "string") return [];
    const takenBack = ends
      .slice(index)
      .some(({ data: later }) => later["identity"] === identity && later["outcome"] === "reverted");
    return takenBack ? [] : [{ stack, identity: acrossStacks(identity), atMs: Date.parse(at) }];
  });
}
