import type { EffectResult } from "./effect.ts";
import { journal, type Session } from "./session.ts";

/** Checks the staged version; the journal has each check with its time, passed or not. */
export async function validateStaged(session: Session, signal: AbortSignal): Promise<EffectResult> {
  const { validation } = session.deps;
  if (validation === undefined) {
    return { ok: false, kind: "validation", message: "nothing is configured that could validate it" };
  }
  await journal(session, "intent", { effect: "validate", by: validation.name });
  const { ok, results } = await validation.run(signal);
  await journal(session, "effect", { effect: "validate", ok, results });
  if (ok) return { ok: true };
  const failed = results.filter((result) => !result.ok).map(({ name, message }) => `${name}: ${message}`);
  return { ok: false, kind: "validation", message: failed.join("; ") || "there was no check" };
}
