import { stepsOf } from "../plan/steps.ts";
import type { ChangeKind } from "../types/change.ts";
import type { DriverDeps } from "./session.ts";
import { engineOfPlan } from "./way.ts";

/** The identity that a version would have, from the program itself. A preview: nothing is written. Throws as the engine does. */
export async function identityOf(
  { engine, policy }: Pick<DriverDeps, "engine" | "policy">,
  { version, change }: { readonly version: string; readonly change?: ChangeKind },
): Promise<string> {
  const { strategy } = policy;
  const way = {
    strategy,
    steps: stepsOf(policy, { installed: true }),
    ...(change === undefined ? {} : { change }),
  };
  const { resolved } = await engineOfPlan(engine, way).preview({ target: { kind: "step", version } });
  return resolved.desired.identity;
}
