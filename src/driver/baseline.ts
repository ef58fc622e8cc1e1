import type { Deployed } from "../ports/engine.ts";
import type { EffectResult } from "./effect.ts";
import { hashByUrn } from "./inputs.ts";
import { type Baseline, journal, type Session } from "./session.ts";

/** From here on the way back leads to the stack as it is now. */
export async function takeBaseline(
  session: Session,
  { record, hash, inputs }: Deployed,
  seen: Pick<Baseline, "stableReplicas" | "part">,
): Promise<EffectResult> {
  session.baseline = { ...(record ? { record } : {}), hash, byUrn: hashByUrn(inputs), ...seen };
  session.lastHash = hash;
  await journal(session, "effect", { effect: "baseline", ok: true, baseline: session.baseline });
  return { ok: true };
}
