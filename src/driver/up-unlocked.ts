import { messageOf } from "../lib/error-message.ts";
import type { UpOptions, UpResult } from "../ports/engine.ts";
import { journal, type Session } from "./session.ts";

/**
 * An update; where a dead engine's lock stands in its way (one that was killed under us, by the machine or by somebody),
 * that is removed first and the update tried once more. A lock whose owner lives, or may live, stays: `locked`.
 */
export async function upUnlocked(session: Session, options: UpOptions): Promise<UpResult> {
  const { engine } = session.deps;
  const result = await engine.up(options);
  if (result.ok || result.failure.kind !== "locked") return result;
  try {
    const recovered = await engine.recover({ waitMs: 0 });
    await journal(session, "observed", { recovered });
  } catch (error) {
    // Whoever has it works: what the update said of it is told.
    await journal(session, "observed", { locked: messageOf(error) });
    return result;
  }
  if (!(await session.lease.held())) return result;
  return await engine.up(options);
}
