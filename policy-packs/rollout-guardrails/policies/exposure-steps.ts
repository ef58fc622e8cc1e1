import * as z from "zod";
import { componentTypes, flagRollout } from "../lib/components.ts";
import { resourceRule } from "../lib/define.ts";
import { intentOf, wrongShare } from "../lib/intent.ts";

/** Exposure moves along the plan's increments, one at a time, or back to nothing. */
export const exposureSteps = resourceRule({
  name: "exposure-steps",
  description: "The candidate's share of the traffic grows along the plan's increments, one at a time.",
  level: "mandatory",
  types: [componentTypes],
  parameters: z.object({}),
  *check({ type, props }) {
    // A flag opens by phases, of tenants: flag-phases.
    if (type === flagRollout) return;
    const intent = intentOf(props);
    if (intent === undefined) return;
    const { from, to, increments = [] } = intent;
    const wrong = wrongShare(intent, "traffic");
    if (wrong !== undefined) {
      yield wrong;
      return;
    }
    if (to <= from) return;
    const next = increments.find((share) => share > from);
    if (next === to) return;
    yield {
      what: `exposure goes from ${from} % to ${to} %, and the next increment is ${next === undefined ? "none: there is no plan" : `${next} %`}`,
      hint:
        next === undefined
          ? "Give the rollout its increments: rollout.increments."
          : `Write: pulumi config set step ${next}.`,
    };
  },
});
