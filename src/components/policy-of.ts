import { configError } from "../errors/errors.ts";
import type { Rollout } from "./rollout.ts";

/** Whose limits a component shows or watches: those of the program's rollout, or a policy of one's own. */
export interface PolicyArgs<P> {
  /** The rollout of the program; its policy is the stack's. Or `policy`. */
  readonly rollout?: Pick<Rollout, "policy">;
  /** Limits and sources, as the stack's config has them. Plain data. Or `rollout`. */
  readonly policy?: P;
}

/** Throws RolloutError `config-invalid` where both or neither are given. */
export function policyOf<P>(component: string, { rollout, policy }: PolicyArgs<P>): P | Rollout["policy"] {
  const found = policy ?? rollout?.policy;
  if (found !== undefined && (rollout === undefined || policy === undefined)) return found;
  throw configError([
    {
      path: `${component}.rollout`,
      rule: "must be given, or policy in its place, and not both",
      hint: "Give the rollout that the program gets: rolloutProgram(async (rollout) => …).",
    },
  ]);
}
