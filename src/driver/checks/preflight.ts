import { messageOf } from "../../lib/error-message.ts";
import type { EffectResult } from "../effect.ts";
import { journal, type Session } from "../session.ts";

/** Asks the place itself what stands in the way. No answer is no leave to go on. */
export async function checkPreflight(session: Session): Promise<EffectResult> {
  const { preflight } = session.deps;
  if (preflight === undefined) return { ok: true };
  const { name } = preflight;
  try {
    const problems = await preflight.run({ version: session.plan.to });
    await journal(session, "observed", { preflight: { name, problems } });
    if (problems.length === 0) return { ok: true };
    return { ok: false, kind: "PreflightFailed", message: `${name}: ${problems.join("; ")}` };
  } catch (error) {
    const message = `${name} could not be asked: ${messageOf(error)}`;
    await journal(session, "observed", { preflight: { name, error: message } });
    return { ok: false, kind: "PreflightFailed", message };
  }
}
