import { movesFlag } from "../plan/flag-steps.ts";
import type { Lever } from "../ports/lever.ts";
import type { FlagDeps } from "./flag-deps.ts";
import type { Session } from "./session.ts";

/** The flag's ports while the flag is what moves: in its phases, and on the way back from one. */
export function flagPart({ deps, plan, state }: Session): FlagDeps | undefined {
  return movesFlag(plan.steps, state.failedAt ?? state.step) ? deps.flag : undefined;
}

/** The lever of what moves now: the service's, or the flag's. */
export function leverNow(session: Session): Lever {
  return flagPart(session)?.lever ?? session.lever;
}
