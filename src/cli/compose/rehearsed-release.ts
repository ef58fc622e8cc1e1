import { isKept } from "../../decide/kept.ts";
import type { Outcome } from "../../driver/outcome.ts";
import { lastRollout } from "../../driver/resume.ts";
import type { DriverDeps } from "../../driver/session.ts";

/**
 * Lets go what a rehearsal has kept as evidence, so that the rest of its way back is rehearsed too: nobody's data were
 * broken. Undefined: nothing is kept.
 */
export async function releaseKept(
  { record, runtime }: Pick<DriverDeps, "record" | "runtime">,
  takeUp: (version: string) => Promise<Outcome>,
): Promise<Outcome | undefined> {
  const recorded = lastRollout(await record.journal.read());
  if (recorded === undefined || !isKept(recorded.state)) return undefined;
  const { rolloutId, plan } = recorded;
  const at = new Date(runtime.clock.now()).toISOString();
  const reason = "a rehearsal has no evidence to keep";
  await record.requests.submit({ kind: "release", by: "rehearsal", reason, at, rolloutId });
  return await takeUp(plan.to);
}
