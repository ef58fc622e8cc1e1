import type { RolloutPlan } from "../types/plan.ts";
import { alertKey } from "./message-base.ts";
import type { DriverDeps } from "./session.ts";

/** How long the lead's message waits for the incident system to say that somebody has it, ms of wall time. */
const patienceMs = 5000;

/** Somebody who has it by another system. */
export interface Acknowledged {
  readonly by: string;
  /** Kind of that system. */
  readonly source: string;
}

/**
 * Who has acknowledged a rollout's incident where incidents are kept. What gives no answer in 5 s, or fails, has nobody:
 * then the lead is told. Never throws.
 */
export async function acknowledgedElsewhere(
  { incidents, runtime }: Pick<DriverDeps, "incidents" | "runtime">,
  rollout: { readonly rolloutId: string; readonly plan: RolloutPlan; readonly stack: string },
): Promise<Acknowledged | undefined> {
  if (incidents?.acknowledgedBy === undefined) return undefined;
  const { rolloutId, plan, stack } = rollout;
  const key = alertKey({ rolloutId, plan, announcement: { stack } });
  const over = new AbortController();
  const late = runtime.wall.sleep(patienceMs, over.signal).then(() => undefined);
  try {
    const by = await Promise.race([incidents.acknowledgedBy(key, over.signal), late]);
    return by === undefined ? undefined : { by, source: incidents.kind };
  } catch {
    return undefined;
  } finally {
    over.abort();
  }
}
