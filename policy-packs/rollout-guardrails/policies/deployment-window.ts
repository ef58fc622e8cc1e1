import * as z from "zod";
import { checkWindow } from "../../../src/lib/deployment-windows.ts";
import { componentTypes } from "../lib/components.ts";
import { resourceRule } from "../lib/define.ts";
import { intentOf } from "../lib/intent.ts";

/**
 * A rollout begins in an open window; one that has begun goes on. `now`: ms since the epoch, by the machine's clock.
 */
export const deploymentWindow = (now: () => number) =>
  resourceRule({
    name: "deployment-window",
    description: "No rollout begins outside the deployment windows, or in a freeze; a hotfix may.",
    level: "mandatory",
    types: [componentTypes],
    parameters: z.object({}),
    *check({ props, stack }) {
      const intent = intentOf(props);
      if (intent === undefined || intent.from !== 0 || intent.to <= 0) return;
      const found = stack.policy();
      // What else can't be judged of its config, the other rules say.
      if (!found.ok || found.policy.windows === undefined || found.policy.preset === "hotfix") return;
      const { zone, rules, freezes } = found.policy.windows;
      const change = intent.change === undefined ? {} : { change: intent.change };
      const { open, opensAtMs } = checkWindow({ zone, rules, freezes, now: now(), ...change });
      if (open) return;
      // A freeze's own words may be for few: only when it is over is told.
      const until = opensAtMs === undefined ? "" : `, until ${new Date(opensAtMs).toISOString()}`;
      yield {
        what: `a rollout would begin outside the deployment windows${until}`,
        hint: "Begin when they open; a hotfix is exempt: `rollouts run --change hotfix`.",
      };
    },
  });
