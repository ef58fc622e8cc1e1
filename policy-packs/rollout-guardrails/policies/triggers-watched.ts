import * as z from "zod";
import { triggerKeys } from "../../../src/config/watch-of.ts";
import type { EnvironmentPolicy } from "../../../src/types/policy.ts";
import { stackRule } from "../lib/define.ts";
import { checkPolicy } from "../lib/in-stack.ts";
import { isProduction } from "../lib/production.ts";
import type { Finding } from "../lib/rule.ts";

const levels = Object.entries(triggerKeys);

/** What nobody watches never turns back. */
export const triggersWatched = stackRule({
  name: "triggers-watched",
  description:
    "In production every automatic trigger has a real source, or its config says why there is none.",
  level: "mandatory",
  parameters: z.object({
    /** Whether a written reason is enough to leave a level out. */
    reasonIsEnough: z.boolean().default(true),
  }),
  *check(seen) {
    yield* checkPolicy(seen, function* (policy) {
      if (!isProduction(policy)) return;
      yield* rehearsed(policy);
      for (const [key, name] of levels) {
        if (policy.watch.gauges[name].kind !== "none" || seen.parameters.reasonIsEnough) continue;
        yield {
          what: `rollout.watch.${key} is none, so nothing watches that trigger`,
          hint: "Name its source; docs/configuration.md has the kinds.",
        };
      }
    });
  },
});

/** The sandbox's sources answer in rehearsals alone. */
function* rehearsed({ metrics, health, lever }: EnvironmentPolicy): Iterable<Finding> {
  const parts = { metrics, health, lever };
  for (const [name, { kind }] of Object.entries(parts)) {
    if (kind !== "sandbox") continue;
    yield {
      what: `rollout.${name} is the sandbox's, which exists in rehearsals alone`,
      hint: `Write a real kind of ${name}.`,
    };
  }
}
